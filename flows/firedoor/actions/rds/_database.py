"""What actions on databases share: a database is an instance, or a cluster with its instances.

Of an instance in a cluster (Aurora, and Multi-AZ clusters) the cluster holds security groups,
master password, deletion protection, backups and sign-in with IAM: RDS ignores or refuses what is
asked of the instance. `holder` says which of the two an action has to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from firedoor.actions.contract import Aws, Change, Check, Given, State
from firedoor.errors import AwsError, BadInput, NotFound, RunFailed
from firedoor.kinds import DbClusterId, DbInstanceId, Region

INSTANCE = "arn:{partition}:rds:{region}:{account}:db:{database}"
CLUSTER = "arn:{partition}:rds:{region}:{account}:cluster:{cluster}"
# Which cluster an instance belongs to, and which instances a cluster has, is not known beforehand.
INSTANCES = "arn:{partition}:rds:{region}:{account}:db:*"
CLUSTERS = "arn:{partition}:rds:{region}:{account}:cluster:*"
GONE = frozenset({"DBInstanceNotFound", "DBInstanceNotFoundFault", "DBClusterNotFoundFault"})
BUSY = frozenset({"InvalidDBInstanceState", "InvalidDBClusterStateFault"})
"""What RDS answers while it is busy with the database: backing up, modifying, rebooting."""
DELETED = "the database has been deleted"
PATIENCE = (5.0, 10.0, 15.0, 30.0, 30.0, 30.0)
"""Pauses in seconds while RDS is busy: two minutes, within the time that a step has."""


class OfDatabase(Given, frozen=True, kw_only=True):
    """The database: an instance, or a cluster (which counts, where both are given); its Region."""

    database: DbInstanceId | None = None
    cluster: DbClusterId | None = None
    region: Region | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.cluster or self.database)


class Found(State, frozen=True, kw_only=True):
    """What was found of a database; `gone`: RDS knows none of that name."""

    gone: bool = False


@dataclass(frozen=True)
class Database:
    """A database as RDS describes it. `cluster` is None for an instance on its own."""

    instances: tuple[dict[str, Any], ...]
    cluster: dict[str, Any] | None = None

    @property
    def holder(self) -> dict[str, Any]:
        """The cluster, or the instance on its own: who holds the settings."""
        return self.cluster if self.cluster is not None else self.instances[0]

    @property
    def arn(self) -> str:
        """The holder's ARN."""
        return str(self.holder["DBClusterArn" if self.cluster else "DBInstanceArn"])

    @property
    def groups(self) -> list[str]:
        """The holder's security groups."""
        return [str(each["VpcSecurityGroupId"]) for each in self.holder["VpcSecurityGroups"]]


def described(aws: Aws, given: OfDatabase) -> Database | None:
    """The database with what belongs to it; None when there is none of that name."""
    if not given.database and not given.cluster:
        raise BadInput("give database (an instance) or cluster")
    try:
        if given.cluster:
            return _cluster(aws, given, given.cluster)
        instance = _instance(aws, given, str(given.database))
        if instance.get("DBClusterIdentifier"):
            return _cluster(aws, given, str(instance["DBClusterIdentifier"]))
        return Database(instances=(instance,))
    except AwsError as error:
        if error.code in GONE:
            return None
        raise


def _cluster(aws: Aws, given: OfDatabase, name: str) -> Database:
    answer = aws.call("rds", "describe_db_clusters", region=given.region, DBClusterIdentifier=name)
    cluster: dict[str, Any] = answer["DBClusters"][0]
    members = [str(each["DBInstanceIdentifier"]) for each in cluster.get("DBClusterMembers") or ()]
    return Database(
        instances=tuple(_instance(aws, given, member) for member in members), cluster=cluster
    )


def _instance(aws: Aws, given: OfDatabase, name: str) -> dict[str, Any]:
    answer = aws.call(
        "rds", "describe_db_instances", region=given.region, DBInstanceIdentifier=name
    )
    found: dict[str, Any] = answer["DBInstances"][0]
    return found


def modify(aws: Aws, given: OfDatabase, change: Change, /, *, shut: Any = None, **to: Any) -> None:
    """Set something at once of the instance or cluster that a change's resource names.

    RDS refuses while it is busy with the database, and carries nothing out then: it is asked again
    for two minutes. To shut what is gone is done; to open it is NotFound.
    """
    part = "cluster" if named(change)[0] == "cluster" else "instance"
    with_patience(aws, given, change, f"modify_db_{part}", shut=shut, ApplyImmediately=True, **to)


def with_patience(
    aws: Aws, given: OfDatabase, change: Change, operation: str, /, *, shut: Any = None, **more: Any
) -> None:
    """A changing call about the instance or cluster of a change's resource; see `modify`."""
    kind, name = named(change)
    call = {f"DB{'Cluster' if kind == 'cluster' else 'Instance'}Identifier": name, **more}
    for pause in (*PATIENCE, None):
        try:
            aws.call("rds", operation, region=given.region, **call)
            return
        except AwsError as error:
            if error.code in GONE and change.to == shut:
                return
            if error.code in GONE:
                raise NotFound(f"{name} has been deleted since: {change.what} is lost") from None
            if error.code not in BUSY:
                raise
            if pause is None:
                raise RunFailed(
                    f"{change.what} of {name} is NOT changed: RDS is still busy with it "
                    f"({error.message}). Run this again when its status is `available`"
                ) from error
            aws.wait(pause)


def named(change: Change) -> tuple[str, str]:
    """`db` or `cluster`, and the name, in a change's resource."""
    parts = change.resource.split("#", 1)[0].split(":")
    return parts[5], parts[6]


def gone_check(given: OfDatabase, what: str) -> Check:
    """The check of a database that is not there any more."""
    return Check(what=f"{given.name} {what}", holds=True, seen=DELETED)


def cli(change: Change, verb: str, *words: str) -> list[list[str]]:
    """The AWS CLI's words for a call about what a change's resource names."""
    kind, name = named(change)
    part = "cluster" if kind == "cluster" else "instance"
    region = ["--region", change.resource.split(":")[3]]
    now = ["--apply-immediately"] if verb == "modify" else []
    return [["rds", f"{verb}-db-{part}", f"--db-{part}-identifier", name, *region, *now, *words]]
