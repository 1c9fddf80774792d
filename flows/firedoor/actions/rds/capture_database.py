"""Keep what RDS says of a database, and the end of its logs, before anything about it is changed.

The instance or cluster with all its settings and instances, tags, its parameters that somebody has
set, its events of the last days, its manual snapshots with whom they are shared, and the newest log
files, the last megabyte of each. Says what later steps ask: public, protected, with backups, how
the master password is kept, which snapshots are shared. The data itself is in a snapshot
(rds.snapshot_database). Sessions and users inside the engine are seen only there. What may not be
read is said in `unknown`.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firedoor.actions import contract
from firedoor.actions._side_by_side import side_by_side
from firedoor.actions.contract import Artefact, Aws, Case, Permission
from firedoor.actions.rds._database import (
    CLUSTERS,
    INSTANCES,
    Database,
    OfDatabase,
    described,
)
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import DbParameterGroup, DbSnapshotId, Time, time_text

EVERY = "arn:{partition}:rds:{region}:{account}:"
PERMISSIONS = (
    Permission("rds:DescribeDBInstances", INSTANCES),
    Permission("rds:DescribeDBClusters", CLUSTERS),
    Permission("rds:DescribeDBParameters", EVERY + "pg:*"),
    Permission("rds:DescribeDBClusterParameters", EVERY + "cluster-pg:*"),
    Permission("rds:DescribeEvents"),
    Permission("rds:DescribeDBLogFiles", INSTANCES),
    Permission("rds:DownloadDBLogFilePortion", INSTANCES),
    Permission("rds:DescribeDBSnapshots", why="of this database"),
    Permission("rds:DescribeDBSnapshotAttributes", EVERY + "snapshot:*"),
    Permission("rds:DescribeDBClusterSnapshots", why="of this cluster"),
    Permission("rds:DescribeDBClusterSnapshotAttributes", EVERY + "cluster-snapshot:*"),
)
EXAMPLE = {"database": "orders-1"}
KEEPS = ("rds.database", "rds.logs")
LOG_FILES = 5
"""How many log files of an instance are kept, the newest."""
MOST_SNAPSHOTS = 50
"""Of how many snapshots it is read whom they are shared with, the newest."""
LINES = 10000
_DAYS = 14

Input = OfDatabase


class Output(contract.Output, frozen=True, kw_only=True):
    """What later steps ask about; the rest is in the kept documents. `taken`: when it was read.

    `of_cluster`: a cluster holds the settings. `shared…`: snapshots that other accounts, or all,
    may restore.
    """

    exists: bool
    of_cluster: bool
    engine: str
    public: bool
    protected: bool
    backups: bool
    iam_authentication: bool
    managed_password: bool
    parameter_group: DbParameterGroup | None
    shared_snapshots: list[DbSnapshotId]
    shared_cluster_snapshots: list[DbSnapshotId]
    shared_said: str
    taken: Time
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]
    not_kept: tuple[str, ...]


def observe(aws: Aws, given: OfDatabase, case: Case) -> Output:
    """The database first, then everything about it, side by side."""
    database = described(aws, given)
    if database is None:
        return _absent(given, case)
    parameters = _parameter_group(database)
    reads: dict[str, Callable[[], Any]] = {
        "parameters": lambda: _parameters(aws, given, database, parameters),
        "events": lambda: _events(aws, given, database),
        "logs": lambda: {
            each["DBInstanceIdentifier"]: _logs(aws, given, each["DBInstanceIdentifier"])
            for each in database.instances
        },
        "snapshots": lambda: _snapshots(aws, given, database),
    }
    found, refused = side_by_side(reads)
    logs = found.pop("logs", None)
    shared = [each["name"] for each in found.get("snapshots", ()) if each.get("shared_with")]
    of_cluster = database.cluster is not None
    holder = database.holder
    document = {"cluster": database.cluster, "instances": list(database.instances), **found}
    keep = [
        Artefact(
            name=f"rds-{given.name}",
            content=document,
            about=f"Database {given.name} before containment",
        )
    ]
    if logs is not None:
        keep.append(
            Artefact(
                name=f"rds-logs-{given.name}",
                content=logs,
                about=f"The end of the newest logs of database {given.name}",
            )
        )
    return Output(
        exists=True,
        of_cluster=of_cluster,
        engine=str(holder.get("Engine") or ""),
        public=any(each.get("PubliclyAccessible") for each in database.instances),
        protected=bool(holder.get("DeletionProtection")),
        backups=bool(holder.get("BackupRetentionPeriod")),
        iam_authentication=bool(holder.get("IAMDatabaseAuthenticationEnabled")),
        managed_password=bool(holder.get("MasterUserSecret")),
        parameter_group=parameters or None,
        shared_snapshots=[] if of_cluster else shared,
        shared_cluster_snapshots=shared if of_cluster else [],
        shared_said=", ".join(shared),
        taken=time_text(case.now),
        keep=tuple(keep),
        unknown=tuple(f"{name} of {given.name}: {why}" for name, why in refused),
        not_kept=() if logs is not None else ("rds.logs",),
    )


def _absent(given: OfDatabase, case: Case) -> Output:
    return Output(
        exists=False,
        of_cluster=bool(given.cluster),
        engine="",
        public=False,
        protected=False,
        backups=False,
        iam_authentication=False,
        managed_password=False,
        parameter_group=None,
        shared_snapshots=[],
        shared_cluster_snapshots=[],
        shared_said="",
        taken=time_text(case.now),
        keep=(),
        unknown=(
            f"RDS knows no database {given.name!r} there: it has been deleted (or never was). Look "
            "for retained backups: aws rds describe-db-instance-automated-backups",
        ),
        not_kept=KEEPS,
    )


def _parameter_group(database: Database) -> str:
    if database.cluster is not None:
        return str(database.cluster.get("DBClusterParameterGroup") or "")
    groups = database.holder.get("DBParameterGroups") or [{}]
    return str(groups[0].get("DBParameterGroupName") or "")


def _parameters(aws: Aws, given: OfDatabase, database: Database, group: str) -> list[Any]:
    """What somebody has set; the engine's own defaults are the same for everybody."""
    if not group:
        return []
    part = "cluster_" if database.cluster is not None else ""
    named = {f"DB{'Cluster' if part else ''}ParameterGroupName": group, "Source": "user"}
    return list(
        aws.pages(
            "rds", f"describe_db_{part}parameters", "Parameters", region=given.region, **named
        )
    )


def _events(aws: Aws, given: OfDatabase, database: Database) -> list[Any]:
    sources = [("db-instance", each["DBInstanceIdentifier"]) for each in database.instances]
    if database.cluster is not None:
        sources.append(("db-cluster", database.cluster["DBClusterIdentifier"]))
    return [
        event
        for kind, name in sources
        for event in aws.pages(
            "rds",
            "describe_events",
            "Events",
            region=given.region,
            SourceIdentifier=name,
            SourceType=kind,
            Duration=_DAYS * 24 * 60,
        )
    ]


def _logs(aws: Aws, given: OfDatabase, instance: str) -> dict[str, Any]:
    """The newest log files, the end of each; why not, where one cannot be read."""
    listed = aws.pages(
        "rds",
        "describe_db_log_files",
        "DescribeDBLogFiles",
        region=given.region,
        DBInstanceIdentifier=instance,
    )
    newest = sorted(listed, key=lambda file: file.get("LastWritten") or 0, reverse=True)
    found: dict[str, Any] = {"files": newest}
    for file in newest[:LOG_FILES]:
        name = str(file["LogFileName"])
        try:
            # Without a marker RDS gives the end of the file: a megabyte, or this many lines.
            portion = aws.call(
                "rds",
                "download_db_log_file_portion",
                region=given.region,
                DBInstanceIdentifier=instance,
                LogFileName=name,
                NumberOfLines=LINES,
            )
        except NoCredentials:
            raise
        except AwsError as error:
            found[name] = {"unknown": error.message}
        else:
            found[name] = portion.get("LogFileData") or ""
    return found


def _snapshots(aws: Aws, given: OfDatabase, database: Database) -> list[dict[str, Any]]:
    """Its manual snapshots, newest first, and which accounts may restore each."""
    part = "Cluster" if database.cluster is not None else ""
    kind = f"db_{'cluster_' if part else ''}snapshot"
    name = database.arn.rpartition(":")[2]
    named = {f"DB{part or 'Instance'}Identifier": name, "SnapshotType": "manual"}
    listed = aws.pages(
        "rds", f"describe_{kind}s", f"DB{part}Snapshots", region=given.region, **named
    )
    newest = sorted(listed, key=lambda one: str(one.get("SnapshotCreateTime")), reverse=True)
    found = []
    for each in newest[:MOST_SNAPSHOTS]:
        said = str(each[f"DB{part}SnapshotIdentifier"])
        answer = aws.call(
            "rds",
            f"describe_{kind}_attributes",
            region=given.region,
            **{f"DB{part}SnapshotIdentifier": said},
        )
        attributes = answer[f"DB{part}SnapshotAttributesResult"]
        shared = [
            value
            for one in attributes.get(f"DB{part}SnapshotAttributes") or ()
            if one["AttributeName"] == "restore"
            for value in one.get("AttributeValues") or ()
        ]
        found.append({"name": said, "shared_with": shared, "snapshot": each})
    return found
