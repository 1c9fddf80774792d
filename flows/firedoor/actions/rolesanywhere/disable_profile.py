"""Disable a profile of IAM Roles Anywhere: no role is assumed by it any more.

A profile says which roles a certificate may assume, whichever trust anchor believes it. Sessions
that were made before live on, up to 12 hours: cut the sessions of the roles as well. Everything
that signs in by it stops; what it was is put back by enabling it.
Source: https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_DisableProfile.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.rolesanywhere import _switch
from firedoor.kinds import Region, RolesAnywhereProfileId

ARN = "arn:{partition}:rolesanywhere:{region}:{account}:profile/{profile}"
PERMISSIONS = (
    Permission("rolesanywhere:GetProfile", ARN),
    Permission("rolesanywhere:DisableProfile", ARN),
    Permission("rolesanywhere:EnableProfile", ARN, "undo"),
)
EXAMPLE = {"profile": "00000000-1111-4222-8333-444455556666", "region": "eu-central-1"}
REOPENS = _switch.REOPENS


class Input(Given, frozen=True, kw_only=True):
    """Which, and in which Region; without one the Region in use."""

    profile: RolesAnywhereProfileId
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> State:
    """Whether it is on."""
    return _switch.observe(aws, case, "profile", given.profile, given.region)


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Off."""
    return _switch.changes(before)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Switch it off, or on again."""
    _switch.apply(aws, change)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is off."""
    return _switch.verify(aws, case, "profile", given.profile, given.region)


commands = _switch.commands
