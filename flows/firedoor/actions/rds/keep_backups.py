"""Switch automated backups on again where somebody has set them to none.

A retention of 0 days deletes all automated backups and makes no more; it is how data is destroyed
for good, step one. Here 0 becomes 7 days (or `days`); any other retention is left as it is. On a
database that is not a cluster RDS may restart it for this. It cannot be undone: setting 0 again
would delete the backups that were made meanwhile. Backups that are gone do not come back.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Permission
from firedoor.actions.rds._database import (
    CLUSTERS,
    INSTANCES,
    Found,
    OfDatabase,
    gone_check,
)
from firedoor.actions.rds._setting import Setting
from firedoor.errors import Refused

PERMISSIONS = (
    Permission("rds:DescribeDBInstances", INSTANCES),
    Permission("rds:DescribeDBClusters", CLUSTERS),
    Permission("rds:ModifyDBInstance", INSTANCES),
    Permission("rds:ModifyDBCluster", CLUSTERS),
)
EXAMPLE = {"database": "orders-1"}
IRREVERSIBLE = "a retention of 0 would delete the backups that were made since"
SETTING = Setting(
    part="backup-retention",
    what="backup retention in days",
    key="BackupRetentionPeriod",
    parameter="BackupRetentionPeriod",
    option="backup-retention-period",
)


class Input(OfDatabase, frozen=True, kw_only=True):
    """The database, and for how many days backups are kept."""

    days: int = 7


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """For how many days."""
    return SETTING.observe(aws, given)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """From 0 to the days that are wanted."""
    if any(before.parts.values()):
        return []
    return SETTING.changes(before, given.days, lost=IRREVERSIBLE)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set the retention, never to 0."""
    if not change.to:
        raise Refused(
            f"no backups for {given.name!r} cannot be brought back: {IRREVERSIBLE}",
            rule="irreversible",
            instead="Set it by hand if that is what you want",
        )
    SETTING.apply(aws, given, change, shut=given.days)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Backups are made and kept."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given, "makes automated backups")]
    now = next(iter(state.parts.values()))
    return [
        Check(
            what=f"{given.name} makes automated backups",
            holds=bool(now),
            seen=f"kept for {now or 0} days",
        )
    ]


commands = SETTING.commands
