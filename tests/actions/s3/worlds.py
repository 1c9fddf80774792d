"""Buckets that the actions of S3 change, each in a way of its own; see `tests.actions.worlds`."""

from __future__ import annotations

import json
from typing import Any

from tests.actions.worlds import Made, World
from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, START, Bench

PUBLIC = {"Sid": "Public", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
PARTNER = {
    "Sid": "Partner",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"},
    "Action": "s3:GetObject",
}
TLS = {
    "Sid": "OnlyTls",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"


def bucket(bench: Bench, name: str, *statements: dict[str, Any]) -> Any:
    """A bucket with a policy of these statements, on everything in it; a client of its owner."""
    s3 = bench.client("s3", None)
    s3.create_bucket(Bucket=name)
    if statements:
        put_policy(s3, name, *statements)
    return s3


def put_policy(s3: Any, name: str, *statements: dict[str, Any], **head: str) -> None:
    """Put a policy of these statements."""
    on = f"arn:aws:s3:::{name}/*"
    told = {
        "Version": "2012-10-17",
        **head,
        "Statement": [{**s, "Resource": on} for s in statements],
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(told))


def plain(bench: Bench, name: str) -> Made:
    bucket(bench, name)
    return {"bucket": name}


def half_blocked(bench: Bench, name: str) -> Made:
    s3 = bucket(bench, name)
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={"BlockPublicAcls": True, "IgnorePublicAcls": False},
    )
    return {"bucket": name}


def account(bench: Bench, name: str) -> Made:
    return {}


def account_half_blocked(bench: Bench, name: str) -> Made:
    bench.client("s3control", None).put_public_access_block(
        AccountId=ACCOUNT, PublicAccessBlockConfiguration={"BlockPublicPolicy": True}
    )
    return {}


def public_only(bench: Bench, name: str) -> Made:
    put_policy(bucket(bench, name), name, PUBLIC, Id="made-in-a-hurry")
    return {"bucket": name}


def public_among_others(bench: Bench, name: str) -> Made:
    bucket(bench, name, TLS, PUBLIC, PARTNER)
    return {"bucket": name}


def public_and_named(bench: Bench, name: str) -> Made:
    """One statement that names a partner and everybody."""
    both = {**PARTNER, "Sid": "Both", "Principal": {"AWS": ["*", PARTNER["Principal"]["AWS"]]}}
    bucket(bench, name, TLS, both)
    return {"bucket": name}


def stranger(bench: Bench, name: str) -> Made:
    thief = {**PARTNER, "Sid": "Backup", "Principal": {"AWS": "arn:aws:iam::999988887777:root"}}
    bucket(bench, name, TLS, PARTNER, thief)
    return {"bucket": name, "accounts": ["999988887777"]}


def with_policy(bench: Bench, name: str) -> Made:
    bucket(bench, name, TLS, PARTNER)
    return {"bucket": name}


def shut_for(bench: Bench, name: str) -> Made:
    bucket(bench, name, TLS, PARTNER)
    return {
        "bucket": name,
        "principals": [f"arn:aws:iam::{ACCOUNT}:user/thief"],
        "accounts": ["999988887777"],
    }


def shut_for_nothing_else(bench: Bench, name: str) -> Made:
    bucket(bench, name)
    return {"bucket": name, "accounts": ["999988887777"]}


def tampered_keep(bench: Bench, name: str) -> Made:
    """Our statement stands, but somebody has taken out of it what it denies."""
    bucket(bench, name, {**TLS, "Sid": "FiredoorINC20260042KeepData"})
    return {"bucket": name}


def access_points(bench: Bench, name: str) -> Made:
    bucket(bench, name)
    control = bench.client("s3control", None, region="eu-central-1")
    for point in (f"{name}-a", f"{name}-b"):
        arn = control.create_access_point(AccountId=ACCOUNT, Name=point, Bucket=name)
        statement = {**PUBLIC, "Resource": f"{arn['AccessPointArn']}/object/*"}
        told = {"Version": "2012-10-17", "Statement": [statement]}
        control.put_access_point_policy(AccountId=ACCOUNT, Name=point, Policy=json.dumps(told))
    return {"bucket": name, "names": [f"{name}-a"]}


def everywhere(bench: Bench, name: str) -> Made:
    bucket(bench, name)
    control = bench.client("s3control", None, region="us-west-2")
    control.create_multi_region_access_point(
        AccountId=ACCOUNT,
        ClientToken="one",
        Details={"Name": f"{name}-m", "Regions": [{"Bucket": name}]},
    )
    told = {"Version": "2012-10-17", "Statement": [{**PUBLIC, "Resource": "*"}]}
    control.put_multi_region_access_point_policy(
        AccountId=ACCOUNT,
        ClientToken="two",
        Details={"Name": f"{name}-m", "Policy": json.dumps(told)},
    )
    return {"bucket": name, "names": [f"{name}-m"]}


def expiring(bench: Bench, name: str) -> Made:
    rules = [
        {
            "ID": "clean/up #1",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Expiration": {"Days": 1},
        },
        {
            "ID": "uploads",
            "Status": "Enabled",
            "Filter": {"Prefix": "tmp/"},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
    ]
    bucket(bench, name).put_bucket_lifecycle_configuration(
        Bucket=name, LifecycleConfiguration={"Rules": rules}
    )
    return {"bucket": name}


def suspended(bench: Bench, name: str) -> Made:
    s3 = bucket(bench, name)
    for status in ("Enabled", "Suspended"):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
    return {"bucket": name}


def own_encryption(bench: Bench, name: str) -> Made:
    bucket(bench, name).put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": "alias/data",
                    },
                    "BucketKeyEnabled": True,
                }
            ]
        },
    )
    return {"bucket": name}


def public_acl(bench: Bench, name: str) -> Made:
    bucket(bench, name).put_bucket_acl(Bucket=name, ACL="public-read")
    return {"bucket": name}


def own_ownership(bench: Bench, name: str) -> Made:
    bucket(bench, name).put_bucket_ownership_controls(
        Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    return {"bucket": name}


def malware(bench: Bench, name: str) -> Made:
    s3 = bucket(bench, name, TLS)
    keys = ["in/invoice #7.pdf", "in/{{ 7 * 7 }} ü.exe"]
    for key in keys:
        s3.put_object(Bucket=name, Key=key, Body=b"x", Tagging="scanned=yes")
    return {"bucket": name, "keys": keys}


def untagged_malware(bench: Bench, name: str) -> Made:
    bucket(bench, name).put_object(Bucket=name, Key="in/a.exe", Body=b"x")
    return {"bucket": name, "keys": ["in/a.exe"]}


def deleted(bench: Bench, name: str) -> Made:
    s3 = _versioned(bench, name)
    for key in ("a/1.csv", "a/2.csv"):
        s3.delete_object(Bucket=name, Key=key)
    return {"bucket": name, "moment": _moment(bench)}


def overwritten(bench: Bench, name: str) -> Made:
    s3 = _versioned(bench, name)
    s3.put_object(Bucket=name, Key="a/1.csv", Body=b"give us money")
    bench.clock.advance(60)
    s3.delete_object(Bucket=name, Key="a/1.csv")
    bench.clock.advance(60)
    return {"bucket": name, "moment": _moment(bench)}


def _versioned(bench: Bench, name: str) -> Any:
    s3 = bucket(bench, name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a/1.csv", "a/2.csv"):
        s3.put_object(Bucket=name, Key=key, Body=key.encode(), Tagging="kind=order")
    bench.clock.advance(3600)
    return s3


def _moment(bench: Bench) -> str:
    return (START).replace(minute=30).strftime("%Y-%m-%dT%H:%M:%SZ")


POLICY, NO_POLICY = "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"
BLOCK, UNBLOCK = "s3:PutPublicAccessBlock", "s3:DeletePublicAccessBlock"
ALL, NOT_ALL = "s3control:PutPublicAccessBlock", "s3control:DeletePublicAccessBlock"
POINT, NO_POINT = "s3control:PutAccessPointPolicy", "s3control:DeleteAccessPointPolicy"
MULTI = "s3control:PutMultiRegionAccessPointPolicy"
RULES = "s3:PutBucketLifecycleConfiguration"
CIPHER, NO_CIPHER = "s3:PutBucketEncryption", "s3:DeleteBucketEncryption"
OWN, NOT_OWN = "s3:PutBucketOwnershipControls", "s3:DeleteBucketOwnershipControls"
TAG, NO_TAG = "s3:PutObjectTagging", "s3:DeleteObjectTagging"
S3_WORLDS = (
    World("s3.block_public_access", "no block", plain, BLOCK, UNBLOCK),
    World("s3.block_public_access", "half a block", half_blocked, BLOCK, BLOCK),
    World("s3control.block_public_access", "no block", account, ALL, NOT_ALL),
    World("s3control.block_public_access", "half a block", account_half_blocked, ALL, ALL),
    World("s3.restrict_bucket_policy", "public only", public_only, NO_POLICY, POLICY),
    World("s3.restrict_bucket_policy", "among others", public_among_others, POLICY, POLICY),
    World("s3.restrict_bucket_policy", "and a partner", public_and_named, POLICY, POLICY),
    World("s3.restrict_bucket_policy", "a stranger", stranger, POLICY, POLICY),
    World("s3.deny_principals", "with a policy", shut_for, POLICY, POLICY),
    World("s3.deny_principals", "without one", shut_for_nothing_else, POLICY, NO_POLICY),
    World("s3.deny_destruction", "with a policy", with_policy, POLICY, POLICY),
    World("s3.deny_destruction", "without one", plain, POLICY, NO_POLICY),
    World(
        "s3.deny_destruction",
        "tampered",
        tampered_keep,
        POLICY,
        POLICY,
        also_writes=frozenset({NO_POLICY}),
        also_undoes=frozenset({NO_POLICY}),
    ),
    World("s3control.close_access_points", "one of two", access_points, NO_POINT, POINT),
    World("s3control.close_multi_region_access_points", "one", everywhere, MULTI, MULTI),
    World("s3.suspend_lifecycle", "one of two rules", expiring, RULES, RULES),
    World(
        "s3.enable_versioning",
        "suspended",
        suspended,
        "s3:PutBucketVersioning",
        "s3:PutBucketVersioning",
    ),
    World("s3.enable_versioning", "never on", plain, "s3:PutBucketVersioning", ""),
    World("s3.block_sse_c", "S3's own encryption", plain, CIPHER, NO_CIPHER),
    World("s3.block_sse_c", "KMS", own_encryption, CIPHER, CIPHER),
    World("s3.disable_acls", "private", plain, OWN, NOT_OWN),
    World("s3.disable_acls", "object writer", own_ownership, OWN, OWN),
    World(
        "s3.disable_acls",
        "public",
        public_acl,
        "s3:PutBucketAcl",
        "s3:PutBucketAcl",
        also_writes=frozenset({OWN}),
        also_undoes=frozenset({NOT_OWN}),
    ),
    World(
        "s3.quarantine_objects",
        "tagged",
        malware,
        TAG,
        TAG,
        also_writes=frozenset({POLICY}),
        also_undoes=frozenset({POLICY}),
    ),
    World(
        "s3.quarantine_objects",
        "untagged",
        untagged_malware,
        TAG,
        NO_TAG,
        also_writes=frozenset({POLICY}),
        also_undoes=frozenset({NO_POLICY}),
    ),
    World(
        "s3.restore_versions",
        "deleted",
        deleted,
        "s3:DeleteObject",
        "",
        needs=frozenset({"s3:DeleteObjectVersion"}),
    ),
    World(
        "s3.restore_versions",
        "overwritten",
        overwritten,
        "s3:CopyObject",
        "",
        needs=frozenset({"s3:PutObject", "s3:PutObjectTagging"}),
    ),
)
