"""What was done to a database's settings lately, and by whom, from CloudTrail.

Looks at the events of the database (instance or cluster) of the given time, in its own Region. Says
who changed something, whether sign-in through IAM was switched and what it was before, and which
parameter groups were changed meanwhile: RDS keeps no history of parameters, so what they were is in
the values that CloudTrail shows, in your templates or in AWS Config. Sign-ins to the engine are not
in CloudTrail: they are in the engine's logs.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/logging-using-cloudtrail.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from firedoor.actions import contract
from firedoor.actions.cloudtrail._events import (
    DELIVERY,
    Event,
    Found,
    Identity,
    find,
    oldest_first,
    succeeded,
    unique,
)
from firedoor.actions.contract import Artefact, Aws, Case, Permission
from firedoor.actions.rds._database import OfDatabase
from firedoor.kinds import Arn, Duration, parse_duration

PERMISSIONS = (Permission("cloudtrail:LookupEvents", why="what was done to the database"),)
EXAMPLE = {"database": "orders-1"}
PAGES = 10
MOST = timedelta(days=90)
SWITCH = "enableIAMDatabaseAuthentication"


class Input(OfDatabase, frozen=True, kw_only=True):
    """The database, and how far back to look."""

    lookback: Duration = "7d"


class Output(contract.Output, frozen=True, kw_only=True):
    """What was changed. `iam_switched`: sign-in through IAM was; `iam_before`: it was on."""

    callers: list[Arn]
    iam_switched: bool
    iam_before: bool
    parameter_groups: list[str]
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The events of the database's name; of changed parameter groups all are looked at."""
    since = case.now - min(parse_duration(given.lookback), MOST)
    region = given.region or aws.region
    looked = Found()
    names = [name for name in dict.fromkeys((given.database, given.cluster)) if name]
    wanted = [("ResourceName", name) for name in names]
    wanted += [("EventName", f"ModifyDB{part}ParameterGroup") for part in ("", "Cluster")]
    for attribute, value in wanted:
        found = find(aws, region, attribute, value, since=since, until=None, pages=PAGES)
        looked.events += found.events
        looked.unknown += found.unknown
    events = [
        event
        for event in oldest_first(unique(looked.events))
        if event.get("eventSource") == "rds.amazonaws.com" and succeeded(event)
    ]
    changed = [event for event in events if not str(event.get("eventName")).startswith("Describe")]
    switched = [asked[SWITCH] for event in changed if SWITCH in (asked := _asked(event))]
    return Output(
        callers=list(dict.fromkeys(arn for event in changed if (arn := Identity.of(event).arn))),
        iam_switched=bool(switched),
        # Whoever switched it first in this time found it the other way round.
        iam_before=bool(switched) and not switched[0],
        parameter_groups=sorted({group for event in changed if (group := _group(event))}),
        keep=(
            Artefact(
                name=f"cloudtrail-database-{given.name}",
                content=events,
                about=f"What CloudTrail in {region} has on database {given.name}",
            ),
        ),
        unknown=(*looked.unknown, DELIVERY),
    )


def _asked(event: Event) -> dict[str, Any]:
    return dict(event.get("requestParameters") or {})


def _group(event: Event) -> str:
    asked = _asked(event)
    if not str(event.get("eventName")).endswith("ParameterGroup"):
        return ""
    return str(asked.get("dBClusterParameterGroupName") or asked.get("dBParameterGroupName") or "")
