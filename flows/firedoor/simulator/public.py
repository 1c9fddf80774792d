"""Public access to buckets: what makes a policy or an ACL public, and what blocks it.

Source: S3 User Guide, "Blocking public access to your Amazon S3 storage". Only the bucket's own
settings are known here, not the account's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from firedoor.simulator import accounts
from firedoor.simulator.wire import ApiError, Call

Document = dict[str, Any]
_EVERYBODY = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)
# A condition on one of these keys keeps a policy for everybody from being public.
_RESTRICTING = frozenset(
    {"aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceaccount"}
    | {"aws:principalorgid", "aws:principalaccount", "aws:principalarn", "aws:userid"}
    | {"aws:sourceorgid", "s3:dataaccesspointarn", "s3:dataaccesspointaccount"}
)


def is_public(document: Mapping[str, Any]) -> bool:
    """Whether a bucket policy allows something to everybody."""
    return any(_is_public(statement) for statement in _statements(document))


def _is_public(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    if isinstance(principal, Mapping):
        principal = principal.get("AWS")
    names = [principal] if isinstance(principal, str) else list(principal or [])
    keys = {
        key.lower()
        for condition in (statement.get("Condition") or {}).values()
        for key in condition
    }
    return statement.get("Effect") == "Allow" and "*" in names and not keys & _RESTRICTING


def _statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = document.get("Statement") or []
    return [found] if isinstance(found, Mapping) else list(found)


def effective_policies(bucket: Any, account: str) -> tuple[Document, ...]:
    """The bucket's policy as it counts for a caller of `account` ("" for an anonymous one).

    Under RestrictPublicBuckets a public policy allows nothing outside the bucket's account.
    """
    policies = accounts.bucket_policies(bucket)
    block = bucket.public_access_block
    if account == bucket.account_id or not block or not block.restrict_public_buckets:
        return policies
    return tuple(
        {**one, "Statement": [s for s in _statements(one) if s.get("Effect") == "Deny"]}
        if is_public(one)
        else one
        for one in policies
    )


def acl_allows(bucket: Any, action: str, key: str) -> bool:
    """Whether an ACL lets everybody list the bucket, read the object, or write into the bucket."""
    block = bucket.public_access_block
    if (block and block.ignore_public_acls) or _without_acls(bucket):
        return False
    if action == "s3:GetObject":
        found = bucket.keys.get(key)
        return found is not None and _grants(found.acl, "READ")
    if action == "s3:ListBucket":
        return _grants(bucket.acl, "READ")
    return action == "s3:PutObject" and _grants(bucket.acl, "WRITE")


def _without_acls(bucket: Any) -> bool:
    return "BucketOwnerEnforced" in json.dumps(bucket.ownership_rule or {})


def _grants(acl: Any, permission: str) -> bool:
    return any(
        grantee.uri in _EVERYBODY and {permission, "FULL_CONTROL"} & set(grant.permissions)
        for grant in (acl.grants if acl else [])
        for grantee in grant.grantees
    )


def check(call: Call) -> None:
    """ApiError if a public policy or ACL is to be put where Block Public Access forbids it."""
    bucket = accounts.bucket(str(call.params.get("Bucket") or ""))
    block = bucket.public_access_block if bucket else None
    if call.service != "s3" or not block:
        return
    policy = call.params.get("Policy")
    if call.operation == "PutBucketPolicy" and block.block_public_policy and policy:
        if is_public(accounts.document(policy)):
            raise _blocked("public policies", "BlockPublicPolicy")
    elif block.block_public_acls and _gives_publicly(call.params):
        raise _blocked("public access control lists (ACLs)", "BlockPublicAcls")


def _gives_publicly(params: Mapping[str, Any]) -> bool:
    canned = str(params.get("ACL") or "")
    policy = params.get("AccessControlPolicy") or {}
    grants: Iterable[Mapping[str, Any]] = policy.get("Grants") or []
    headers = [str(value) for name, value in params.items() if name.startswith("Grant")]
    return (
        canned.startswith(("public-", "authenticated-read"))
        or any((grant.get("Grantee") or {}).get("URI") in _EVERYBODY for grant in grants)
        or any(group in value for value in headers for group in _EVERYBODY)
    )


def _blocked(what: str, setting: str) -> ApiError:
    return ApiError(
        "AccessDenied",
        f"Access Denied because {what} are blocked by the {setting} block public access setting.",
        403,
    )
