"""Take a snapshot of a database as evidence, before anything about it is changed.

Of a cluster the cluster call is used: of an instance in a cluster RDS takes none. The moment is
fixed as soon as RDS answers; the copy goes on behind it (`creating`), and the later checks of the
run and `firedoor verify` read whether it came to its end. While it is made RDS may refuse other
changes for a while; firedoor's own then wait. The snapshot bears the tag `firedoor:incident`, and
stays when the incident is undone: it is evidence. It has what the database has, so treat it as
such.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CreateSnapshot.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions import contract
from firedoor.actions.contract import Aws, Case, Change, Check, Permission
from firedoor.actions.rds._database import (
    CLUSTERS,
    INSTANCES,
    Database,
    Found,
    OfDatabase,
    described,
    with_patience,
)
from firedoor.errors import AwsError, Refused
from firedoor.kinds import DbSnapshotId

SNAPSHOT = "arn:{partition}:rds:{region}:{account}:snapshot:firedoor-*"
CLUSTER_SNAPSHOT = "arn:{partition}:rds:{region}:{account}:cluster-snapshot:firedoor-*"
PERMISSIONS = (
    Permission("rds:DescribeDBInstances", INSTANCES),
    Permission("rds:DescribeDBClusters", CLUSTERS),
    Permission("rds:DescribeDBSnapshots", SNAPSHOT),
    Permission("rds:DescribeDBClusterSnapshots", CLUSTER_SNAPSHOT),
    Permission("rds:CreateDBSnapshot", INSTANCES),
    Permission("rds:CreateDBSnapshot", SNAPSHOT),
    Permission("rds:CreateDBClusterSnapshot", CLUSTERS),
    Permission("rds:CreateDBClusterSnapshot", CLUSTER_SNAPSHOT),
    Permission("rds:AddTagsToResource", SNAPSHOT, "the snapshot says what it is for"),
    Permission("rds:AddTagsToResource", CLUSTER_SNAPSHOT, "the snapshot says what it is for"),
)
EXAMPLE = {"database": "orders-1"}
IRREVERSIBLE = "a snapshot is evidence: undo leaves it, and whoever closes the case deletes it"
KEEPS = ("rds.data",)
MISSING = frozenset(
    {"DBSnapshotNotFound", "DBSnapshotNotFoundFault", "DBClusterSnapshotNotFoundFault"}
)
EXISTS = frozenset({"DBSnapshotAlreadyExists", "DBClusterSnapshotAlreadyExistsFault"})

Input = OfDatabase


class State(Found, frozen=True, kw_only=True):
    """Whether it has been taken; `status` as RDS says it, "" when there is none."""

    status: str = ""


class Output(contract.Output, frozen=True, kw_only=True):
    """The snapshot's name; `not_kept`: what was gone before."""

    snapshot: DbSnapshotId | None
    of_cluster: bool
    not_kept: tuple[str, ...] = ()


def observe(aws: Aws, given: OfDatabase, case: Case) -> State:
    """The snapshot of this incident, where there is one."""
    database = described(aws, given)
    if database is None:
        return State(parts={}, gone=True)
    status = _status(aws, given, database, case)
    resource = f"{database.arn}#snapshot/{_name(database, case)}"
    return State(parts={resource: "taken" if status else None}, status=status)


def _name(database: Database, case: Case) -> str:
    return case.name(database.arn.rpartition(":")[2]).lower().replace("--", "-")[:255]


def _status(aws: Aws, given: OfDatabase, database: Database, case: Case) -> str:
    part = "Cluster" if database.cluster is not None else ""
    try:
        answer: dict[str, Any] = aws.call(
            "rds",
            f"describe_db_{'cluster_' if part else ''}snapshots",
            region=given.region,
            **{f"DB{part}SnapshotIdentifier": _name(database, case)},
        )
    except AwsError as error:
        if error.code not in MISSING:
            raise
        return ""
    found = answer.get(f"DB{part}Snapshots") or ()
    return str(found[0].get("Status") or "creating") if found else ""


def changes(given: OfDatabase, before: State, case: Case) -> list[Change]:
    """From none to one."""
    return [
        Change(resource=resource, what="snapshot", from_=None, to="taken", lost=IRREVERSIBLE)
        for resource, taken in before.parts.items()
        if taken is None
    ]


def apply(aws: Aws, given: OfDatabase, change: Change, case: Case) -> None:
    """Ask for the snapshot; one that is there already is the one."""
    if change.to is None:
        raise Refused(
            f"{change.resource}: the snapshot cannot be brought back to not being there: "
            f"{IRREVERSIBLE}",
            rule="irreversible",
            instead="Delete it by hand when the case is closed",
        )
    name = change.resource.rpartition("/")[2]
    part = "Cluster" if ":cluster:" in change.resource else ""
    tags = [{"Key": "firedoor:incident", "Value": case.incident}]
    try:
        with_patience(
            aws,
            given,
            change,
            f"create_db_{'cluster_' if part else ''}snapshot",
            **{f"DB{part}SnapshotIdentifier": name, "Tags": tags},
        )
    except AwsError as error:
        if error.code not in EXISTS:
            raise


def verify(aws: Aws, given: OfDatabase, case: Case) -> list[Check]:
    """It is there, or being made."""
    state = observe(aws, given, case)
    what = f"a snapshot of {given.name} was taken"
    if state.gone:
        return [Check(what=what, holds=None, seen="there is no such database")]
    holds = state.status in ("available", "creating")
    return [Check(what=what, holds=holds, seen=f"status {state.status or 'none'}")]


def output(given: OfDatabase, before: State, case: Case) -> Output:
    """Where the evidence is."""
    for resource in before.parts:
        name = resource.rpartition("/")[2]
        return Output(snapshot=name, of_cluster=":cluster:" in resource)
    return Output(snapshot=None, of_cluster=False, not_kept=KEEPS)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    parts = change.resource.split("#", 1)[0].split(":")
    name = change.resource.rpartition("/")[2]
    where = ["--region", parts[3]]
    if parts[5] == "cluster":
        ids = ["--db-cluster-identifier", parts[6], "--db-cluster-snapshot-identifier", name]
        return [["rds", "create-db-cluster-snapshot", *where, *ids]]
    ids = ["--db-instance-identifier", parts[6], "--db-snapshot-identifier", name]
    return [["rds", "create-db-snapshot", *where, *ids]]
