"""Revoke one grant on a KMS key.

A grant lets its grantee use the key whatever the policies say, until it is revoked; an attacker
makes one to keep access after the key policy is put right. Services such as EBS and RDS use grants
too, and what they encrypt stops working when theirs is revoked: only ones that somebody made by
hand. What the grant said is kept in the journal; one made again gets another id and token. The
revocation takes effect within five minutes.
Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_RevokeGrant.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.kms._key import KEY, arn_of, describe, region_in, region_of
from firedoor.errors import AwsError, Refused
from firedoor.kinds import KmsGrant, KmsKey, Region

PERMISSIONS = (
    Permission("kms:DescribeKey", KEY),
    Permission("kms:ListGrants", KEY, "what the grant says, before it is gone"),
    Permission("kms:RevokeGrant", KEY),
)
EXAMPLE = {
    "key": "1234abcd-12ab-34cd-56ef-1234567890ab",
    "grant": "0c237476b39f8bc44e45212e08498fbe3151305030726c0590dd8d3e9f3d6a60",
}
IRREVERSIBLE = "a grant that is made again has another id and another token"
DESTROYS = ("kms.grant",)


class Input(Given, frozen=True, kw_only=True):
    """The key, and the id of the grant."""

    key: KmsKey
    grant: KmsGrant
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> State:
    """What the grant says; nothing when it is not there."""
    region = region_of(aws, given.key, given.region)
    arn = describe(aws, given.key, region)["Arn"]
    try:
        found = list(
            aws.pages("kms", "list_grants", "Grants", region=region, KeyId=arn, GrantId=given.grant)
        )
    except AwsError as error:
        if error.code not in ("NotFoundException", "InvalidGrantIdException"):
            raise
        found = []
    return State(
        parts={
            f"{arn}#grant/{each['GrantId']}": _plain(each)
            for each in found
            if each["GrantId"] == given.grant
        }
    )


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """There → revoked."""
    return [
        Change(resource=resource, what="grant", from_=grant, to=None, lost=IRREVERSIBLE)
        for resource, grant in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Revoke it; one that is gone is done."""
    if change.to is not None:
        raise Refused(f"a revoked grant cannot be brought back: {IRREVERSIBLE}")
    arn, region = arn_of(change.resource), region_in(change.resource)
    try:
        aws.call("kms", "revoke_grant", region=region, KeyId=arn, GrantId=given.grant)
    except AwsError as error:
        if error.code not in ("NotFoundException", "InvalidGrantIdException"):
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is not listed any more."""
    there = observe(aws, given, case).parts
    seen = "it is listed" if there else "it is not listed"
    return [Check(what=f"grant {given.grant[:8]}… is revoked", holds=not there, seen=seen)]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    if change.to is not None:
        return []
    grant = change.resource.rpartition("/")[2]
    words = ["kms", "revoke-grant", "--key-id", arn_of(change.resource), "--grant-id", grant]
    return [[*words, "--region", region_in(change.resource)]]


def _plain(grant: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(grant)
    return found
