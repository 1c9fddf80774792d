"""What S3 does with buckets that moto does not: owners, ACLs that are off or ignored, SSE-C.

Source: S3 User Guide, "Verifying bucket ownership", "Controlling ownership of objects", "Blocking
public access", "Blocking or unblocking SSE-C".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.s3.models import OWNER

from firedoor.simulator import accounts, public
from firedoor.simulator.credentials import Caller
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None
_ENFORCED = "BucketOwnerEnforced"
_KEY_OF_HIS_OWN = "SSECustomerAlgorithm"
_PUBLIC = "http://acs.amazonaws.com/groups/global/"


def check(call: Call) -> None:
    """ApiError if S3 would refuse a call that moto carries out."""
    if call.service != "s3":
        return
    bucket = accounts.bucket(str(call.params.get("Bucket") or ""))
    if bucket is None:
        return
    for name in ("ExpectedBucketOwner", "ExpectedSourceBucketOwner"):
        expected = call.params.get(name)
        if expected and expected != bucket.account_id:
            raise ApiError("AccessDenied", "Access Denied", 403)
    found = _CHECKS.get(call.operation)
    if found:
        found(call, bucket)


def _put_acl(call: Call, bucket: Any) -> None:
    policy = call.params.get("AccessControlPolicy") or {}
    others = [
        grant
        for grant in policy.get("Grants") or []
        if (grant.get("Grantee") or {}).get("ID") != (policy.get("Owner") or {}).get("ID")
    ]
    canned = str(call.params.get("ACL") or "private")
    if _is_enforced(bucket) and (others or canned not in ("private", "bucket-owner-full-control")):
        raise ApiError("AccessControlListNotSupported", "The bucket does not allow ACLs", 400)


def _put_ownership(call: Call, bucket: Any) -> None:
    rules = (call.params.get("OwnershipControls") or {}).get("Rules") or [{}]
    grants = [
        grantee
        for grant in (bucket.acl.grants if bucket.acl else [])
        for grantee in grant.grantees
        if grantee.uri or grantee.id != OWNER
    ]
    if rules[0].get("ObjectOwnership") == _ENFORCED and grants:
        raise ApiError(
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
            400,
        )


def _write(call: Call, bucket: Any) -> None:
    if call.params.get(_KEY_OF_HIS_OWN) and _blocks_sse_c(bucket):
        raise ApiError(
            "AccessDenied",
            "Access Denied: the bucket blocks server-side encryption with customer-provided keys",
            403,
        )


_CHECKS: Mapping[str, Callable[[Call, Any], None]] = {
    "PutBucketAcl": _put_acl,
    "PutBucketOwnershipControls": _put_ownership,
    "PutObject": _write,
    "CopyObject": _write,
    "CreateMultipartUpload": _write,
}


def _is_enforced(bucket: Any) -> bool:
    return _ENFORCED in json.dumps(bucket.ownership_rule or {})


def get_acl(state: State, call: Call, caller: Caller) -> Result:
    """GetBucketAcl: what is in effect. Public grants that are ignored do not show."""
    bucket = _bucket(call)
    hidden = public.blocks(bucket, "ignore_public_acls")
    grants = []
    for grant in [] if _is_enforced(bucket) or not bucket.acl else bucket.acl.grants:
        for grantee in grant.grantees:
            if hidden and str(grantee.uri).startswith(_PUBLIC):
                continue
            who = (
                {"Type": "Group", "URI": grantee.uri}
                if grantee.uri
                else {"Type": "CanonicalUser", "ID": grantee.id}
            )
            grants += [{"Grantee": who, "Permission": each} for each in grant.permissions]
    owner = {"ID": OWNER}
    own = {"Grantee": {"Type": "CanonicalUser", **owner}, "Permission": "FULL_CONTROL"}
    return {"Owner": owner, "Grants": grants or [own]}


def get_encryption(state: State, call: Call, caller: Caller) -> Result:
    """GetBucketEncryption, with what is blocked."""
    rules = encryption(_bucket(call))
    if not rules:
        raise ApiError(
            "ServerSideEncryptionConfigurationNotFoundError",
            "The server side encryption configuration was not found",
            404,
        )
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def put_encryption(state: State, call: Call, caller: Caller) -> Result:
    """PutBucketEncryption: the whole configuration is replaced."""
    _bucket(call).encryption_rules = call.params["ServerSideEncryptionConfiguration"]["Rules"]
    return {}


def delete_encryption(state: State, call: Call, caller: Caller) -> Result:
    """DeleteBucketEncryption."""
    _bucket(call).encryption_rules = []
    return {}


def encryption(bucket: Any) -> list[dict[str, Any]]:
    """The encryption rules of a bucket; moto keeps one without what it blocks."""
    found: list[dict[str, Any]] = getattr(bucket, "encryption_rules", [])
    return found


def _blocks_sse_c(bucket: Any) -> bool:
    return any(
        "SSE-C" in ((rule.get("BlockedEncryptionTypes") or {}).get("EncryptionType") or [])
        for rule in encryption(bucket)
    )


def _bucket(call: Call) -> Any:
    found = accounts.bucket(str(call.params["Bucket"]))
    if found is None:
        raise ApiError("NoSuchBucket", "The specified bucket does not exist", 404)
    return found


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "s3:GetBucketAcl": get_acl,
    "s3:GetBucketEncryption": get_encryption,
    "s3:PutBucketEncryption": put_encryption,
    "s3:DeleteBucketEncryption": delete_encryption,
}
