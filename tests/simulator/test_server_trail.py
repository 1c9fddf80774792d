"""CloudTrail: what is recorded, as whom, and how it is looked up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from firedoor.clock import VirtualClock
from firedoor.simulator.server import SimulatedAws
from tests.simulator.conftest import (
    ACCOUNT,
    ALLOW_ALL,
    OTHER_ACCOUNT,
    START,
    Bench,
    outcome,
    policy,
    session_of,
)


def test_a_call_of_a_user_is_recorded(bench: Bench) -> None:
    alice = bench.user()
    client = bench.client("s3", alice, region="us-east-1", ip="203.0.113.7")
    bench.clock.advance(61)
    client.create_bucket(Bucket="example-bucket")
    (record,) = bench.events(EventName="CreateBucket")
    assert record["userIdentity"] == {
        "type": "IAMUser",
        "principalId": record["userIdentity"]["principalId"],
        "arn": alice.arn,
        "accountId": ACCOUNT,
        "accessKeyId": alice.access_key_id,
        "userName": "alice",
    }
    assert record["eventTime"] == "2026-03-14T09:01:01Z"
    assert record["eventSource"] == "s3.amazonaws.com"
    assert record["sourceIPAddress"] == "203.0.113.7"
    assert record["userAgent"].startswith("Boto3/")
    assert record["requestParameters"] == {"bucketName": "example-bucket"}
    assert record["readOnly"] is False
    assert record["recipientAccountId"] == ACCOUNT
    assert record["eventVersion"] == "1.11"


def test_a_role_session_is_recorded_with_its_issuer(bench: Bench) -> None:
    alice = bench.user()
    session = bench.session(alice, bench.role("data-reader", alice.arn))
    bench.client("s3", session).list_buckets()
    (record,) = bench.events(EventName="ListBuckets")
    identity = record["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["arn"] == session.arn
    assert identity["accessKeyId"] == session.access_key_id
    assert identity["sessionContext"]["sessionIssuer"]["userName"] == "data-reader"
    assert identity["sessionContext"]["attributes"]["creationDate"] == "2026-03-14T09:00:00Z"


def test_federation_and_token_sessions_are_recorded_as_what_they_are(bench: Bench) -> None:
    sts = bench.client("sts", bench.user())
    federated = session_of(sts.get_federation_token(Name="bob", Policy=policy(ALLOW_ALL)))
    token = session_of(sts.get_session_token())
    for session in (federated, token):
        bench.client("s3", session).list_buckets()
    second, first = (record["userIdentity"] for record in bench.events(EventName="ListBuckets"))
    assert (first["type"], first["arn"]) == ("FederatedUser", federated.arn)
    assert first["sessionContext"]["sessionIssuer"]["userName"] == "alice"
    assert (second["type"], second["userName"]) == ("IAMUser", "alice")
    assert second["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"


def test_new_credentials_are_named_and_their_secrets_are_not(bench: Bench) -> None:
    alice = bench.user()
    session = bench.session(alice, bench.role("data-reader", alice.arn))
    (assumed,) = bench.events(EventName="AssumeRole")
    (created,) = bench.events(EventName="CreateAccessKey")
    assert assumed["responseElements"]["credentials"]["accessKeyId"] == session.access_key_id
    assert created["responseElements"]["accessKey"]["accessKeyId"] == alice.access_key_id
    everything = str(bench.aws.trail.records)
    for secret in (alice.secret_access_key, session.secret_access_key, session.session_token):
        assert str(secret) not in everything


def test_a_password_is_never_recorded(bench: Bench) -> None:
    bench.user()
    bench.iam.create_login_profile(UserName="alice", Password="Long-enough-1")
    assert "Long-enough-1" not in str(bench.aws.trail.records)


def test_a_denied_call_is_recorded_with_its_error(bench: Bench) -> None:
    alice = bench.user("alice", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    outcome(bench.client("iam", alice).list_users)
    outcome(bench.client("ec2", alice).describe_regions)
    (denied,) = bench.events(EventName="ListUsers")
    assert denied["errorCode"] == "AccessDenied"
    assert "is not authorized to perform: iam:ListUsers" in denied["errorMessage"]
    (denied,) = bench.events(EventName="DescribeRegions")
    assert denied["errorCode"] == "Client.UnauthorizedOperation"


def test_a_call_that_the_service_refuses_is_recorded_with_its_error(bench: Bench) -> None:
    outcome(bench.iam.get_user, UserName="nobody")
    assert bench.events(EventName="GetUser")[0]["errorCode"] == "NoSuchEntity"


def test_calls_with_an_inactive_key_are_not_recorded(bench: Bench) -> None:
    alice = bench.user()
    bench.iam.update_access_key(
        UserName="alice", AccessKeyId=alice.access_key_id, Status="Inactive"
    )
    outcome(bench.client("s3", alice).list_buckets)
    assert bench.events(EventName="ListBuckets") == []


def test_object_calls_are_data_events_that_lookup_does_not_show(bench: Bench) -> None:
    s3 = bench.client("s3", None)
    s3.create_bucket(Bucket="example-bucket")
    s3.put_object(Bucket="example-bucket", Key="file", Body=b"private")
    assert bench.events(EventName="PutObject") == []
    (record,) = [one for one in bench.aws.trail.records if one["eventName"] == "PutObject"]
    assert record["eventCategory"] == "Data"
    assert "private" not in str(record)


def test_iam_events_are_found_in_us_east_1_only(bench: Bench) -> None:
    bench.client("iam", None, region="eu-central-1").create_user(UserName="alice")
    bench.client("ec2", None, region="eu-central-1").describe_regions()
    there = bench.client("cloudtrail", None, region="eu-central-1").lookup_events()["Events"]
    assert "CreateUser" not in {event["EventName"] for event in there}
    assert "DescribeRegions" in {event["EventName"] for event in there}
    assert len(bench.events(EventName="CreateUser")) == 1


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        ("Username", "alice", {"ListBuckets", "CreateBucket"}),
        ("EventName", "CreateBucket", {"CreateBucket"}),
        ("ResourceName", "example-bucket", {"CreateBucket"}),
        ("EventSource", "s3.amazonaws.com", {"ListBuckets", "CreateBucket"}),
        ("ReadOnly", "true", {"ListBuckets", "LookupEvents"}),
    ],
)
def test_records_are_looked_up_by(
    bench: Bench, attribute: str, value: str, expected: set[str]
) -> None:
    alice = bench.client("s3", bench.user())
    bench.client("cloudtrail", None).lookup_events()
    alice.list_buckets()
    alice.create_bucket(Bucket="example-bucket")
    assert {record["eventName"] for record in bench.events(**{attribute: value})} == expected


def test_records_are_looked_up_by_the_callers_key(bench: Bench) -> None:
    alice = bench.user()
    bench.client("s3", alice).list_buckets()
    found = bench.events(AccessKeyId=alice.access_key_id)
    assert [record["eventName"] for record in found] == ["ListBuckets"]


def test_a_key_is_found_as_a_resource_of_its_creation(bench: Bench) -> None:
    alice = bench.user()
    found = bench.events(ResourceName=alice.access_key_id)
    assert [record["eventName"] for record in found] == ["CreateAccessKey"]


def test_lookup_pages_newest_first_and_loses_nothing(bench: Bench) -> None:
    bench.aws.seed_history(
        {
            "eventName": "GetObjectAcl",
            "eventSource": "s3.amazonaws.com",
            "eventTime": (START - timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "userName": "alice"},
            "requestID": str(number),
        }
        for number in range(120)
    )
    trail = bench.client("cloudtrail", None)
    wanted = [{"AttributeKey": "Username", "AttributeValue": "alice"}]
    pages = list(trail.get_paginator("lookup_events").paginate(LookupAttributes=wanted))
    times = [event["EventTime"] for page in pages for event in page["Events"]]
    assert [len(page["Events"]) for page in pages] == [50, 50, 20]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 120


def test_lookup_keeps_to_the_times_asked_for(bench: Bench) -> None:
    bench.aws.seed_history(
        {
            "eventName": f"Get{hours}",
            "eventSource": "iam.amazonaws.com",
            "eventTime": (START - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "userIdentity": {"type": "Root", "accountId": ACCOUNT},
        }
        for hours in (1, 2, 3, 24 * 91)
    )
    trail = bench.client("cloudtrail", None)
    found = trail.lookup_events(
        StartTime=START - timedelta(hours=2), EndTime=START - timedelta(minutes=1)
    )
    assert [event["EventName"] for event in found["Events"]] == ["Get1", "Get2"]
    assert [event["Username"] for event in found["Events"]] == ["root", "root"]
    everything = trail.lookup_events()["Events"]
    assert "Get2184" not in {event["EventName"] for event in everything}


def test_a_late_trail_shows_records_after_its_delay(bench: Bench) -> None:
    bench.aws.trail.delay = 300
    bench.user()
    bench.clock.advance(299)
    assert bench.events(EventName="CreateUser") == []
    bench.clock.advance(1)
    assert len(bench.events(EventName="CreateUser")) == 1


def test_lookups_are_throttled_when_asked(bench: Bench) -> None:
    bench.aws.trail.throttle = 2
    trail = bench.client("cloudtrail", None)
    assert [outcome(trail.lookup_events) for _ in range(3)] == [
        "allowed",
        "allowed",
        "ThrottlingException",
    ]
    bench.clock.advance(1)
    assert outcome(trail.lookup_events) == "allowed"


def test_more_than_one_attribute_is_refused(bench: Bench) -> None:
    attribute = {"AttributeKey": "Username", "AttributeValue": "alice"}
    lookup = bench.client("cloudtrail", None).lookup_events
    code = outcome(lookup, LookupAttributes=[attribute, attribute])
    assert code in ("InvalidLookupAttributesException", "ParamValidationError")


def test_an_assumption_from_another_account_is_recorded_in_both(bench: Bench) -> None:
    alice = bench.user()
    there = bench.client("iam", bench.aws.responder(OTHER_ACCOUNT))
    trust = {"Effect": "Allow", "Principal": {"AWS": alice.arn}, "Action": "sts:AssumeRole"}
    role = there.create_role(RoleName="auditor", AssumeRolePolicyDocument=policy(trust))
    bench.session(alice, role["Role"]["Arn"])
    records = [one for one in bench.aws.trail.records if one["eventName"] == "AssumeRole"]
    assert {one["recipientAccountId"] for one in records} == {ACCOUNT, OTHER_ACCOUNT}
    assert {one["userIdentity"]["type"] for one in records} == {"IAMUser", "AWSAccount"}


def test_setting_the_scene_is_neither_recorded_nor_counted(bench: Bench) -> None:
    with bench.aws.setting_the_scene():
        bench.iam.create_user(UserName="alice")
    bench.iam.create_user(UserName="bob")
    names = [one["requestParameters"]["userName"] for one in bench.events(EventName="CreateUser")]
    assert names == ["bob"]
    assert bench.aws.calls["iam:CreateUser"] == 1


def test_calls_are_counted_and_begin_anew(bench: Bench) -> None:
    bench.iam.list_users()
    bench.iam.list_users()
    bench.client("s3", None).list_buckets()
    assert bench.aws.calls == {"iam:ListUsers": 2, "s3:ListBuckets": 1}
    assert bench.aws.calls.total() == 3
    bench.aws.reset_calls()
    assert bench.aws.calls.total() == 0


def test_the_same_seed_makes_the_same_keys_and_event_ids(clock: VirtualClock) -> None:
    seen = []
    for _ in range(2):
        with SimulatedAws(clock, seed=3) as aws:
            key = Bench(aws, clock).user().access_key_id
            seen.append((key, [record["eventID"] for record in aws.trail.records]))
    assert seen[0] == seen[1]
