"""Keep what AWS Config recorded of a resource: how it was configured, and when that changed.

The history is the only record of how things were before the attacker changed them that he did not
write himself, for as long as Config keeps it (seven years unless shortened) and wherever it
records that type of resource. Newest first, at most 500 items; what is cut off, and that Config
does not record, is said in `unknown`. Nothing is restored: a person, or a step that is given it,
does that. Text that looks like a secret is masked before it is kept.
Source: https://docs.aws.amazon.com/config/latest/APIReference/API_GetResourceConfigHistory.html
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import ConfigType, Duration, Region, Time, parse_duration, parse_time, time_text

PERMISSIONS = (
    Permission("config:GetResourceConfigHistory"),
    Permission("config:DescribeConfigurationRecorderStatus", why="whether anything is recorded"),
)
EXAMPLE = {"type": "AWS::S3::Bucket", "resource": "example-bucket"}
PAGES = 5
PAGE = 100
NOTHING = frozenset({"ResourceNotDiscoveredException"})


class Input(Given, frozen=True, kw_only=True):
    """Config's type (`AWS::KMS::Key`) and id of the resource, and how far back to look."""

    type: ConfigType
    resource: str
    lookback: Duration = "90d"
    region: Region | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """How many items there are; `changed`: the times of the changes, newest first.

    `recording` None: that could not be asked. `relationships`: what it belongs to, newest item.
    """

    items: int = 0
    recording: bool | None = None
    first: Time | None = None
    last: Time | None = None
    changed: tuple[Time, ...] = ()
    deleted: bool = False
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The history within `lookback`; that there is none is no failure."""
    region = given.region or aws.region
    recording, unknown = _recording(aws, region)
    items: list[dict[str, Any]] = []
    more: dict[str, Any] = {}
    for page in range(PAGES):
        try:
            answer = aws.call(
                "config",
                "get_resource_config_history",
                region=region,
                resourceType=given.type,
                resourceId=given.resource,
                earlierTime=case.now - parse_duration(given.lookback),
                laterTime=case.now,
                chronologicalOrder="Reverse",
                limit=PAGE,
                **more,
            )
        except NoCredentials:
            raise
        except AwsError as error:
            if error.code not in NOTHING:
                unknown.append(f"Config's history of {given.resource}: {error.message}")
            break
        items += answer.get("configurationItems") or ()
        if not answer.get("nextToken"):
            break
        more = {"nextToken": answer["nextToken"]}
        if page == PAGES - 1:
            unknown.append(f"Config has more than {PAGES * PAGE} items of {given.resource}")
    if not items and not unknown:
        unknown.append(
            f"AWS Config in {region} has nothing on {given.type} {given.resource} from the last "
            f"{given.lookback}: it does not record it, or its id is another"
        )
    times = [time_text(_when(each)) for each in items]
    newest = items[0] if items else {}
    return Output(
        items=len(items),
        recording=recording,
        first=times[-1] if times else None,
        last=times[0] if times else None,
        changed=tuple(times),
        deleted=str(newest.get("configurationItemStatus", "")).startswith("ResourceDeleted"),
        keep=(
            Artefact(
                name=f"config-{given.resource}",
                content=[_opened(each) for each in items],
                about=f"AWS Config: how {given.type} {given.resource} was configured",
            ),
        )
        if items
        else (),
        unknown=tuple(unknown),
    )


def _recording(aws: Aws, region: str) -> tuple[bool | None, list[str]]:
    try:
        found = aws.call("config", "describe_configuration_recorder_status", region=region)
    except NoCredentials:
        raise
    except AwsError as error:
        return None, [f"whether AWS Config records in {region}: {error.message}"]
    recorders = found.get("ConfigurationRecordersStatus") or ()
    recording = any(each.get("recording") for each in recorders)
    return recording, [] if recording else [
        f"AWS Config does not record in {region}: what changed since it stopped is not known"
    ]


def _when(item: dict[str, Any]) -> datetime:
    found = item["configurationItemCaptureTime"]
    return found if isinstance(found, datetime) else parse_time(str(found))


def _opened(item: dict[str, Any]) -> dict[str, Any]:
    """An item with its configuration, which Config gives as JSON in a text, as JSON.

    What hides in a text cannot be masked by its name.
    """
    return {key: _plain(value) for key, value in item.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return _plain(json.loads(value))
        except (ValueError, RecursionError):
            return value
    return value
