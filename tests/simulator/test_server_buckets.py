"""Bucket policies: listing too, with conditions, and from another account."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.simulator.conftest import OTHER_ACCOUNT, Bench, outcome, policy


@pytest.fixture
def bucket(bench: Bench) -> Any:
    """A bucket with one object, as its owner sees it."""
    owner = bench.client("s3", None)
    owner.create_bucket(Bucket="example-bucket")
    owner.put_object(Bucket="example-bucket", Key="file", Body=b"kept")
    return owner


def bucket_policy(principal: object, **more: object) -> str:
    arn = "arn:aws:s3:::example-bucket"
    return policy({"Principal": principal, "Action": "s3:*", "Resource": [arn, f"{arn}/*"], **more})


def test_a_bucket_policy_denies_listing_too(bench: Bench, bucket: Any) -> None:
    alice = bench.user()
    document = bucket_policy({"AWS": alice.arn}, Effect="Deny")
    bucket.put_bucket_policy(Bucket="example-bucket", Policy=document)
    client = bench.client("s3", alice)
    given = {"Bucket": "example-bucket"}
    assert outcome(client.list_objects_v2, **given) == "AccessDenied"
    assert outcome(client.get_object, **given, Key="file") == "AccessDenied"
    assert outcome(client.put_object, **given, Key="file", Body=b"") == "AccessDenied"
    assert outcome(bucket.list_objects_v2, **given) == "allowed"


def test_a_bucket_policys_condition_counts(bench: Bench, bucket: Any) -> None:
    there = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    document = bucket_policy("*", Effect="Deny", Condition=there)
    bucket.put_bucket_policy(Bucket="example-bucket", Policy=document)
    alice = bench.user()
    given = {"Bucket": "example-bucket", "Key": "file"}
    assert outcome(bench.client("s3", alice).get_object, **given) == "allowed"
    assert (
        outcome(bench.client("s3", alice, ip="203.0.113.9").get_object, **given) == "AccessDenied"
    )


def test_a_bucket_policy_alone_lets_a_user_of_the_account_in(bench: Bench, bucket: Any) -> None:
    alice = bench.user("alice", {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"})
    client, given = bench.client("s3", alice), {"Bucket": "example-bucket", "Key": "file"}
    assert outcome(client.get_object, **given) == "AccessDenied"
    document = bucket_policy({"AWS": alice.arn}, Effect="Allow")
    bucket.put_bucket_policy(Bucket="example-bucket", Policy=document)
    assert outcome(client.get_object, **given) == "allowed"


def test_another_account_needs_both_its_own_and_the_buckets_permission(
    bench: Bench, bucket: Any
) -> None:
    stranger = bench.aws.responder(OTHER_ACCOUNT)
    client, given = bench.client("s3", stranger), {"Bucket": "example-bucket", "Key": "file"}
    assert outcome(client.get_object, **given) == "AccessDenied"
    role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/firedoor-responder"
    document = bucket_policy({"AWS": role}, Effect="Allow")
    bucket.put_bucket_policy(Bucket="example-bucket", Policy=document)
    assert outcome(client.get_object, **given) == "allowed"


PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}


def anonymous(bench: Bench, path: str) -> int:
    """The HTTP status of an unsigned GET."""
    try:
        with urllib.request.urlopen(f"{bench.aws.endpoint}/{path}") as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def block(**settings: bool) -> dict[str, Any]:
    return {"Bucket": "example-bucket", "PublicAccessBlockConfiguration": settings}


def test_a_bucket_is_private_to_begin_with(bench: Bench, bucket: Any) -> None:
    assert anonymous(bench, "example-bucket/file") == 403
    assert anonymous(bench, "example-bucket") == 403


def test_a_public_policy_lets_everybody_read_until_it_is_restricted(
    bench: Bench, bucket: Any
) -> None:
    document = policy({**PUBLIC, "Resource": "arn:aws:s3:::example-bucket/*"})
    bucket.put_bucket_policy(Bucket="example-bucket", Policy=document)
    assert anonymous(bench, "example-bucket/file") == 200
    assert anonymous(bench, "example-bucket") == 403
    bucket.put_public_access_block(**block(RestrictPublicBuckets=True))
    assert anonymous(bench, "example-bucket/file") == 403
    assert outcome(bucket.get_object, Bucket="example-bucket", Key="file") == "allowed"


def test_a_public_acl_lets_everybody_list_until_it_is_ignored(bench: Bench, bucket: Any) -> None:
    bucket.put_bucket_acl(Bucket="example-bucket", ACL="public-read")
    assert anonymous(bench, "example-bucket") == 200
    bucket.put_public_access_block(**block(IgnorePublicAcls=True))
    assert anonymous(bench, "example-bucket") == 403


def test_a_blocked_public_policy_or_acl_is_not_accepted(bench: Bench, bucket: Any) -> None:
    bucket.put_public_access_block(**block(BlockPublicAcls=True, BlockPublicPolicy=True))
    arn = {"Resource": "arn:aws:s3:::example-bucket/*"}
    name = {"Bucket": "example-bucket"}
    assert outcome(bucket.put_bucket_acl, **name, ACL="public-read") == "AccessDenied"
    open_to_all = policy({**PUBLIC, **arn})
    assert outcome(bucket.put_bucket_policy, **name, Policy=open_to_all) == "AccessDenied"
    here = {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}
    narrow = policy({**PUBLIC, **arn, "Condition": here})
    assert outcome(bucket.put_bucket_policy, **name, Policy=narrow) == "allowed"


def test_an_anonymous_call_is_recorded_as_such(bench: Bench, bucket: Any) -> None:
    anonymous(bench, "example-bucket")
    record = bench.aws.trail.records[-1]
    assert record["userIdentity"]["accountId"] == "anonymous"
    assert record["errorCode"] == "AccessDenied"
