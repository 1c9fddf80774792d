"""The account's own block, and the access points that lead to a bucket: whom they let in."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from firedoor.actions.contract import Aws, Case
from firedoor.actions.s3._policy import is_public, outsiders, statements
from firedoor.errors import AwsError

MULTI_REGION = "us-west-2"
"""Where the requests about Multi-Region access points go, whatever Regions they lead to."""
NO_POLICY = frozenset({"NoSuchAccessPointPolicy", "NoSuchMultiRegionAccessPointPolicy"})


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One access point. `open`: its policy is public, or lets in another account."""

    name: str
    open: bool
    policy: dict[str, Any] | None
    about: dict[str, Any]


def account_block(aws: Aws, case: Case) -> dict[str, Any]:
    """The account's own public access block; {} when it was never set."""
    try:
        answer = aws.call("s3control", "get_public_access_block", AccountId=case.account)
    except AwsError as error:
        if error.code != "NoSuchPublicAccessBlockConfiguration":
            raise
        return {}
    return dict(answer["PublicAccessBlockConfiguration"])


def access_points(aws: Aws, case: Case, bucket: str, region: str) -> list[Point]:
    """Those of a bucket, which are in its Region; S3 lists them by bucket."""
    found = []
    named = {"AccountId": case.account}
    for each in aws.pages(
        "s3control", "list_access_points", "AccessPointList", region=region, **named, Bucket=bucket
    ):
        name = {**named, "Name": each["Name"]}
        about = aws.call("s3control", "get_access_point", region=region, **name)
        policy = _policy(aws, "get_access_point_policy", region, name)
        status: dict[str, Any] = {}
        if policy:
            status = aws.call("s3control", "get_access_point_policy_status", region=region, **name)
        found.append(_point(case, each["Name"], policy, {**about, **status}))
    return found


def multi_region_points(aws: Aws, case: Case, bucket: str) -> list[Point]:
    """The Multi-Region ones that a bucket is one of. They are listed for the account, which may
    have a hundred of them: S3 cannot list them by bucket."""
    found = []
    for each in aws.pages(
        "s3control",
        "list_multi_region_access_points",
        "AccessPoints",
        region=MULTI_REGION,
        AccountId=case.account,
    ):
        if bucket not in {region.get("Bucket") for region in each.get("Regions") or []}:
            continue
        name = {"AccountId": case.account, "Name": each["Name"]}
        policy = multi_region_policy(aws, case, each["Name"])
        status: dict[str, Any] = {}
        if policy:
            status = aws.call(
                "s3control",
                "get_multi_region_access_point_policy_status",
                region=MULTI_REGION,
                **name,
            )
        found.append(_point(case, each["Name"], policy, {**each, **status}))
    return found


def multi_region_policy(aws: Aws, case: Case, name: str) -> dict[str, Any] | None:
    """The policy of a Multi-Region access point; the one that is being put, where there is one."""
    named = {"AccountId": case.account, "Name": name}
    try:
        answer = aws.call(
            "s3control", "get_multi_region_access_point_policy", region=MULTI_REGION, **named
        )
    except AwsError as error:
        if error.code not in NO_POLICY:
            raise
        return None
    both = answer.get("Policy") or {}
    for which in ("Proposed", "Established"):
        text = (both.get(which) or {}).get("Policy")
        if text:
            return dict(json.loads(text))
    return None


def _policy(aws: Aws, operation: str, region: str, named: dict[str, str]) -> dict[str, Any] | None:
    try:
        text = aws.call("s3control", operation, region=region, **named).get("Policy")
    except AwsError as error:
        if error.code not in NO_POLICY:
            raise
        return None
    return dict(json.loads(text)) if text else None


def _point(case: Case, name: str, policy: dict[str, Any] | None, about: dict[str, Any]) -> Point:
    public = bool((about.get("PolicyStatus") or about.get("Established") or {}).get("IsPublic"))
    let_in = any(
        is_public(each) or outsiders(each, case.account) for each in statements(policy or {})
    )
    return Point(name=name, open=public or let_in, policy=policy, about=about)
