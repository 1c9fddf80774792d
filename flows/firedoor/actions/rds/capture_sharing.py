"""Keep what RDS says of a snapshot, and tell who it is shared with.

The snapshot itself and its permissions, as they are before anything is taken away. Who has copied
or restored it in another account cannot be seen from here: CloudTrail of that account has it.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Permission
from firedoor.actions.ec2._instance import region_of
from firedoor.actions.ec2._sharing import told
from firedoor.actions.rds._snapshot import MISSING, OfSnapshot, name_of, shared_with
from firedoor.errors import AwsError
from firedoor.kinds import AccountId

PERMISSIONS = (
    Permission("rds:DescribeDBSnapshots", "arn:{partition}:rds:{region}:{account}:snapshot:*"),
    Permission(
        "rds:DescribeDBSnapshotAttributes",
        "arn:{partition}:rds:{region}:{account}:snapshot:{db_snapshot}",
    ),
    Permission(
        "rds:DescribeDBClusterSnapshots",
        "arn:{partition}:rds:{region}:{account}:cluster-snapshot:*",
    ),
    Permission(
        "rds:DescribeDBClusterSnapshotAttributes",
        "arn:{partition}:rds:{region}:{account}:cluster-snapshot:{db_cluster_snapshot}",
    ),
)
EXAMPLE = {"db_snapshot": "orders-2026-03-14"}

Input = OfSnapshot


class Output(contract.Output, frozen=True, kw_only=True):
    """Whether everybody may restore it, and which other accounts; `shared_with`: in words."""

    public: bool
    shared_with: str
    accounts: list[AccountId]
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The snapshot and who it is shared with."""
    name, _ = name_of(given)
    shared = shared_with(aws, given)
    if shared is None:
        gone = f"there is no snapshot {name!r} (any more) in {region_of(aws, given)}"
        return Output(public=False, shared_with="nobody", accounts=[], unknown=(gone,))
    kept = {"snapshot": _described(aws, given), "restore": shared}
    return Output(
        public="all" in shared,
        shared_with=told(shared),
        accounts=[each for each in shared if each.isdigit()],
        keep=(
            Artefact(
                name=f"database-snapshot-{name.replace(':', '-')}",
                content=kept,
                about=f"Database snapshot {name} and its sharing",
            ),
        ),
    )


def _described(aws: Aws, given: Input) -> dict[str, Any] | None:
    name, cluster = name_of(given)
    region = region_of(aws, given)
    kind = "db_cluster_snapshots" if cluster else "db_snapshots"
    named = {f"{'DBCluster' if cluster else 'DB'}SnapshotIdentifier": name}
    try:
        answer = aws.call("rds", f"describe_{kind}", region=region, **named)
    except AwsError as error:
        if error.code not in MISSING:
            raise
        return None
    found = answer.get("DBClusterSnapshots" if cluster else "DBSnapshots") or [None]
    return dict(found[0]) if found[0] else None
