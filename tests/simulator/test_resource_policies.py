"""Buckets' policies and ACLs, and what Block Public Access makes of them."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from firedoor.aws.target import keep_host
from firedoor.simulator.credentials import Credentials
from tests.simulator.conftest import ACCOUNT, ALLOW_ALL, OTHER_ACCOUNT, Bench, outcome, policy

BUCKET = "example-shop"
ALL_ON = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def only(switch: str) -> dict[str, bool]:
    return {name: name == switch for name in ALL_ON}


def allowing(principal: Any, action: str = "s3:GetObject", **more: Any) -> str:
    resource = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    return policy(
        {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}
    )


class Shop:
    """A bucket with an object, its owner, somebody of another account, and nobody."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.s3 = bench.client("s3", None)
        self.s3.create_bucket(Bucket=BUCKET)
        self.s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")
        self.stranger = bench.client("s3", self._in_the_other_account())
        self.nobody = boto3.Session().client(
            "s3",
            region_name="us-east-1",
            endpoint_url=bench.aws.endpoint,
            config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
        )
        self.control = bench.client("s3control", None)
        keep_host(self.control)

    def _in_the_other_account(self) -> Credentials:
        iam = self.bench.client("iam", self.bench.aws.responder(OTHER_ACCOUNT))
        iam.create_user(UserName="eve")
        iam.put_user_policy(UserName="eve", PolicyName="own", PolicyDocument=policy(ALLOW_ALL))
        key = iam.create_access_key(UserName="eve")["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"], None, "")

    def reads(self) -> tuple[str, str]:
        """What (nobody, the stranger) is answered when he gets the object."""
        get = {"Bucket": BUCKET, "Key": "a"}
        return outcome(self.nobody.get_object, **get), outcome(self.stranger.get_object, **get)

    def block(self, level: str, switches: dict[str, bool]) -> None:
        """Put Block Public Access on the bucket, or on its account."""
        if level == "bucket":
            self.s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=switches)
        else:
            self.control.put_public_access_block(
                AccountId=ACCOUNT, PublicAccessBlockConfiguration=switches
            )


@pytest.fixture
def shop(bench: Bench) -> Shop:
    return Shop(bench)


levels = pytest.mark.parametrize("level", ["bucket", "account"])
BOTH, NOBODY_ELSE, SHUT = ("allowed", "allowed"), ("AccessDenied", "allowed"), ("AccessDenied",) * 2


def test_without_a_policy_it_is_the_owners_alone(shop: Shop) -> None:
    assert shop.reads() == SHUT


def test_a_public_policy_lets_everybody_read(shop: Shop) -> None:
    shop.s3.put_bucket_policy(Bucket=BUCKET, Policy=allowing("*"))

    assert shop.reads() == BOTH


def test_a_policy_for_an_account_lets_that_account_read(shop: Shop) -> None:
    shop.s3.put_bucket_policy(Bucket=BUCKET, Policy=allowing({"AWS": OTHER_ACCOUNT}))

    assert shop.reads() == NOBODY_ELSE


def test_across_accounts_the_callers_own_side_has_to_allow_it_too(shop: Shop) -> None:
    shop.s3.put_bucket_policy(Bucket=BUCKET, Policy=allowing({"AWS": OTHER_ACCOUNT}))
    iam = shop.bench.client("iam", shop.bench.aws.responder(OTHER_ACCOUNT))
    iam.delete_user_policy(UserName="eve", PolicyName="own")

    assert shop.reads() == SHUT


def test_a_condition_of_a_policy_counts(shop: Shop) -> None:
    at_home = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    shop.s3.put_bucket_policy(
        Bucket=BUCKET, Policy=allowing({"AWS": OTHER_ACCOUNT}, Condition=at_home)
    )

    assert shop.reads() == SHUT


@levels
def test_restrict_public_buckets_cuts_off_everybody_outside_the_account(
    shop: Shop, level: str
) -> None:
    shop.s3.put_bucket_policy(Bucket=BUCKET, Policy=allowing("*"))
    shop.block(level, only("RestrictPublicBuckets"))

    assert shop.reads() == SHUT
    assert outcome(shop.s3.get_object, Bucket=BUCKET, Key="a") == "allowed"


@levels
def test_restrict_public_buckets_leaves_a_policy_alone_that_is_not_public(
    shop: Shop, level: str
) -> None:
    shop.s3.put_bucket_policy(Bucket=BUCKET, Policy=allowing({"AWS": OTHER_ACCOUNT}))
    shop.block(level, ALL_ON)

    assert shop.reads() == NOBODY_ELSE


@levels
def test_block_public_policy_refuses_one_and_leaves_the_one_that_is_there(
    shop: Shop, level: str
) -> None:
    shop.s3.put_bucket_policy(Bucket=BUCKET, Policy=allowing("*"))
    shop.block(level, only("BlockPublicPolicy"))

    put = outcome(shop.s3.put_bucket_policy, Bucket=BUCKET, Policy=allowing("*", "s3:PutObject"))
    private = outcome(shop.s3.put_bucket_policy, Bucket=BUCKET, Policy=allowing({"AWS": ACCOUNT}))

    assert (put, private) == ("AccessDenied", "allowed")


@levels
def test_ignore_public_acls_hides_what_an_acl_allows(shop: Shop, level: str) -> None:
    shop.s3.put_object_acl(Bucket=BUCKET, Key="a", ACL="public-read")
    before = shop.reads()
    shop.block(level, only("IgnorePublicAcls"))

    assert (before, shop.reads()) == (BOTH, SHUT)


@levels
def test_block_public_acls_refuses_new_ones_and_leaves_those_that_are_there(
    shop: Shop, level: str
) -> None:
    shop.s3.put_object_acl(Bucket=BUCKET, Key="a", ACL="public-read")
    shop.block(level, only("BlockPublicAcls"))

    refused = outcome(shop.s3.put_bucket_acl, Bucket=BUCKET, ACL="public-read")

    assert (refused, shop.reads()) == ("AccessDenied", BOTH)


def test_an_acl_for_authenticated_users_is_not_for_nobody(shop: Shop) -> None:
    shop.s3.put_object_acl(Bucket=BUCKET, Key="a", ACL="authenticated-read")

    assert shop.reads() == NOBODY_ELSE


def test_a_bucket_acl_lets_everybody_write_and_list(shop: Shop) -> None:
    shop.s3.put_bucket_acl(Bucket=BUCKET, ACL="public-read-write")

    listed = outcome(shop.nobody.list_objects_v2, Bucket=BUCKET)
    put = outcome(shop.nobody.put_object, Bucket=BUCKET, Key="b", Body=b"y")

    assert (listed, put) == ("allowed", "allowed")


def test_the_accounts_own_setting_is_another_permission_than_the_buckets(shop: Shop) -> None:
    allowed = {
        "Effect": "Allow",
        "Action": ["s3:GetAccountPublicAccessBlock", "s3:PutBucketPublicAccessBlock"],
        "Resource": "*",
    }
    control = shop.bench.client("s3control", shop.bench.user("alice", allowed))
    keep_host(control)
    shop.block("account", ALL_ON)

    read = outcome(control.get_public_access_block, AccountId=ACCOUNT)
    put = outcome(
        control.put_public_access_block, AccountId=ACCOUNT, PublicAccessBlockConfiguration=ALL_ON
    )

    assert (read, put) == ("allowed", "AccessDenied")
    names = [one["eventName"] for one in shop.bench.aws.trail.records][-3:]
    assert names == [
        "PutAccountPublicAccessBlock",
        "GetAccountPublicAccessBlock",
        "PutAccountPublicAccessBlock",
    ]


def test_a_role_that_trusts_under_a_condition_trusts_only_then(bench: Bench) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "agreed"}},
    }
    bench.iam.create_role(RoleName="shared", AssumeRolePolicyDocument=policy(trust))
    arn = f"arn:aws:iam::{ACCOUNT}:role/shared"
    sts = bench.client("sts", bench.user())

    plain = outcome(sts.assume_role, RoleArn=arn, RoleSessionName="work")
    agreed = outcome(sts.assume_role, RoleArn=arn, RoleSessionName="work", ExternalId="agreed")

    assert (plain, agreed) == ("AccessDenied", "allowed")


@pytest.mark.parametrize(
    ("service", "operation", "given", "name", "resource"),
    [
        (
            "ec2",
            "run_instances",
            {"ImageId": "ami-12c6146b", "MinCount": 1, "MaxCount": 1},
            "RunInstances",
            "AWS::EC2::Instance",
        ),
        ("kms", "create_key", {}, "CreateKey", "AWS::KMS::Key"),
        ("sns", "create_topic", {"Name": "alarm"}, "CreateTopic", "AWS::SNS::Topic"),
        (
            "lambda",
            "put_function_concurrency",
            {"FunctionName": "none", "ReservedConcurrentExecutions": 0},
            "PutFunctionConcurrency20171031",
            "AWS::Lambda::Function",
        ),
    ],
)
def test_a_call_of_any_service_is_in_the_trail_of_its_region(
    bench: Bench, service: str, operation: str, given: dict[str, Any], name: str, resource: str
) -> None:
    outcome(getattr(bench.client(service, None, region="eu-central-1"), operation), **given)

    def found(region: str) -> list[Any]:
        wanted = [{"AttributeKey": "EventName", "AttributeValue": name}]
        trail = bench.client("cloudtrail", None, region=region)
        return list(trail.lookup_events(LookupAttributes=wanted)["Events"])

    [event] = found("eu-central-1")
    assert found("us-east-1") == []
    assert (event["EventSource"], event["ReadOnly"]) == (f"{service}.amazonaws.com", "false")
    assert resource in [one["ResourceType"] for one in event["Resources"]]


def test_ec2_events_are_written_as_cloudtrail_writes_them(bench: Bench) -> None:
    ec2 = bench.client("ec2", None)
    made = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)
    number = made["Instances"][0]["InstanceId"]
    ec2.stop_instances(InstanceIds=[number])

    [stop] = bench.events(EventName="StopInstances")
    assert stop["requestParameters"] == {"instancesSet": {"items": [{"instanceId": number}]}}
    [run] = bench.events(EventName="RunInstances")
    assert run["responseElements"]["instancesSet"]["items"][0]["instanceId"] == number


def test_messages_and_invocations_are_data_events_which_no_lookup_shows(bench: Bench) -> None:
    sqs = bench.client("sqs", None)
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"a": 1}))

    assert bench.events(EventName="SendMessage") == []
    assert [
        one["eventCategory"]
        for one in bench.aws.trail.records
        if one["eventName"] in ("CreateQueue", "SendMessage")
    ] == ["Management", "Data"]
