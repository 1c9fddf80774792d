"""Find which snapshots and images somebody has shared, in every Region.

GuardDuty says who shared something, and not what. The calls that share are looked for by their
names in every enabled Region, side by side, and those of the user, the role's sessions or the key
are taken. What has been taken back since is told too: acting on it changes nothing. Events take up
to 15 minutes to appear.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from firedoor.actions import contract
from firedoor.actions.cloudtrail._events import (
    DELIVERY,
    Event,
    all_regions,
    find,
    oldest_first,
    succeeded,
    sweep,
    unique,
    when,
)
from firedoor.actions.cloudtrail._hunt import fits
from firedoor.actions.cloudtrail._launches import his
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.errors import BadInput
from firedoor.kinds import (
    AccessKeyId,
    DbSnapshotId,
    Duration,
    IamRoleName,
    IamUserName,
    ImageId,
    Region,
    SnapshotId,
    Time,
    parse_duration,
    time_text,
)

PERMISSIONS = (
    Permission("cloudtrail:LookupEvents"),
    Permission("ec2:DescribeRegions", why="which Regions to look in"),
)
EXAMPLE = {"user": "backup", "lookback": "48h"}
PAGES = 4
"""Pages of 50 events that are read for one call in one Region: these are rare."""
CALLS = {
    "ModifySnapshotAttribute": ("snapshotId", "snapshot", "snapshot_id"),
    "ModifyImageAttribute": ("imageId", "image", "image_id"),
    "ModifyDBSnapshotAttribute": ("dBSnapshotIdentifier", "db_snapshot", "db_snapshot_id"),
    "ModifyDBClusterSnapshotAttribute": (
        "dBClusterSnapshotIdentifier",
        "db_cluster_snapshot",
        "db_snapshot_id",
    ),
}
"""The calls that share; the parameter that names the thing, its field here, and its kind."""


class Input(Given, frozen=True, kw_only=True):
    """Whose doing: an IAM user, a role, or a key; and how far back."""

    user: IamUserName | None = None
    role: IamRoleName | None = None
    access_key_id: AccessKeyId | None = None
    lookback: Duration = "48h"


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was shared: exactly one of the four names is set."""

    region: Region
    when: Time
    snapshot: SnapshotId | None = None
    image: ImageId | None = None
    db_snapshot: DbSnapshotId | None = None
    db_cluster_snapshot: DbSnapshotId | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """What was shared; `words` names it for a question."""

    shared: list[Shared]
    words: str
    regions: list[str]
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Everything that was shared within `lookback`."""
    if not (given.user or given.role or given.access_key_id):
        raise BadInput("give one of user, role and access_key_id")
    since = case.now - parse_duration(given.lookback)
    regions, unknown = all_regions(aws)
    events: list[Event] = []
    for name in CALLS:
        look = partial(
            find, aws, attribute="EventName", value=name, since=since, until=None, pages=PAGES
        )
        found = sweep(regions, look)
        events += found.events
        unknown += found.unknown
    keys = (given.access_key_id,) if given.access_key_id else ()
    done = filter(succeeded, unique(events))
    mine = [each for each in done if his(each, given.user, given.role, keys)]
    shared = list(_shared(mine))
    who = given.user or given.role or "a key"
    return Output(
        shared=shared,
        words=", ".join(_name(each) for each in shared[:10]) or "nothing",
        regions=regions,
        keep=(
            Artefact(
                name=f"shares-of-{who}",
                content={"since": since.isoformat(), "events": mine},
                about=f"What {who} shared, as CloudTrail has it",
            ),
        ),
        unknown=(*unknown, DELIVERY),
    )


def _shared(events: Iterable[Event]) -> Iterator[Shared]:
    """Each thing once, in the order in which they were shared first."""
    seen: set[tuple[str, str]] = set()
    for event in oldest_first(events):
        call = CALLS.get(str(event.get("eventName")))
        asked = event.get("requestParameters")
        if call is None or not isinstance(asked, Mapping) or not _adds(asked):
            continue
        parameter, field, kind = call
        name, region = str(asked.get(parameter) or ""), str(event.get("awsRegion") or "")
        if not fits(kind, name) or not fits("region", region) or (region, name) in seen:
            continue
        seen.add((region, name))
        yield msgspec.convert(
            {field: name, "region": region, "when": time_text(when(event))}, Shared
        )


def _adds(asked: Any) -> bool:
    """Whether a call gives access: however the service says it, somewhere it says "add"."""
    if isinstance(asked, Mapping):
        return any(
            (str(key).lower() in ("add", "valuestoadd") and bool(value))
            or (str(key).lower() == "operationtype" and str(value).lower() == "add")
            or _adds(value)
            for key, value in asked.items()
        )
    return isinstance(asked, list) and any(_adds(each) for each in asked)


def _name(one: Shared) -> str:
    return str(one.snapshot or one.image or one.db_snapshot or one.db_cluster_snapshot)
