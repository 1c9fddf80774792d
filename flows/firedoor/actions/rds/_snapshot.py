"""Snapshots of RDS databases and of clusters: one idea, two sets of calls."""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Given
from firedoor.actions.ec2._instance import region_of
from firedoor.errors import AwsError, BadInput
from firedoor.kinds import DbSnapshotId, Region

MISSING = frozenset({"DBSnapshotNotFound", "DBClusterSnapshotNotFoundFault"})


class OfSnapshot(Given, frozen=True, kw_only=True):
    """One of the two: the snapshot of a database instance, or of a cluster (Aurora)."""

    db_snapshot: DbSnapshotId | None = None
    db_cluster_snapshot: DbSnapshotId | None = None
    region: Region | None = None


def name_of(given: OfSnapshot) -> tuple[str, bool]:
    """The name, and whether it is a cluster's; BadInput unless one of the two is given."""
    if bool(given.db_snapshot) == bool(given.db_cluster_snapshot):
        raise BadInput("give one of db_snapshot and db_cluster_snapshot")
    return str(given.db_snapshot or given.db_cluster_snapshot), not given.db_snapshot


def root_of(aws: Aws, given: OfSnapshot, case: Case) -> str:
    """The ARN of the snapshot."""
    name, cluster = name_of(given)
    kind = "cluster-snapshot" if cluster else "snapshot"
    return f"arn:{case.partition}:rds:{region_of(aws, given)}:{case.account}:{kind}:{name}"


def shared_with(aws: Aws, given: OfSnapshot) -> list[str] | None:
    """Account numbers, and `all` for everybody; None when there is no such snapshot."""
    name, cluster = name_of(given)
    kind = "db_cluster_snapshot" if cluster else "db_snapshot"
    named = {f"{'DBCluster' if cluster else 'DB'}SnapshotIdentifier": name}
    try:
        answer: dict[str, Any] = aws.call(
            "rds", f"describe_{kind}_attributes", region=region_of(aws, given), **named
        )
    except AwsError as error:
        if error.code not in MISSING:
            raise
        return None
    whole = "DBClusterSnapshotAttributes" if cluster else "DBSnapshotAttributes"
    for each in answer[f"{whole}Result"].get(whole) or ():
        if each["AttributeName"] == "restore":
            return [str(value) for value in each.get("AttributeValues") or ()]
    return []
