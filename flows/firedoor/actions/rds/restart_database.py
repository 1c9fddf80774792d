"""Restart a database, which ends every connection that is open.

A change of security groups or of a password leaves open sessions alone, an attacker's among them.
A restart ends them all, the application's too; the database is away for a minute or two and comes
back with its data. Instances of a cluster are restarted each. One that has restarted since `since`
(as rds.isolate_database says) is not restarted again. It cannot be undone. It loses what was in
memory: sessions, locks, temporary tables; list the engine's sessions before, if that can be done.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RebootInstance.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Permission
from firedoor.actions.rds._database import (
    CLUSTERS,
    INSTANCES,
    Found,
    OfDatabase,
    cli,
    described,
    gone_check,
    with_patience,
)
from firedoor.errors import Refused
from firedoor.kinds import Time, parse_time

PERMISSIONS = (
    Permission("rds:DescribeDBInstances", INSTANCES),
    Permission("rds:DescribeDBClusters", CLUSTERS),
    Permission("rds:DescribeEvents", why="when it restarted last"),
    Permission("rds:RebootDBInstance", INSTANCES),
)
EXAMPLE = {"database": "orders-1", "since": "2026-03-14T03:07:00.000Z"}
IRREVERSIBLE = "a restart is over when it is over: nothing of the sessions that it ended comes back"
RESTARTED = "restarted"
LOOKS = 6
PAUSE_SECONDS = 5.0
_OLDEST = timedelta(days=14)


class Input(OfDatabase, frozen=True, kw_only=True):
    """The database, and since when a restart counts."""

    since: Time


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """Of each instance whether it has restarted since, or is about to."""
    database = described(aws, given)
    if database is None:
        return Found(parts={}, gone=True)
    return Found(
        parts={
            f"{each['DBInstanceArn']}#restart": RESTARTED if _restarted(aws, given, each) else None
            for each in database.instances
        }
    )


def _restarted(aws: Aws, given: Input, instance: dict[str, Any]) -> bool:
    if instance.get("DBInstanceStatus") == "rebooting":
        return True
    since = parse_time(given.since)
    events = aws.pages(
        "rds",
        "describe_events",
        "Events",
        region=given.region,
        SourceIdentifier=instance["DBInstanceIdentifier"],
        SourceType="db-instance",
        StartTime=max(since, aws.now() - _OLDEST + timedelta(minutes=1)),
    )
    return any(
        "restarted" in str(event.get("Message", "")).lower() and event["Date"] >= since
        for event in events
    )


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """A restart of each that has had none."""
    return [
        Change(resource=resource, what="restart", from_=None, to=RESTARTED, lost=IRREVERSIBLE)
        for resource, state in before.parts.items()
        if state != RESTARTED
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Restart one instance; one that is gone has no connections."""
    if change.to != RESTARTED:
        raise Refused(
            f"{change.resource} cannot be brought back: {IRREVERSIBLE}",
            rule="irreversible",
            instead="There is nothing to do",
        )
    with_patience(aws, given, change, "reboot_db_instance", shut=RESTARTED)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Each has restarted, or is restarting; the event is waited for, for half a minute."""
    state = observe(aws, given, case)
    for _ in range(LOOKS):
        if state.gone or None not in state.parts.values():
            break
        aws.wait(PAUSE_SECONDS)
        state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given, "has no connection from before")]
    return [
        Check(
            what=f"{resource.split('#', 1)[0].rpartition(':')[2]} has no connection from before",
            holds=True if done else None,
            seen="restarted since" if done else "RDS shows no restart yet",
        )
        for resource, done in state.parts.items()
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    return cli(change, "reboot")
