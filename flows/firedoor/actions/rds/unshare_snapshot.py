"""Take a snapshot of a database or a cluster away from those it is shared with.

Everybody, or accounts that are named. Whoever copied or restored it keeps what he has. Snapshots
that AWS makes by itself cannot be shared; only those made by hand are. Accounts may be partners
who need it, so they are taken away only where that is said.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.ec2._instance import region_in
from firedoor.actions.ec2._sharing import Sharing, Who, parts_of, proof, taken_away, with_
from firedoor.actions.rds._snapshot import MISSING, OfSnapshot, name_of, root_of, shared_with
from firedoor.errors import AwsError, NotFound
from firedoor.kinds import AccountId

ONE = "arn:{partition}:rds:{region}:{account}:snapshot:{db_snapshot}"
OF_CLUSTER = "arn:{partition}:rds:{region}:{account}:cluster-snapshot:{db_cluster_snapshot}"
PERMISSIONS = (
    Permission("rds:DescribeDBSnapshotAttributes", ONE),
    Permission("rds:ModifyDBSnapshotAttribute", ONE),
    Permission("rds:DescribeDBClusterSnapshotAttributes", OF_CLUSTER),
    Permission("rds:ModifyDBClusterSnapshotAttribute", OF_CLUSTER),
)
EXAMPLE = {"db_snapshot": "orders-2026-03-14", "who": "public"}
REOPENS = Reopens("they could restore the database, and copy it, again")


class Input(OfSnapshot, frozen=True, kw_only=True):
    """The snapshot; `who` loses it: `public` (everybody in the world), `accounts` (those it is
    shared with by number; `only`: these), or `everybody` (both)."""

    who: Who = "public"
    only: tuple[AccountId, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Sharing:
    """Who may restore it."""
    root = root_of(aws, given, case)
    names = shared_with(aws, given)
    if names is None:
        return Sharing(parts={}, root=root, gone=True)
    return Sharing(parts=parts_of(root, names), root=root)


def changes(given: Input, before: Sharing, case: Case) -> list[Change]:
    """Each loses it by itself."""
    return taken_away(before, given.who, given.only)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Take it away from one, or share it again. NotFound when undo comes too late."""
    operation, named = _call(change)
    try:
        aws.call("rds", operation, region=region_in(change.resource), **named)
    except AwsError as error:
        if error.code not in MISSING:
            raise
        if change.to is not None:
            raise NotFound(f"{name_of(given)[0]} has been deleted since") from None


def _call(change: Change) -> tuple[str, dict[str, Any]]:
    root = change.resource.partition("#")[0]
    cluster = ":cluster-snapshot:" in root
    name = root.split(":", 6)[6]
    verb = "ValuesToAdd" if change.to else "ValuesToRemove"
    return f"modify_db_{'cluster_' if cluster else ''}snapshot_attribute", {
        f"{'DBCluster' if cluster else 'DB'}SnapshotIdentifier": name,
        "AttributeName": "restore",
        verb: [with_(change.resource)],
    }


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """They are not among those who may restore it."""
    return proof(name_of(given)[0], observe(aws, given, case), given.who, given.only)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    operation, named = _call(change)
    cluster = "cluster" in operation
    words = ["rds", operation.replace("_", "-"), "--region", region_in(change.resource)]
    words += [f"--db-{'cluster-' if cluster else ''}snapshot-identifier"]
    words += [change.resource.partition("#")[0].split(":", 6)[6], "--attribute-name", "restore"]
    option = "--values-to-add" if "ValuesToAdd" in named else "--values-to-remove"
    return [[*words, option, with_(change.resource)]]
