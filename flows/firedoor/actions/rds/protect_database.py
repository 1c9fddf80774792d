"""Keep a database from being deleted: its deletion protection is switched on.

RDS then refuses to delete it, whoever asks, until somebody switches it off again, which is a second
call that shows in CloudTrail. It is switched on for the cluster where there is one. Nothing
restarts and nobody notices. It does not protect what is in the database, nor its automated backups.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.rds._database import CLUSTERS, INSTANCES, Found, OfDatabase
from firedoor.actions.rds._setting import Setting

PERMISSIONS = (
    Permission("rds:DescribeDBInstances", INSTANCES),
    Permission("rds:DescribeDBClusters", CLUSTERS),
    Permission("rds:ModifyDBInstance", INSTANCES, "and undo"),
    Permission("rds:ModifyDBCluster", CLUSTERS, "and undo"),
)
EXAMPLE = {"database": "orders-1"}
REOPENS = Reopens("whoever may delete databases could delete this one")
SETTING = Setting(
    part="deletion-protection",
    what="deletion protection",
    key="DeletionProtection",
    parameter="DeletionProtection",
    option="deletion-protection",
)

Input = OfDatabase


def observe(aws: Aws, given: OfDatabase, case: Case) -> Found:
    """Whether it is on."""
    return SETTING.observe(aws, given)


def changes(given: OfDatabase, before: Found, case: Case) -> list[Change]:
    """On."""
    return SETTING.changes(before, True)


def apply(aws: Aws, given: OfDatabase, change: Change, case: Case) -> None:
    """Switch it; a database that is gone needs none."""
    SETTING.apply(aws, given, change, shut=True)


def verify(aws: Aws, given: OfDatabase, case: Case) -> list[Check]:
    """It is on."""
    return SETTING.verify(aws, given, True, "cannot be deleted")


commands = SETTING.commands
