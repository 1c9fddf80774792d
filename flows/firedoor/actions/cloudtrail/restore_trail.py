"""Let a trail record again: as it was set up, everything it selected, and started.

A trail that was stopped is started; one that was deleted is made again and one that was changed is
set as it was, with the settings from before (cloudtrail.lookup_tampering); event selectors are put
back. With `widen` and no selectors from before, management events that were filtered out are taken
in again, and whatever else is selected stays. It runs in the trail's home Region; a trail of the
organization can only be put right in the management account. Events of the gap are not recovered:
the event history has the management events of 90 days.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.wanted import BLIND, changes_to, compact, holding, settings
from firedoor.errors import AwsError
from firedoor.kinds import Region, Trail
from firedoor.runbook import Json

TRAIL = "arn:{partition}:cloudtrail:{region}:{account}:trail/{trail}"
PERMISSIONS = (
    Permission("cloudtrail:GetTrail", TRAIL),
    Permission("cloudtrail:GetTrailStatus", TRAIL),
    Permission("cloudtrail:GetEventSelectors", TRAIL),
    Permission("cloudtrail:CreateTrail", TRAIL, "one that was deleted"),
    Permission("cloudtrail:UpdateTrail", TRAIL),
    Permission("cloudtrail:PutEventSelectors", TRAIL),
    Permission("cloudtrail:StartLogging", TRAIL),
    Permission("cloudtrail:StopLogging", TRAIL, "undo"),
    Permission("cloudtrail:DeleteTrail", TRAIL, "undo, of one that was made again"),
)
EXAMPLE = {"trail": "organization-trail", "region": "eu-central-1"}
REOPENS = BLIND
WHAT = "trail"
GONE = frozenset({"TrailNotFoundException"})
FIELDS = {
    "S3BucketName": "",
    "S3KeyPrefix": "",
    "SnsTopicName": "",
    "IncludeGlobalServiceEvents": True,
    "IsMultiRegionTrail": False,
    "EnableLogFileValidation": False,
    "CloudWatchLogsLogGroupArn": "",
    "CloudWatchLogsRoleArn": "",
    "KmsKeyId": "",
    "IsOrganizationTrail": False,
}
"""What CreateTrail and UpdateTrail take, and what a new trail has of it."""
EVERYTHING = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}
MANAGEMENT = {
    "Name": "Management events",
    "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}],
}


class Input(Given, frozen=True, kw_only=True):
    """The trail; `settings` and `selectors` as they were, as JSON in the API's words."""

    trail: Trail
    region: Region | None = None
    settings: str | None = None
    selectors: str | None = None
    widen: bool = False


class Found(State, frozen=True, kw_only=True):
    """The trail's parts; `arn`: its ARN, also of one that is not there."""

    arn: str = ""


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """Settings, selectors and whether it records; no parts when there is no such trail."""
    region = _region(aws, given)
    try:
        trail = aws.call("cloudtrail", "get_trail", region=region, Name=given.trail)["Trail"]
    except AwsError as error:
        if error.code not in GONE:
            raise
        name = given.trail.rpartition("/")[2]
        return Found(
            parts={}, arn=f"arn:{case.partition}:cloudtrail:{region}:{case.account}:trail/{name}"
        )
    arn, home = str(trail["TrailARN"]), str(trail.get("HomeRegion") or region)
    status = aws.call("cloudtrail", "get_trail_status", region=home, Name=arn)
    selected = aws.call("cloudtrail", "get_event_selectors", region=home, TrailName=arn)
    parts: dict[str, Json] = {
        f"{arn}#settings": _settings(trail),
        f"{arn}#selectors": _selectors(selected),
        f"{arn}#logging": bool(status.get("IsLogging")),
    }
    return Found(parts=parts, arn=arn)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Settings, selectors, logging: whichever does not read as before."""
    return changes_to(before.parts, _wanted(given, before), WHAT)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Make one of them so. A trail that is gone has nothing to be taken back from."""
    arn, _, part = change.resource.partition("#")
    region = arn.split(":")[3]
    try:
        if part == "logging":
            operation = "start_logging" if change.to else "stop_logging"
            aws.call("cloudtrail", operation, region=region, Name=arn)
        elif part == "selectors":
            if isinstance(change.to, dict):
                aws.call(
                    "cloudtrail", "put_event_selectors", region=region, TrailName=arn, **change.to
                )
        else:
            _set_up(aws, region, arn, change)
    except AwsError as error:
        if error.code not in GONE or change.to:
            raise


def _set_up(aws: Aws, region: str, arn: str, change: Change) -> None:
    if change.to is None:
        aws.call("cloudtrail", "delete_trail", region=region, Name=arn.rpartition("/")[2])
        return
    assert isinstance(change.to, dict)
    if change.from_ is None:
        given = {key: value for key, value in change.to.items() if value != ""}
        name = arn.rpartition("/")[2]
        aws.call("cloudtrail", "create_trail", region=region, Name=name, **given)
        return
    # An update leaves alone what it does not name: what was not there is named as empty.
    emptied = {key: FIELDS[key] for key in change.from_ if key not in change.to}
    aws.call("cloudtrail", "update_trail", region=region, Name=arn, **emptied, **change.to)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is there, records, and reads as before."""
    found = observe(aws, given, case)
    return holding(found.parts, _wanted(given, found), WHAT)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    arn, _, part = change.resource.partition("#")
    where = ["--region", arn.split(":")[3]]
    if part == "logging":
        verb = "start-logging" if change.to else "stop-logging"
        return [["cloudtrail", verb, "--name", arn, *where]]
    if part == "selectors":
        assert isinstance(change.to, dict | None)
        return [
            [
                "cloudtrail",
                "put-event-selectors",
                "--trail-name",
                arn,
                option,
                compact(value),
                *where,
            ]
            for name, value in (change.to or {}).items()
            for option in (
                "--event-selectors" if name == "EventSelectors" else "--advanced-event-selectors",
            )
        ]
    if change.to is None:
        return [["cloudtrail", "delete-trail", "--name", arn, *where]]
    verb = "create-trail" if change.from_ is None else "update-trail"
    text = compact({"Name": arn.rpartition("/")[2], **dict(change.to)})
    return [["cloudtrail", verb, "--cli-input-json", text, *where]]


def _region(aws: Aws, given: Input) -> str:
    named = given.trail.split(":")[3] if given.trail.startswith("arn:") else ""
    return named or given.region or aws.region


def _wanted(given: Input, found: Found) -> dict[str, Json]:
    now = found.parts.get(f"{found.arn}#settings")
    wanted: dict[str, Json] = {}
    if given.settings is not None:
        was = settings(given.settings, f"trail {given.trail}")
        known = {key: value for key, value in was.items() if key in FIELDS}
        base = now if isinstance(now, dict) else {k: v for k, v in FIELDS.items() if v != ""}
        wanted[f"{found.arn}#settings"] = {**base, **known}
    selected = found.parts.get(f"{found.arn}#selectors")
    if given.selectors is not None:
        wanted[f"{found.arn}#selectors"] = _selectors(
            settings(given.selectors, f"the event selectors of {given.trail}")
        )
    elif given.widen and isinstance(selected, dict):
        wanted[f"{found.arn}#selectors"] = _widened(selected)
    wanted[f"{found.arn}#logging"] = True
    return wanted


def _settings(trail: dict[str, Any]) -> dict[str, Any]:
    said = {**trail, "EnableLogFileValidation": trail.get("LogFileValidationEnabled", False)}
    return {key: said[key] for key in FIELDS if said.get(key) not in (None, "")}


def _selectors(selected: dict[str, Any]) -> dict[str, Any]:
    """Basic or advanced selectors: a trail has either."""
    if selected.get("AdvancedEventSelectors"):
        return {"AdvancedEventSelectors": selected["AdvancedEventSelectors"]}
    return {"EventSelectors": [_plain(one) for one in selected.get("EventSelectors") or ()]}


def _plain(selector: dict[str, Any]) -> dict[str, Any]:
    return {**EVERYTHING, **selector}


def _widened(selected: dict[str, Any]) -> dict[str, Any]:
    """The selectors with all management events in them; data events stay as they are."""
    advanced = selected.get("AdvancedEventSelectors")
    if advanced:
        fields = MANAGEMENT["FieldSelectors"]
        if any(one.get("FieldSelectors") == fields for one in advanced):
            return selected
        return {"AdvancedEventSelectors": [*advanced, MANAGEMENT]}
    basic = selected.get("EventSelectors") or [EVERYTHING]
    first = {
        **basic[0],
        **{key: value for key, value in EVERYTHING.items() if key != "DataResources"},
    }
    return {"EventSelectors": [first, *basic[1:]]}
