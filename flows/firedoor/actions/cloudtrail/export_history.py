"""Keep CloudTrail's event history of the time: while a trail was off it is the only record.

The event history is independent of trails, cannot be turned off or deleted by anybody in the
account, and keeps the management events of 90 days in each Region. Kept are the calls that changed
something, newest first, up to a cap of 2,000 a Region that is said in `unknown`; calls that only
read are left out, and what was done to objects (data events) is not in it. A look-up takes half a
second for 50 events.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

from __future__ import annotations

from firedoor.actions import contract
from firedoor.actions.cloudtrail._events import DELIVERY, all_regions, find, sweep
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.kinds import Duration, Region, parse_duration

PERMISSIONS = (
    Permission("cloudtrail:LookupEvents"),
    Permission("ec2:DescribeRegions", why="which Regions to export"),
)
EXAMPLE = {"lookback": "48h"}
PAGES = 40


class Input(Given, frozen=True, kw_only=True):
    """How far back, and in which Region alone (all enabled ones without it)."""

    lookback: Duration = "48h"
    region: Region | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """How many events were kept, of which Regions; `whole`: nothing was cut off."""

    events: int
    regions: tuple[Region, ...]
    whole: bool
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Every event that changed something, Region by Region side by side."""
    regions, unknown = ([given.region], []) if given.region else all_regions(aws)
    since = case.now - parse_duration(given.lookback)
    # Reads are most of it, and leave nothing behind: what changed something comes first.
    found = sweep(
        regions,
        lambda region: find(aws, region, "ReadOnly", "false", since=since, until=None, pages=PAGES),
    )
    return Output(
        events=len(found.events),
        regions=tuple(regions),
        whole=not found.cut and not found.unknown,
        keep=(
            Artefact(
                name="cloudtrail-history",
                content={"since": since.isoformat(), "regions": regions, "events": found.events},
                about=f"CloudTrail's event history of {given.lookback}: calls that changed things",
            ),
        ),
        unknown=tuple(dict.fromkeys((*unknown, *found.unknown, DELIVERY))),
    )
