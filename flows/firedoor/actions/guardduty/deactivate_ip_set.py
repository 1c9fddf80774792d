"""Deactivate a trusted IP list of GuardDuty.

What comes from an address on an active trusted list makes no finding; an attacker puts his own on
one. The list itself stays, for evidence, and undoing activates it again.
Source: https://docs.aws.amazon.com/guardduty/latest/APIReference/API_UpdateIPSet.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.wanted import BLIND, changes_to, holding
from firedoor.errors import AwsError
from firedoor.kinds import DetectorId, Region

IP_SET = "arn:{partition}:guardduty:{region}:{account}:detector/{detector}/ipset/{ip_set}"
PERMISSIONS = (
    Permission("guardduty:GetIPSet", IP_SET),
    Permission("guardduty:UpdateIPSet", IP_SET),
)
EXAMPLE = {
    "detector": "12abc34d567e8fa901bc2d34e56789f0",
    "ip_set": "0cb0141ab9fbde177613ab9436212e90",
    "region": "eu-central-1",
}
REOPENS = BLIND
WHAT = "trusted IP list is active"
GONE = frozenset({"BadRequestException", "ResourceNotFoundException"})
ON = ("ACTIVE", "ACTIVATING")


class Input(Given, frozen=True, kw_only=True):
    """The detector, the list's id and the Region."""

    detector: DetectorId
    ip_set: str
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> State:
    """Whether the list is active; no part when it is not there."""
    region = given.region or aws.region
    try:
        found = aws.call(
            "guardduty",
            "get_ip_set",
            region=region,
            DetectorId=given.detector,
            IpSetId=given.ip_set,
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        return State(parts={})
    return State(parts={_resource(case, given, region): found.get("Status") in ON})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Active → inactive."""
    return changes_to(before.parts, dict.fromkeys(before.parts, False), WHAT)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Deactivate or activate it; one that is gone is trusted by nobody."""
    try:
        aws.call(
            "guardduty",
            "update_ip_set",
            region=change.resource.split(":")[3],
            DetectorId=given.detector,
            IpSetId=given.ip_set,
            Activate=bool(change.to),
        )
    except AwsError as error:
        if error.code not in GONE or change.to:
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is not active."""
    parts = observe(aws, given, case).parts
    if not parts:
        return [Check(what=f"list {given.ip_set} is not trusted", holds=True, seen="it is gone")]
    return holding(parts, dict.fromkeys(parts, False), "not trusted")


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    detector, _, ip_set = change.resource.partition("#ipset/")
    flag = "--activate" if change.to else "--no-activate"
    words = ["guardduty", "update-ip-set", "--detector-id", detector.rpartition("/")[2]]
    where = change.resource.split(":")[3]
    return [[*words, "--ip-set-id", ip_set, flag, "--region", where]]


def _resource(case: Case, given: Input, region: str) -> str:
    detector = f"arn:{case.partition}:guardduty:{region}:{case.account}:detector/{given.detector}"
    return f"{detector}#ipset/{given.ip_set}"
