"""Put a database under a parameter group that is known to be good.

Parameters decide what the engine logs, whether connections are encrypted, how passwords are taken
and which extensions are loaded; RDS keeps no history of them. A cluster gets a cluster parameter
group, an instance one for instances. Parameters that are static count from the next restart on
(rds.restart_database). Undoing puts the former group back.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.rds._database import (
    CLUSTERS,
    INSTANCES,
    Database,
    Found,
    OfDatabase,
    cli,
    described,
    gone_check,
    modify,
    named,
)
from firedoor.kinds import DbParameterGroup

PERMISSIONS = (
    Permission("rds:DescribeDBInstances", INSTANCES),
    Permission("rds:DescribeDBClusters", CLUSTERS),
    Permission("rds:ModifyDBInstance", INSTANCES, "and undo"),
    Permission("rds:ModifyDBInstance", "arn:{partition}:rds:{region}:{account}:pg:*"),
    Permission("rds:ModifyDBCluster", CLUSTERS, "and undo"),
    Permission("rds:ModifyDBCluster", "arn:{partition}:rds:{region}:{account}:cluster-pg:*"),
)
EXAMPLE = {"database": "orders-1", "group": "orders-postgres16"}
REOPENS = Reopens("the engine would run with the parameters that were tampered with")


class Input(OfDatabase, frozen=True, kw_only=True):
    """The database, and the good parameter group."""

    group: DbParameterGroup


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The parameter group that it has."""
    database = described(aws, given)
    if database is None:
        return Found(parts={}, gone=True)
    return Found(parts={f"{database.arn}#parameter-group": _group(database)})


def _group(database: Database) -> str:
    if database.cluster is not None:
        return str(database.cluster.get("DBClusterParameterGroup") or "")
    groups = database.holder.get("DBParameterGroups") or [{}]
    return str(groups[0].get("DBParameterGroupName") or "")


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """To the good one."""
    return [
        Change(resource=resource, what="parameter group", from_=now, to=given.group)
        for resource, now in before.parts.items()
        if now != given.group
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set the group; a database that is gone needs none."""
    of_cluster = named(change)[0] == "cluster"
    parameter = "DBClusterParameterGroupName" if of_cluster else "DBParameterGroupName"
    modify(aws, given, change, shut=given.group, **{parameter: str(change.to)})


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It has the good group."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given, f"is under {given.group}")]
    now = next(iter(state.parts.values()))
    seen = f"parameter group {now}; static parameters count from the next restart on"
    return [Check(what=f"{given.name} is under {given.group}", holds=now == given.group, seen=seen)]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    of_cluster = named(change)[0] == "cluster"
    option = "--db-cluster-parameter-group-name" if of_cluster else "--db-parameter-group-name"
    return cli(change, "modify", option, str(change.to))
