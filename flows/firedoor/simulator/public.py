"""Public access to buckets: what makes a policy or an ACL public, and what blocks it.

Each of the four switches counts when it is on at the bucket or at its account. Source: S3 User
Guide, "Blocking public access to your Amazon S3 storage", "Access control list (ACL) overview".
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from firedoor.simulator import accounts
from firedoor.simulator.wire import ApiError, Call

Document = dict[str, Any]
_ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
_ANY_AWS_USER = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
_EVERYBODY = (_ALL_USERS, _ANY_AWS_USER)
# What a permission of an ACL allows: on a bucket, and on an object.
_BY_BUCKET_ACL = {
    "READ": ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"),
    "WRITE": ("s3:PutObject", "s3:DeleteObject"),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
}
_BY_OBJECT_ACL = {
    "READ": ("s3:GetObject", "s3:GetObjectVersion"),
    "READ_ACP": ("s3:GetObjectAcl",),
    "WRITE_ACP": ("s3:PutObjectAcl",),
}
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
    if account == bucket.account_id or not blocks(bucket, "restrict_public_buckets"):
        return policies
    return tuple(
        {**one, "Statement": [s for s in _statements(one) if s.get("Effect") == "Deny"]}
        if is_public(one)
        else one
        for one in policies
    )


def blocks(bucket: Any, switch: str) -> bool:
    """Whether a switch (`ignore_public_acls`) is on for a bucket: its own, or its account's."""
    levels = (bucket.public_access_block, _of_account(str(bucket.account_id)))
    return any(bool(level and getattr(level, switch)) for level in levels)


def _of_account(account: str) -> Any | None:
    """The account's own Block Public Access, as moto keeps it for S3 Control."""
    control = sys.modules.get("moto.s3control.models")
    if control is None:  # nobody has called S3 Control yet
        return None
    return control.s3control_backends[account]["aws"].public_access_block


def acl_allows(bucket: Any, action: str, key: str, *, anonymous: bool) -> bool:
    """Whether an ACL for everybody, or for every AWS user, allows an action on the bucket, or on
    the object that `key` names."""
    if blocks(bucket, "ignore_public_acls") or _without_acls(bucket):
        return False
    groups = (_ALL_USERS,) if anonymous else _EVERYBODY
    if any(
        action in actions and _grants(bucket.acl, permission, groups)
        for permission, actions in _BY_BUCKET_ACL.items()
    ):
        return True
    found = bucket.keys.get(key) if key else None
    return found is not None and any(
        action in actions and _grants(found.acl, permission, groups)
        for permission, actions in _BY_OBJECT_ACL.items()
    )


def _without_acls(bucket: Any) -> bool:
    return "BucketOwnerEnforced" in json.dumps(bucket.ownership_rule or {})


def _grants(acl: Any, permission: str, groups: tuple[str, ...]) -> bool:
    return any(
        grantee.uri in groups and {permission, "FULL_CONTROL"} & set(grant.permissions)
        for grant in (acl.grants if acl else [])
        for grantee in grant.grantees
    )


def check(call: Call, account: str) -> None:
    """ApiError if a public policy or ACL is to be put where Block Public Access forbids it."""
    if call.service != "s3":
        return
    bucket = accounts.bucket(str(call.params.get("Bucket") or ""))
    if bucket is None:
        # It is being made: only the account's setting is there yet.
        own = _of_account(account)
        if own and own.block_public_acls and _gives_publicly(call.params):
            raise _blocked("public access control lists (ACLs)", "BlockPublicAcls")
        return
    policy = call.params.get("Policy")
    if call.operation == "PutBucketPolicy" and blocks(bucket, "block_public_policy") and policy:
        if is_public(accounts.document(policy)):
            raise _blocked("public policies", "BlockPublicPolicy")
    elif blocks(bucket, "block_public_acls") and _gives_publicly(call.params):
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
