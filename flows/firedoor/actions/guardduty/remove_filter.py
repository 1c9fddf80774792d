"""Delete a suppression filter of GuardDuty.

A filter with the action ARCHIVE sets findings aside before anybody sees them, and an attacker makes
one that fits his own. What it said is kept in the journal, and undoing makes it again. Findings
that it archived meanwhile stay archived: they can be listed with `service.archived` true.
Source: https://docs.aws.amazon.com/guardduty/latest/APIReference/API_DeleteFilter.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.wanted import BLIND, compact, holding
from firedoor.errors import AwsError
from firedoor.kinds import DetectorId, Region

DETECTOR = "arn:{partition}:guardduty:{region}:{account}:detector/{detector}"
FILTER = f"{DETECTOR}/filter/*"
PERMISSIONS = (
    Permission("guardduty:GetFilter", FILTER),
    Permission("guardduty:DeleteFilter", FILTER),
    Permission("guardduty:CreateFilter", DETECTOR, "undo"),
)
EXAMPLE = {
    "detector": "12abc34d567e8fa901bc2d34e56789f0",
    "name": "ours",
    "region": "eu-central-1",
}
REOPENS = BLIND
WHAT = "suppression filter"
GONE = frozenset({"BadRequestException", "ResourceNotFoundException"})
"""GuardDuty answers a filter that is not there as it answers a bad request."""
FIELDS = ("Action", "Description", "FindingCriteria", "Rank", "Tags")


class Input(Given, frozen=True, kw_only=True):
    """The detector, the filter's name and the Region."""

    detector: DetectorId
    name: str
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> State:
    """What the filter says; no part when there is none."""
    region = given.region or aws.region
    try:
        found = aws.call(
            "guardduty",
            "get_filter",
            region=region,
            DetectorId=given.detector,
            FilterName=given.name,
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        return State(parts={})
    told: dict[str, Any] = msgspec.to_builtins(
        {key: found[key] for key in FIELDS if found.get(key) not in (None, "", {})}
    )
    return State(parts={_resource(case, given, region): told})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """There → gone."""
    return [
        Change(resource=resource, what=WHAT, from_=value, to=None)
        for resource, value in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Delete it, or make it again as it was."""
    where = {"region": change.resource.split(":")[3], "DetectorId": given.detector}
    if change.to is not None:
        assert isinstance(change.to, dict)
        if not observe(aws, given, case).parts:
            aws.call("guardduty", "create_filter", Name=given.name, **where, **change.to)
        return
    try:
        aws.call("guardduty", "delete_filter", FilterName=given.name, **where)
    except AwsError as error:
        if error.code not in GONE:
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is not there."""
    resource = _resource(case, given, given.region or aws.region)
    return holding(observe(aws, given, case).parts, {resource: None}, "no filter")


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    detector, _, name = change.resource.partition("#filter/")
    where = [
        "--detector-id",
        detector.rpartition("/")[2],
        "--region",
        change.resource.split(":")[3],
    ]
    if change.to is None:
        return [["guardduty", "delete-filter", "--filter-name", name, *where]]
    assert isinstance(change.to, dict)
    text = compact({"Name": name, **change.to})
    return [["guardduty", "create-filter", "--cli-input-json", text, *where]]


def _resource(case: Case, given: Input, region: str) -> str:
    detector = f"arn:{case.partition}:guardduty:{region}:{case.account}:detector/{given.detector}"
    return f"{detector}#filter/{given.name}"
