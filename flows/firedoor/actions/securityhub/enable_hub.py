"""Enable AWS Security Hub in a Region.

Disabling it lost its findings after 90 days and its settings at once; which standards were on is
not known to it any more, so none is switched on here: their owner does that. Undoing disables it.
Source: https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_EnableSecurityHub.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.wanted import BLIND, changes_to, holding
from firedoor.errors import AwsError
from firedoor.kinds import Region

HUB = "arn:{partition}:securityhub:{region}:{account}:hub/default"
PERMISSIONS = (
    Permission("securityhub:DescribeHub", HUB),
    Permission("securityhub:EnableSecurityHub", HUB),
    Permission("securityhub:DisableSecurityHub", HUB, "undo"),
)
EXAMPLE = {"region": "eu-central-1"}
REOPENS = BLIND
WHAT = "Security Hub is on"
OFF = frozenset({"InvalidAccessException", "ResourceNotFoundException"})
ON_ALREADY = frozenset({"ResourceConflictException"})


class Input(Given, frozen=True, kw_only=True):
    """The Region."""

    region: Region


def observe(aws: Aws, given: Input, case: Case) -> State:
    """On, or no part."""
    try:
        aws.call("securityhub", "describe_hub", region=given.region)
    except AwsError as error:
        if error.code not in OFF:
            raise
        return State(parts={})
    return State(parts={_resource(case, given): True})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Off → on."""
    return changes_to(before.parts, {_resource(case, given): True}, WHAT)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Enable or disable it; what is so already is done."""
    try:
        if change.to:
            aws.call(
                "securityhub",
                "enable_security_hub",
                region=given.region,
                EnableDefaultStandards=False,
            )
        else:
            aws.call("securityhub", "disable_security_hub", region=given.region)
    except AwsError as error:
        if error.code not in (ON_ALREADY if change.to else OFF):
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is on."""
    return holding(observe(aws, given, case).parts, {_resource(case, given): True}, WHAT)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    where = ["--region", change.resource.split(":")[3]]
    if change.to:
        return [["securityhub", "enable-security-hub", "--no-enable-default-standards", *where]]
    return [["securityhub", "disable-security-hub", *where]]


def _resource(case: Case, given: Input) -> str:
    return f"arn:{case.partition}:securityhub:{given.region}:{case.account}:hub/default"
