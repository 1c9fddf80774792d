"""Who is let in: keys, signatures, sessions and their end."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from firedoor.simulator.credentials import Credentials
from tests.simulator.conftest import (
    ACCOUNT,
    ALLOW_ALL,
    DENY_ALL,
    OTHER_ACCOUNT,
    Bench,
    outcome,
    policy,
    session_of,
)

CODES = {
    "iam": ("list_users", "InvalidClientTokenId"),
    "s3": ("list_buckets", "InvalidAccessKeyId"),
    "ec2": ("describe_regions", "AuthFailure"),
    "cloudtrail": ("lookup_events", "UnrecognizedClientException"),
    "guardduty": ("list_detectors", "UnrecognizedClientException"),
    "sts": ("get_caller_identity", "InvalidClientTokenId"),
}


@pytest.mark.parametrize("service", sorted(CODES))
def test_an_active_key_is_let_in(bench: Bench, service: str) -> None:
    operation, _ = CODES[service]
    alice = bench.user()
    assert outcome(getattr(bench.client(service, alice), operation)) == "allowed"


@pytest.mark.parametrize("service", sorted(CODES))
def test_an_inactive_key_is_refused(bench: Bench, service: str) -> None:
    operation, code = CODES[service]
    alice = bench.user()
    bench.iam.update_access_key(
        UserName="alice", AccessKeyId=alice.access_key_id, Status="Inactive"
    )
    assert outcome(getattr(bench.client(service, alice), operation)) == code


@pytest.mark.parametrize("service", sorted(CODES))
def test_a_deleted_key_is_refused(bench: Bench, service: str) -> None:
    operation, code = CODES[service]
    alice = bench.user()
    bench.iam.delete_access_key(UserName="alice", AccessKeyId=alice.access_key_id)
    assert outcome(getattr(bench.client(service, alice), operation)) == code


def test_a_key_made_active_again_is_let_in(bench: Bench) -> None:
    alice = bench.user()
    for status in ("Inactive", "Active"):
        bench.iam.update_access_key(
            UserName="alice", AccessKeyId=alice.access_key_id, Status=status
        )
    assert outcome(bench.client("iam", alice).list_users) == "allowed"


def test_an_unknown_key_is_refused(bench: Bench) -> None:
    nobody = Credentials("AKIAIOSFODNN7EXAMPLE", "x" * 40, None, "")
    assert outcome(bench.client("sts", nobody).get_caller_identity) == "InvalidClientTokenId"


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("iam", "list_users", "SignatureDoesNotMatch"),
        ("s3", "list_buckets", "SignatureDoesNotMatch"),
        ("ec2", "describe_regions", "AuthFailure"),
        ("cloudtrail", "lookup_events", "InvalidSignatureException"),
    ],
)
def test_a_wrong_secret_is_refused(bench: Bench, service: str, operation: str, code: str) -> None:
    alice = bench.user()
    forger = Credentials(alice.access_key_id, "x" * 40, None, alice.arn)
    assert outcome(getattr(bench.client(service, forger), operation)) == code


def test_a_changed_body_is_refused(bench: Bench) -> None:
    client = bench.client("iam", bench.user())

    def change(request: Any, **_: Any) -> None:
        request.body = str(request.body).replace("ListUsers", "ListRoles")

    client.meta.events.register("before-send.iam.*", change)
    assert outcome(client.list_users) == "SignatureDoesNotMatch"


def test_an_unsigned_call_is_refused(bench: Bench) -> None:
    request = urllib.request.Request(f"{bench.aws.endpoint}/", data=b"Action=AssumeRole")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 403


def test_awkward_object_keys_are_signed_and_kept(bench: Bench) -> None:
    s3 = bench.client("s3", None)
    s3.create_bucket(Bucket="example-bucket")
    s3.put_object(Bucket="example-bucket", Key="a b/ü+=&?.txt", Body=b"kept")
    assert s3.get_object(Bucket="example-bucket", Key="a b/ü+=&?.txt")["Body"].read() == b"kept"


def test_a_presigned_url_works_and_stops_with_its_key(bench: Bench) -> None:
    alice = bench.user()
    s3 = bench.client("s3", None)
    s3.create_bucket(Bucket="example-bucket")
    s3.put_object(Bucket="example-bucket", Key="file", Body=b"kept")
    v4 = Config(signature_version="s3v4")
    url = bench.client("s3", alice, config=v4).generate_presigned_url(
        "get_object", Params={"Bucket": "example-bucket", "Key": "file"}
    )
    assert urllib.request.urlopen(url).read() == b"kept"
    bench.iam.delete_access_key(UserName="alice", AccessKeyId=alice.access_key_id)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url)
    assert caught.value.code == 403


def test_a_role_session_is_who_it_says(bench: Bench) -> None:
    alice = bench.user()
    session = bench.session(alice, bench.role("data-reader", alice.arn))
    assert (
        bench.client("sts", session).get_caller_identity()["Arn"]
        == f"arn:aws:sts::{ACCOUNT}:assumed-role/data-reader/work"
    )


def test_a_role_session_expires_by_the_simulated_clock(bench: Bench) -> None:
    alice = bench.user()
    session = bench.session(alice, bench.role("data-reader", alice.arn), DurationSeconds=900)
    client = bench.client("s3", session)
    bench.clock.advance(899)
    assert outcome(client.list_buckets) == "allowed"
    bench.clock.advance(1)
    assert outcome(client.list_buckets) == "ExpiredToken"


def test_a_session_outlives_the_key_it_was_made_with(bench: Bench) -> None:
    alice = bench.user()
    token = session_of(bench.client("sts", alice).get_session_token())
    role = bench.session(alice, bench.role("data-reader", alice.arn))
    bench.iam.delete_access_key(UserName="alice", AccessKeyId=alice.access_key_id)
    assert outcome(bench.client("s3", token).list_buckets) == "allowed"
    assert outcome(bench.client("s3", role).list_buckets) == "allowed"


def test_a_session_token_works_only_with_its_own_key(bench: Bench) -> None:
    sts = bench.client("sts", bench.user())
    one, two = (session_of(sts.get_session_token()) for _ in range(2))
    mixed = Credentials(one.access_key_id, one.secret_access_key, two.session_token, "")
    bare = Credentials(one.access_key_id, one.secret_access_key, None, "")
    assert outcome(bench.client("s3", mixed).list_buckets) == "InvalidToken"
    assert outcome(bench.client("ec2", bare).describe_regions) == "AuthFailure"


def test_a_deny_on_the_user_reaches_his_token_sessions_but_not_his_role_sessions(
    bench: Bench,
) -> None:
    alice = bench.user()
    sts = bench.client("sts", alice)
    token = session_of(sts.get_session_token())
    federated = session_of(sts.get_federation_token(Name="bob", Policy=policy(ALLOW_ALL)))
    role = bench.session(alice, bench.role("data-reader", alice.arn))
    sessions = [bench.client("s3", one) for one in (token, federated, role)]
    assert [outcome(one.list_buckets) for one in sessions] == ["allowed"] * 3
    bench.iam.put_user_policy(UserName="alice", PolicyName="deny", PolicyDocument=policy(DENY_ALL))
    assert [outcome(one.list_buckets) for one in sessions] == [
        "AccessDenied",
        "AccessDenied",
        "allowed",
    ]


def test_a_federation_session_has_no_more_than_its_policy(bench: Bench) -> None:
    only_list = policy({"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"})
    sts = bench.client("sts", bench.user())
    some = session_of(sts.get_federation_token(Name="bob", Policy=only_list))
    none = session_of(sts.get_federation_token(Name="eve"))
    assert outcome(bench.client("s3", some).list_buckets) == "allowed"
    assert outcome(bench.client("s3", some).create_bucket, Bucket="example") == "AccessDenied"
    assert outcome(bench.client("s3", none).list_buckets) == "AccessDenied"


def test_sessions_of_a_user_cannot_call_iam_or_make_more_sessions(bench: Bench) -> None:
    token = session_of(bench.client("sts", bench.user()).get_session_token())
    assert outcome(bench.client("iam", token).list_users) == "InvalidClientTokenId"
    assert outcome(bench.client("sts", token).get_session_token) == "AccessDenied"
    assert outcome(bench.client("sts", token).get_caller_identity) == "allowed"


def test_sessions_of_a_deleted_role_are_refused_even_when_it_is_made_again(bench: Bench) -> None:
    alice = bench.user()
    session = bench.session(alice, bench.role("data-reader", alice.arn))
    bench.iam.delete_role_policy(RoleName="data-reader", PolicyName="own")
    bench.iam.delete_role(RoleName="data-reader")
    bench.role("data-reader", alice.arn)
    assert outcome(bench.client("s3", session).list_buckets) == "InvalidAccessKeyId"


def test_a_role_lets_in_only_whom_it_trusts(bench: Bench) -> None:
    alice, eve = bench.user("alice"), bench.user("eve")
    role = bench.role("data-reader", alice.arn)
    given = {"RoleArn": role, "RoleSessionName": "work"}
    assert outcome(bench.client("sts", alice).assume_role, **given) == "allowed"
    assert outcome(bench.client("sts", eve).assume_role, **given) == "AccessDenied"


def test_a_role_that_trusts_the_account_asks_for_the_callers_own_permission(bench: Bench) -> None:
    may = bench.user("alice", {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})
    may_not = bench.user("eve", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    role = bench.role("data-reader", f"arn:aws:iam::{ACCOUNT}:root")
    given = {"RoleArn": role, "RoleSessionName": "work"}
    assert outcome(bench.client("sts", may).assume_role, **given) == "allowed"
    assert outcome(bench.client("sts", may_not).assume_role, **given) == "AccessDenied"


def test_a_deny_on_the_user_stops_him_from_assuming_a_role_that_trusts_him(bench: Bench) -> None:
    alice = bench.user("alice", DENY_ALL)
    role = bench.role("data-reader", alice.arn)
    given = {"RoleArn": role, "RoleSessionName": "work"}
    assert outcome(bench.client("sts", alice).assume_role, **given) == "AccessDenied"


def test_a_role_that_does_not_exist_cannot_be_assumed(bench: Bench) -> None:
    sts = bench.client("sts", bench.user())
    role = f"arn:aws:iam::{ACCOUNT}:role/none"
    assert outcome(sts.assume_role, RoleArn=role, RoleSessionName="work") == "AccessDenied"


def test_a_role_of_another_account_acts_there(bench: Bench) -> None:
    alice = bench.user()
    there = bench.client("iam", bench.aws.responder(OTHER_ACCOUNT))
    trust = {"Effect": "Allow", "Principal": {"AWS": alice.arn}, "Action": "sts:AssumeRole"}
    role = there.create_role(RoleName="auditor", AssumeRolePolicyDocument=policy(trust))
    there.put_role_policy(RoleName="auditor", PolicyName="own", PolicyDocument=policy(ALLOW_ALL))
    session = bench.session(alice, role["Role"]["Arn"])
    assert bench.client("sts", session).get_caller_identity()["Account"] == OTHER_ACCOUNT
    assert bench.client("iam", session).list_users()["Users"] == []


def test_a_longer_session_than_the_role_allows_is_refused(bench: Bench) -> None:
    alice = bench.user()
    role = bench.role("data-reader", alice.arn)
    with pytest.raises(ClientError, match="MaxSessionDuration"):
        bench.session(alice, role, DurationSeconds=7200)


def test_an_external_id_is_asked_for(bench: Bench) -> None:
    alice = bench.user()
    bench.role("partner", alice.arn)
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": alice.arn},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "agreed"}},
    }
    bench.iam.update_assume_role_policy(RoleName="partner", PolicyDocument=policy(trust))
    sts, given = bench.client("sts", alice), {"RoleSessionName": "work"}
    role = f"arn:aws:iam::{ACCOUNT}:role/partner"
    assert outcome(sts.assume_role, RoleArn=role, **given) == "AccessDenied"
    assert outcome(sts.assume_role, RoleArn=role, ExternalId="agreed", **given) == "allowed"


def test_credentials_do_not_show_their_secrets(bench: Bench) -> None:
    responder = bench.aws.responder()
    assert responder.secret_access_key not in repr(responder)
    assert str(responder.session_token) not in repr(responder)
