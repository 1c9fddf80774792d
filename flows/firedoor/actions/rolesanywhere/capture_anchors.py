"""Keep the trust anchors and profiles of IAM Roles Anywhere, and see what is new among them.

Named ones, or, where none is named, those made or changed within `lookback`, are what is suspected.
Any enabled anchor lets its certificates use any profile, unless the roles' trust policies say
otherwise, so that the roles of all profiles are told: sessions that were made by certificates live
on when anchor and profile are disabled. An account has few of these (50 anchors, 250 profiles in a
Region): all are listed.
Source: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/introduction.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import (
    Duration,
    IamRoleName,
    Region,
    RolesAnywhereProfileId,
    TrustAnchorId,
    parse_duration,
)

PERMISSIONS = (
    Permission("rolesanywhere:ListTrustAnchors"),
    Permission("rolesanywhere:ListProfiles"),
)
EXAMPLE = {"lookback": "7d", "region": "eu-central-1"}
KEEPS = ("rolesanywhere.trust_anchors", "rolesanywhere.profiles")


class Input(Given, frozen=True, kw_only=True):
    """The trust anchor that is suspected, if one is; how far back new ones are."""

    trust_anchor: TrustAnchorId | None = None
    lookback: Duration = "7d"
    region: Region | None = None


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """A trust anchor that is on and suspected."""

    id: TrustAnchorId
    name: str


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A profile that is on and suspected."""

    id: RolesAnywhereProfileId
    name: str


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A role of this account that a profile lets certificates assume."""

    name: IamRoleName


class Output(contract.Output, frozen=True, kw_only=True):
    """What is suspected, and the roles that could have been assumed."""

    trust_anchors: list[Anchor]
    profiles: list[Profile]
    roles: list[Role]
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]
    not_kept: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """All anchors and profiles of the Region."""
    unknown: list[str] = []
    anchors = _all(aws, "list_trust_anchors", "trustAnchors", given.region, unknown)
    profiles = _all(aws, "list_profiles", "profiles", given.region, unknown)
    since = case.now - parse_duration(given.lookback)

    def new(found: list[dict[str, Any]], key: str, named: str | None) -> list[tuple[str, str]]:
        return [
            (each[key], str(each.get("name") or ""))
            for each in found
            if each.get("enabled") and (each[key] == named if named else each["updatedAt"] >= since)
        ]

    own = f":iam::{case.account}:role/"
    arns = {arn for each in profiles or () for arn in each.get("roleArns", ()) if own in arn}
    missing = [
        name for name, found in zip(KEEPS, (anchors, profiles), strict=True) if found is None
    ]
    return Output(
        trust_anchors=[
            Anchor(id=number, name=name)
            for number, name in new(anchors or [], "trustAnchorId", given.trust_anchor)
        ],
        profiles=[
            Profile(id=number, name=name) for number, name in new(profiles or [], "profileId", None)
        ],
        roles=[Role(name=arn.rsplit("/", 1)[-1]) for arn in sorted(arns)],
        keep=(
            Artefact(
                name="rolesanywhere",
                content={"trust_anchors": anchors, "profiles": profiles},
                about="IAM Roles Anywhere: trust anchors and profiles",
            ),
        ),
        unknown=tuple(unknown),
        not_kept=tuple(missing),
    )


def _all(
    aws: Aws, operation: str, key: str, region: str | None, unknown: list[str]
) -> list[dict[str, Any]] | None:
    try:
        return list(aws.pages("rolesanywhere", operation, key, region=region))
    except NoCredentials:
        raise
    except AwsError as error:
        unknown.append(f"Roles Anywhere's {key}: {error.message}")
        return None
