"""Find what somebody set running: instances, Spot requests, groups and services, in every Region.

Of an IAM user everything under his name and his keys is read; of a role, whose sessions have many
names, the calls that launch things are looked for by their names, in the whole account, and those
of the role's sessions are taken. All enabled Regions are swept side by side. What an Auto Scaling
group or a fleet launches by itself is its own doing in CloudTrail: shut the group or the fleet.
Regions that are not enabled can have nothing running. What else computes (Lambda, SageMaker, Batch
and so on) is told in words. Events take up to 15 minutes to appear.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from firedoor.actions import contract
from firedoor.actions.cloudtrail._events import (
    DELIVERY,
    Event,
    Found,
    all_regions,
    find,
    sweep,
    unique,
)
from firedoor.actions.cloudtrail._launches import (
    NAMES,
    Grouped,
    Launched,
    Requested,
    Served,
    his,
    launches,
)
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.errors import BadInput
from firedoor.kinds import AccessKeyId, Duration, IamRoleName, IamUserName, parse_duration

PERMISSIONS = (
    Permission("cloudtrail:LookupEvents"),
    Permission("ec2:DescribeRegions", why="which Regions to look in"),
)
EXAMPLE = {"user": "ci-deployer", "lookback": "48h"}
PAGES = 10
"""Pages of 50 events that are read for one name in one Region."""


class Input(Given, frozen=True, kw_only=True):
    """Whose doing: an IAM user (with keys of his), or a role; and how far back."""

    user: IamUserName | None = None
    role: IamRoleName | None = None
    access_key_ids: tuple[AccessKeyId, ...] = ()
    lookback: Duration = "48h"


class Output(contract.Output, frozen=True, kw_only=True):
    """What he set running; `others`: in words, what no step ends."""

    instances: list[Launched]
    requests: list[Requested]
    groups: list[Grouped]
    services: list[Served]
    others: list[str]
    regions: list[str]
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Every launch of his within `lookback`."""
    since = case.now - parse_duration(given.lookback)
    regions, unknown = all_regions(aws)
    events: list[Event] = []
    for attribute, value in _names(given):
        look = partial(_look, aws, attribute=attribute, value=value, since=since)
        found = sweep(regions, look)
        events += found.events
        unknown += found.unknown
    keys = given.access_key_ids
    mine = [each for each in unique(events) if his(each, given.user, given.role, keys)]
    told = launches(mine)
    who = given.user or given.role or "a key"
    unknown += [f"{each}: end it by hand, when it was not ours" for each in told.others]
    return Output(
        instances=told.instances,
        requests=told.requests,
        groups=told.groups,
        services=told.services,
        others=told.others,
        regions=regions,
        keep=(
            Artefact(
                name=f"launches-of-{who}",
                content={"since": since.isoformat(), "events": mine},
                about=f"What {who} set running, as CloudTrail has it",
            ),
        ),
        unknown=(*unknown, DELIVERY),
    )


def _names(given: Input) -> list[tuple[str, str]]:
    if not given.user and not given.role and not given.access_key_ids:
        raise BadInput("give one of user, role and access_key_ids")
    names = [("Username", given.user)] if given.user else []
    names += [("AccessKeyId", key) for key in given.access_key_ids]
    return names + [("EventName", name) for name in NAMES if given.role]


def _look(aws: Aws, region: str, attribute: str, value: str, since: datetime) -> Found:
    return find(aws, region, attribute, value, since=since, until=None, pages=PAGES)
