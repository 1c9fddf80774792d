"""Take a database off the internet: its instances get no public address any more.

PubliclyAccessible is switched off for the instance, or for each instance of the cluster. The name
of the database then leads to its private address, also for whoever was connected from outside;
clients in other networks that came over the internet lose their way in. Security groups stay as
they are (rds.isolate_database). Sessions that are open may last until the address is gone, a minute
or so.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.rds._database import (
    CLUSTERS,
    INSTANCES,
    Found,
    OfDatabase,
    cli,
    described,
    gone_check,
    modify,
    named,
)

PERMISSIONS = (
    Permission("rds:DescribeDBInstances", INSTANCES),
    Permission("rds:DescribeDBClusters", CLUSTERS),
    Permission("rds:ModifyDBInstance", INSTANCES, "and undo"),
)
EXAMPLE = {"database": "orders-1"}
REOPENS = Reopens("the database would have a public address again")

Input = OfDatabase


def observe(aws: Aws, given: OfDatabase, case: Case) -> Found:
    """Whether each instance is public."""
    database = described(aws, given)
    if database is None:
        return Found(parts={}, gone=True)
    return Found(
        parts={
            f"{each['DBInstanceArn']}#publicly-accessible": bool(each.get("PubliclyAccessible"))
            for each in database.instances
        }
    )


def changes(given: OfDatabase, before: Found, case: Case) -> list[Change]:
    """Off, for each that is on."""
    return [
        Change(resource=resource, what="public address", from_=True, to=False)
        for resource, public in before.parts.items()
        if public
    ]


def apply(aws: Aws, given: OfDatabase, change: Change, case: Case) -> None:
    """Switch it for one instance; one that is gone has no address."""
    modify(aws, given, change, shut=False, PubliclyAccessible=bool(change.to))


def verify(aws: Aws, given: OfDatabase, case: Case) -> list[Check]:
    """No instance is public."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given, "has no public address")]
    open_ = [
        named(Change(resource=resource, what="", from_=None, to=None))[1]
        for resource, public in state.parts.items()
        if public
    ]
    seen = f"public: {', '.join(open_)}" if open_ else "not publicly accessible"
    return [Check(what=f"{given.name} has no public address", holds=not open_, seen=seen)]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    return cli(change, "modify", f"--{'' if change.to else 'no-'}publicly-accessible")
