"""Give a database a new master password that nobody has seen, kept by Secrets Manager.

Where Secrets Manager keeps the master password already, it is rotated; otherwise RDS makes one and
puts it there (ManageMasterUserPassword). firedoor never sees it. It cannot be undone: the former
password is gone, and whatever signs in with it, the application perhaps, has to take the new one
from Secrets Manager. Other users of the engine keep theirs: the one whom the finding names is to be
changed in the engine itself. Sessions that are open stay open (rds.restart_database).
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Permission
from firedoor.actions.rds._database import (
    CLUSTERS,
    INSTANCES,
    Found,
    OfDatabase,
    cli,
    described,
    gone_check,
    modify,
)
from firedoor.errors import Refused
from firedoor.kinds import Time, parse_time

SECRET = "arn:{partition}:secretsmanager:{region}:{account}:secret:rds!*"
PERMISSIONS = (
    Permission("rds:DescribeDBInstances", INSTANCES),
    Permission("rds:DescribeDBClusters", CLUSTERS),
    Permission("rds:ModifyDBInstance", INSTANCES),
    Permission("rds:ModifyDBCluster", CLUSTERS),
    Permission("secretsmanager:DescribeSecret", SECRET, "when it was rotated last"),
    Permission("secretsmanager:CreateSecret", SECRET, "RDS makes it in one's own name"),
    Permission("secretsmanager:TagResource", SECRET, "the same"),
    Permission("secretsmanager:RotateSecret", SECRET, "RDS rotates it in one's own name"),
    Permission("kms:DescribeKey", why="the key that the secret is encrypted with"),
)
EXAMPLE = {"database": "orders-1", "since": "2026-03-14T03:07:00.000Z"}
IRREVERSIBLE = "the password before is gone; whatever signs in with it needs the new one"
NEW = "new, kept by Secrets Manager"
BY_HAND, KEPT = "set by hand", "kept by Secrets Manager"


class Input(OfDatabase, frozen=True, kw_only=True):
    """The database; a password that is younger than `since` counts as new."""

    since: Time


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """How the master password is kept, and whether it is new."""
    database = described(aws, given)
    if database is None:
        return Found(parts={}, gone=True)
    secret: dict[str, Any] = database.holder.get("MasterUserSecret") or {}
    return Found(parts={f"{database.arn}#master-password": _kept(aws, given, secret)})


def _kept(aws: Aws, given: Input, secret: dict[str, Any]) -> str:
    if not secret.get("SecretArn"):
        return BY_HAND
    if secret.get("SecretStatus") in ("rotating", "creating"):
        return NEW
    found = aws.call(
        "secretsmanager", "describe_secret", region=given.region, SecretId=secret["SecretArn"]
    )
    moments = [found[key] for key in ("LastRotatedDate", "CreatedDate") if found.get(key)]
    return NEW if any(moment >= parse_time(given.since) for moment in moments) else KEPT


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """To a new one."""
    return [
        Change(resource=resource, what="master password", from_=kept, to=NEW, lost=IRREVERSIBLE)
        for resource, kept in before.parts.items()
        if kept != NEW
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Rotate it, or have RDS make one; nobody signs in to a database that is gone."""
    if change.to != NEW:
        raise Refused(
            f"the master password of {given.name!r} before cannot be brought back: {IRREVERSIBLE}",
            rule="irreversible",
            instead="Give the new one to whoever needs it",
        )
    if change.from_ == BY_HAND:
        modify(aws, given, change, shut=NEW, ManageMasterUserPassword=True)
    else:
        modify(aws, given, change, shut=NEW, RotateMasterUserPassword=True)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is new."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given, "has a new master password")]
    kept = next(iter(state.parts.values()))
    return [Check(what=f"{given.name} has a new master password", holds=kept == NEW, seen=kept)]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    word = "manage" if change.from_ == BY_HAND else "rotate"
    return cli(change, "modify", f"--{word}-master-user-password")
