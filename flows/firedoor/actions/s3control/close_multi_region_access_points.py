"""Shut Multi-Region access points: their policy is replaced by one that denies everything.

A Multi-Region access point cannot be without a policy once it has one, and what blocks public
access there can never be changed. So the policy that lets somebody in is replaced, and undo puts it
back word for word. S3 carries it out by itself and may take minutes: until then verify() says that
it does not hold yet.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiRegionAccessPointPermissions.html
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import msgspec

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.s3control._points import MULTI_REGION, multi_region_policy
from firedoor.errors import AwsError
from firedoor.kinds import AccessPointName, BucketName

POINT = "arn:{partition}:s3::{account}:accesspoint/*"
PERMISSIONS = (
    Permission("s3:GetMultiRegionAccessPoint", POINT, "its alias, which its ARN is made of"),
    Permission("s3:GetMultiRegionAccessPointPolicy", POINT),
    Permission("s3:PutMultiRegionAccessPointPolicy", POINT),
)
EXAMPLE = {"bucket": "example-bucket", "names": ["reports-everywhere"]}
REOPENS = Reopens("whom the access point's policy lets in would be in again")
DESTROYS = ("s3.multi_region_access_points",)
ABSENT = "NoSuchMultiRegionAccessPoint"


class Input(Given, frozen=True, kw_only=True):
    """The Multi-Region access points, and the bucket that they lead to."""

    bucket: BucketName
    names: list[AccessPointName]


class Found(State, frozen=True, kw_only=True):
    """The policies; `arns`: that of each, by its name."""

    arns: dict[str, str] = msgspec.field(default_factory=dict)


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The policy of each, if it has one."""
    parts: dict[str, Any] = {}
    arns: dict[str, str] = {}
    for name in given.names:
        try:
            about = aws.call(
                "s3control",
                "get_multi_region_access_point",
                region=MULTI_REGION,
                AccountId=case.account,
                Name=name,
            )["AccessPoint"]
            policy = multi_region_policy(aws, case, name)
        except AwsError as error:
            if error.code != ABSENT:
                raise
            continue
        arns[name] = f"arn:{case.partition}:s3::{case.account}:accesspoint/{about['Alias']}"
        if policy:
            parts[_resource(case, name)] = policy
    return Found(parts=parts, arns=arns)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Each policy is replaced."""
    return [
        Change(resource=name, what="policy of the access point", from_=policy, to=shut)
        for name, policy in before.parts.items()
        if policy != (shut := _shut(case, before.arns[_name(name)]))
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Put the policy. The token is made of it, so that the same request twice is one."""
    text = json.dumps(change.to, separators=(",", ":"), sort_keys=True)
    name = _name(change.resource)
    token = sha256(f"{case.incident} {name} {text}".encode()).hexdigest()[:40]
    aws.call(
        "s3control",
        "put_multi_region_access_point_policy",
        region=MULTI_REGION,
        AccountId=case.account,
        ClientToken=token,
        Details={"Name": name, "Policy": text},
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Each one's policy denies everything, or it has none."""
    state = observe(aws, given, case)
    checks = []
    for name in given.names:
        found = state.parts.get(_resource(case, name))
        holds = found is None or found == _shut(case, state.arns[name])
        checks.append(
            Check(
                what=f"Multi-Region access point {name} of {given.bucket} lets nobody in",
                holds=holds,
                seen="its policy denies everything"
                if found and holds
                else "its policy is not ours"
                if found
                else "it has no policy",
            )
        )
    return checks


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    account = change.resource.split(":")[4]
    told = json.dumps(
        {"Name": _name(change.resource), "Policy": json.dumps(change.to, separators=(",", ":"))}
    )
    words = ["s3control", "put-multi-region-access-point-policy", "--region", MULTI_REGION]
    return [[*words, "--account-id", account, "--details", told]]


def _shut(case: Case, arn: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "FiredoorShut",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/object/*"],
            }
        ],
    }


def _resource(case: Case, name: str) -> str:
    return f"arn:{case.partition}:s3::{case.account}:accesspoint/{name}#policy"


def _name(resource: str) -> str:
    return resource.split("#", 1)[0].rpartition("/")[2]
