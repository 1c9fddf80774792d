"""Have GuardDuty watch a Region again: enable its detector, or make one where it was deleted.

A suspended detector kept its findings and its settings. A deleted one lost both, and the new one
has GuardDuty's defaults: filters, lists, protection plans and the link to an administrator account
have to be set up again by hand. Undoing suspends a detector that was suspended; a new one stays,
since deleting it would lose its findings.
Source: https://docs.aws.amazon.com/guardduty/latest/APIReference/API_UpdateDetector.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.wanted import BLIND, changes_to, holding
from firedoor.errors import Refused
from firedoor.kinds import Region

DETECTORS = "arn:{partition}:guardduty:{region}:{account}:detector/*"
PERMISSIONS = (
    Permission("guardduty:ListDetectors"),
    Permission("guardduty:GetDetector", DETECTORS),
    Permission("guardduty:UpdateDetector", DETECTORS),
    Permission("guardduty:CreateDetector", why="where it was deleted"),
)
EXAMPLE = {"region": "eu-central-1"}
REOPENS = BLIND
WHAT = "GuardDuty watches"
LOST = "a new detector stays: deleting it would lose the findings that it has made"


class Input(Given, frozen=True, kw_only=True):
    """The Region: it has one detector."""

    region: Region


class Found(State, frozen=True, kw_only=True):
    """Whether the Region's detector is enabled; `resource` names it, also when there is none."""

    resource: str


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """Whether the Region's detector is enabled; no part when there is none."""
    number = _detector(aws, given.region)
    owner = f"arn:{case.partition}:guardduty:{given.region}:{case.account}"
    resource = f"{owner}:detector/{number or 'none'}#enabled"
    if not number:
        return Found(parts={}, resource=resource)
    found = aws.call("guardduty", "get_detector", region=given.region, DetectorId=number)
    enabled = str(found.get("Status")).upper() == "ENABLED"
    return Found(parts={resource: enabled}, resource=resource)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Not there, or suspended → enabled."""
    return [
        Change(
            resource=change.resource,
            what=WHAT,
            from_=change.from_,
            to=True,
            lost=LOST if change.from_ is None else "",
        )
        for change in changes_to(before.parts, {before.resource: True}, WHAT)
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Enable, make or suspend the detector."""
    if change.to is None:
        raise Refused(f"it cannot be brought back: {LOST}")
    number = _detector(aws, given.region)
    if number:
        aws.call(
            "guardduty",
            "update_detector",
            region=given.region,
            DetectorId=number,
            Enable=bool(change.to),
        )
    elif change.to:
        aws.call(
            "guardduty",
            "create_detector",
            region=given.region,
            Enable=True,
            ClientToken=case.name("detector"),
            FindingPublishingFrequency="FIFTEEN_MINUTES",
        )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """There is a detector, and it is enabled."""
    found = observe(aws, given, case)
    return holding(found.parts, {found.resource: True}, WHAT)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    where = ["--region", change.resource.split(":")[3]]
    if change.from_ is None:
        return [["guardduty", "create-detector", "--enable", *where]]
    flag = "--enable" if change.to else "--no-enable"
    number = change.resource.rpartition("/")[2].partition("#")[0]
    return [
        ["guardduty", "update-detector", "--detector-id", number, flag, *where],
    ]


def _detector(aws: Aws, region: str) -> str:
    found = aws.pages("guardduty", "list_detectors", "DetectorIds", region=region)
    return str(next(iter(found), ""))
