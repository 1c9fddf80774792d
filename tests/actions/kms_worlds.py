"""KMS keys, each to be put right in a way of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.simulator.conftest import ACCOUNT, Bench, policy

REGION = "eu-central-1"
ROOT = {
    "Sid": "Account",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}
Made = Mapping[str, Any]


def kms(bench: Bench) -> Any:
    return bench.client("kms", None, region=REGION)


def key(bench: Bench, name: str) -> str:
    """A key; its id."""
    made = kms(bench).create_key(Description=name, Policy=policy(ROOT))
    return str(made["KeyMetadata"]["KeyId"])


def disabled(bench: Bench, name: str) -> Made:
    made = key(bench, name)
    kms(bench).disable_key(KeyId=made)
    return {"key": made, "region": REGION}


def going(bench: Bench, name: str) -> Made:
    """Disabled, and its deletion scheduled: cancelling leaves it as it was."""
    made = key(bench, name)
    kms(bench).disable_key(KeyId=made)
    kms(bench).schedule_key_deletion(KeyId=made, PendingWindowInDays=30)
    return {"key": made, "region": REGION}


def by_arn(bench: Bench, name: str) -> Made:
    made = disabled(bench, name)["key"]
    return {"key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{made}"}


def foreign_policy(bench: Bench, name: str) -> Made:
    made = key(bench, name)
    foreign = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
        "Action": "kms:Decrypt",
        "Resource": "*",
    }
    kms(bench).put_key_policy(KeyId=made, PolicyName="default", Policy=policy(ROOT, foreign))
    return {"key": made, "region": REGION, "policy": policy(ROOT)}


def grant(bench: Bench, name: str) -> Made:
    made = key(bench, name)
    given = kms(bench).create_grant(
        KeyId=made,
        GranteePrincipal="arn:aws:iam::999988887777:root",
        Operations=["Decrypt"],
    )
    return {"key": made, "region": REGION, "grant": given["GrantId"]}
