"""Find out who tampered with logging and detection, and how it was before.

Looks in every enabled Region for the rare calls that stop, delete, narrow or divert what records
and reports: trails, GuardDuty, flow logs, Config, Security Hub, DNS query logs, Bedrock's and S3's
logs. Calls of the last 90 days from before the time tell how things were. CloudTrail's event
history does not depend on any trail: it is there though the trail is not. A call that firedoor
itself made, or that AWS refused, is left out. What only a person can put right is in `noted`.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

from __future__ import annotations

from datetime import timedelta

from firedoor.actions import contract
from firedoor.actions.cloudtrail._actors import ByRole, ByUser, actors
from firedoor.actions.cloudtrail._events import (
    DELIVERY,
    Event,
    Found,
    all_regions,
    find,
    oldest_first,
    succeeded,
    sweep,
    when,
)
from firedoor.actions.cloudtrail._taken import (
    BucketLogWas,
    DetectorWas,
    FilterMade,
    FlowLogWas,
    HubWas,
    IpSetMade,
    ModelLogWas,
    QueryLogWas,
    RecorderWas,
    TrailWas,
)
from firedoor.actions.cloudtrail._tampered import LOOKED_FOR, tampered
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.kinds import Duration, Region, Trail, parse_duration

PERMISSIONS = (
    Permission("cloudtrail:LookupEvents"),
    Permission("ec2:DescribeRegions", why="which Regions to look in"),
)
EXAMPLE = {"lookback": "48h"}
HISTORY = timedelta(days=90)
PAGES = 2


class Input(Given, frozen=True, kw_only=True):
    """Since when it is the attacker's doing; `region`: look in this one alone.

    `started`: a trail that has been started already: unless more was done to it than to stop it, it
    is left out.
    """

    lookback: Duration = "48h"
    region: Region | None = None
    started: Trail | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """What was done, sort by sort, by whom, and how much of it there is (`count`)."""

    count: int = 0
    trails: tuple[TrailWas, ...] = ()
    detectors: tuple[DetectorWas, ...] = ()
    filters: tuple[FilterMade, ...] = ()
    ip_sets: tuple[IpSetMade, ...] = ()
    flow_logs: tuple[FlowLogWas, ...] = ()
    recorders: tuple[RecorderWas, ...] = ()
    hubs: tuple[HubWas, ...] = ()
    query_logs: tuple[QueryLogWas, ...] = ()
    model_logs: tuple[ModelLogWas, ...] = ()
    bucket_logs: tuple[BucketLogWas, ...] = ()
    noted: tuple[str, ...] = ()
    users: tuple[ByUser, ...] = ()
    roles: tuple[ByRole, ...] = ()
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The calls of 90 days, and which of them are the attacker's."""
    regions, unknown = ([given.region], []) if given.region else all_regions(aws)
    since = case.now - parse_duration(given.lookback)
    whole = sweep(regions, lambda region: _look(aws, region, case))
    ordered = oldest_first(filter(succeeded, whole.events))
    before = [event for event in ordered if when(event) < since]
    lately = [event for event in ordered if when(event) >= since and not _ours(event, aws)]
    found = tampered(lately, before)
    done = [
        event for event in lately if event["eventName"] not in ("CreateTrail", "CreateFlowLogs")
    ]
    who = actors(done, own=aws.principal, account=aws.account)
    lists = {name: getattr(found, name) for name in found.__struct_fields__}
    started = (given.started or "").rpartition("/")[2]
    lists["trails"] = tuple(
        one for one in found.trails if (one.trail, one.done) != (started, "StopLogging")
    )
    return Output(
        count=sum(len(each) for each in lists.values()),
        **lists,
        users=who.users,
        roles=who.roles,
        keep=(
            Artefact(
                name="cloudtrail-tampering",
                content={"since": since.isoformat(), "regions": regions, "events": whole.events},
                about="CloudTrail: what was done to logging and detection",
            ),
        ),
        unknown=tuple(
            dict.fromkeys((*unknown, *whole.unknown, *who.others, *found.noted, DELIVERY))
        ),
    )


def _look(aws: Aws, region: str, case: Case) -> Found:
    """One Region: name by name, since a look-up takes one attribute. They are rare calls."""
    return sweep(
        LOOKED_FOR,
        lambda name: find(
            aws,
            region,
            "EventName",
            name,
            since=case.now - HISTORY,
            until=None,
            pages=PAGES,
        ),
        workers=2,
    )


def _ours(event: Event, aws: Aws) -> bool:
    who = actors([event], own=aws.principal, account=aws.account)
    return not (who.users or who.roles or who.others)
