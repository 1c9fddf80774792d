"""Set whether IAM may sign people in to a database, back to what it was or should be.

With sign-in through IAM, whoever may call rds-db:connect as a database user needs no password: an
attacker with rights in IAM switches it on to get in, or off to lock the application out. Sessions
that are open stay open. It takes effect within minutes; the engine is not restarted.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
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
EXAMPLE = {"database": "orders-1", "enabled": False}
REOPENS = Reopens("the way of signing in that was changed would be as the attacker left it")
SETTING = Setting(
    part="iam-authentication",
    what="sign-in through IAM",
    key="IAMDatabaseAuthenticationEnabled",
    parameter="EnableIAMDatabaseAuthentication",
    option="enable-iam-database-authentication",
)


class Input(OfDatabase, frozen=True, kw_only=True):
    """The database, and whether IAM is to sign people in."""

    enabled: bool


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """Whether it is on."""
    return SETTING.observe(aws, given)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """To what is wanted."""
    return SETTING.changes(before, given.enabled)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Switch it; nobody signs in to a database that is gone."""
    SETTING.apply(aws, given, change, shut=given.enabled)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is as wanted."""
    words = "signs people in through IAM" if given.enabled else "signs nobody in through IAM"
    return SETTING.verify(aws, given, given.enabled, words)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    return SETTING.commands(change)
