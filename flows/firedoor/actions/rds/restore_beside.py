"""Restore a database to a moment before the incident, beside the original, which is not touched.

RDS makes a new instance (or cluster with one instance) from its automated backups, as the database
was at `to`, in the same subnets, not public, under firedoor's isolation group where the incident
has one and else under the original's groups. Look into it before you rely on it; moving the
application over is for people. It takes from minutes to hours, and costs like the original. Undo
leaves it: it may be all there is.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from firedoor.actions import contract
from firedoor.actions.contract import Aws, Case, Change, Check, Permission
from firedoor.actions.rds._database import (
    CLUSTERS,
    GONE,
    INSTANCES,
    Database,
    Found,
    OfDatabase,
    described,
)
from firedoor.errors import AwsError, NotFound, Refused
from firedoor.kinds import DbClusterId, Time, parse_time

PERMISSIONS = (
    Permission("rds:DescribeDBInstances", INSTANCES),
    Permission("rds:DescribeDBClusters", CLUSTERS),
    Permission("rds:RestoreDBInstanceToPointInTime", "arn:{partition}:rds:{region}:{account}:*"),
    Permission("rds:RestoreDBClusterToPointInTime", "arn:{partition}:rds:{region}:{account}:*"),
    Permission("rds:CreateDBInstance", INSTANCES, "the instance of a restored cluster"),
    Permission("rds:CreateDBInstance", CLUSTERS, "the same"),
    Permission("rds:AddTagsToResource", "arn:{partition}:rds:{region}:{account}:*:firedoor-*"),
)
EXAMPLE = {"database": "orders-1", "to": "2026-03-14T02:00:00.000Z"}
IRREVERSIBLE = "a restored database is left: it may be in use; whoever closes the case deletes it"
RESTORED = "restored"


class Input(OfDatabase, frozen=True, kw_only=True):
    """The database, and the moment."""

    to: Time


class State(Found, frozen=True, kw_only=True):
    """What there is of the restored one; `original` is what it is made from."""

    original: dict[str, Any] = msgspec.field(default_factory=dict)


class Output(contract.Output, frozen=True, kw_only=True):
    """The name of the restored instance or cluster."""

    restored: DbClusterId | None


def observe(aws: Aws, given: Input, case: Case) -> State:
    """The restored cluster or instance, and the instance of the restored cluster."""
    database = described(aws, given)
    if database is None:
        return State(parts={}, gone=True)
    name = _name(database, case)
    prefix = database.arn.rsplit(":", 2)[0]
    parts: dict[str, Any] = {}
    if database.cluster is not None:
        there = _status(aws, given, "cluster", name)
        parts[f"{prefix}:cluster:{name}#restored"] = RESTORED if there else None
    there = _status(aws, given, "instance", name)
    parts[f"{prefix}:db:{name}#restored"] = RESTORED if there else None
    return State(parts=parts, original=_settings(database))


def _name(database: Database, case: Case) -> str:
    return case.name(f"{database.arn.rpartition(':')[2]}-restored").lower()[:63].rstrip("-")


def _settings(database: Database) -> dict[str, Any]:
    holder = database.holder
    subnets = holder.get("DBSubnetGroup") or {}
    first = database.instances[0] if database.instances else {}
    return {
        "name": database.arn.rpartition(":")[2],
        "subnets": subnets if isinstance(subnets, str) else subnets.get("DBSubnetGroupName"),
        "groups": database.groups,
        "class": first.get("DBInstanceClass"),
        "engine": holder.get("Engine"),
    }


def _status(aws: Aws, given: Input, kind: str, name: str) -> str:
    part = kind.title()
    try:
        answer = aws.call(
            "rds",
            f"describe_db_{kind}s",
            region=given.region,
            **{f"DB{part}Identifier": name},
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        return ""
    found = answer[f"DB{part}s"]
    return str(found[0].get("Status" if kind == "cluster" else "DBInstanceStatus") or "creating")


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Each from none to restored, the cluster first."""
    return [
        Change(
            resource=resource, what="restored database", from_=None, to=RESTORED, lost=IRREVERSIBLE
        )
        for resource, there in before.parts.items()
        if there is None
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Ask RDS for it; NotFound when the original is gone."""
    if change.to != RESTORED:
        raise Refused(
            f"{change.resource} cannot be brought back to not being there: {IRREVERSIBLE}",
            rule="irreversible",
            instead="Delete it by hand when nobody uses it",
        )
    database = described(aws, given)
    if database is None:
        raise NotFound(
            f"{given.name!r} has been deleted: restore it from a snapshot or a retained backup "
            "instead (aws rds describe-db-instance-automated-backups)"
        )
    if observe(aws, given, case).parts.get(change.resource) == RESTORED:
        return
    original = _settings(database)
    name = change.resource.split("#", 1)[0].rpartition(":")[2]
    tags = [{"Key": "firedoor:incident", "Value": case.incident}]
    place = {"DBSubnetGroupName": original["subnets"]} if original["subnets"] else {}
    common = {"VpcSecurityGroupIds": original["groups"], "Tags": tags, **place}
    moment = parse_time(given.to)
    if ":cluster:" in change.resource:
        aws.call(
            "rds",
            "restore_db_cluster_to_point_in_time",
            region=given.region,
            DBClusterIdentifier=name,
            SourceDBClusterIdentifier=original["name"],
            RestoreToTime=moment,
            DeletionProtection=True,
            **common,
        )
    elif database.cluster is not None:
        aws.call(
            "rds",
            "create_db_instance",
            region=given.region,
            DBInstanceIdentifier=name,
            DBClusterIdentifier=name,
            DBInstanceClass=original["class"],
            Engine=original["engine"],
            PubliclyAccessible=False,
            Tags=tags,
        )
    else:
        aws.call(
            "rds",
            "restore_db_instance_to_point_in_time",
            region=given.region,
            SourceDBInstanceIdentifier=original["name"],
            TargetDBInstanceIdentifier=name,
            RestoreTime=moment,
            PubliclyAccessible=False,
            DeletionProtection=True,
            **common,
        )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """RDS has it, or is making it."""
    state = observe(aws, given, case)
    what = f"{given.name} as it was at {given.to} stands beside it"
    if state.gone:
        return [Check(what=what, holds=None, seen="the original is gone")]
    missing = [resource for resource, there in state.parts.items() if there is None]
    seen = "RDS has it, or is making it" if not missing else "it is not there"
    return [Check(what=what, holds=not missing, seen=seen)]


def output(given: Input, before: State, case: Case) -> Output:
    """Its name."""
    for resource in before.parts:
        return Output(restored=resource.split("#", 1)[0].rpartition(":")[2])
    return Output(restored=None)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words; the original and the moment are to be put in."""
    parts = change.resource.split("#", 1)[0].split(":")
    where = ["--region", parts[3]]
    if parts[5] == "cluster":
        ids = ["--db-cluster-identifier", parts[6], "--source-db-cluster-identifier", "ORIGINAL"]
        call = "restore-db-cluster-to-point-in-time"
        return [["rds", call, *where, *ids, "--restore-to-time", "TIME"]]
    ids = ["--source-db-instance-identifier", "ORIGINAL"]
    ids += ["--target-db-instance-identifier", parts[6], "--no-publicly-accessible"]
    call = "restore-db-instance-to-point-in-time"
    return [["rds", call, *where, *ids, "--restore-time", "TIME"]]
