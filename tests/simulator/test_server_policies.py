"""What a caller may do: the rows where moto alone differs from AWS, and its wording of refusals."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from firedoor.simulator.credentials import Credentials
from tests.simulator.conftest import (
    ACCOUNT,
    ALLOW_ALL,
    DENY_ALL,
    START,
    Bench,
    outcome,
    policy,
)

AWS_DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def revoke(before: str) -> str:
    """The inline policy that the console's "revoke active sessions" writes."""
    return policy({**DENY_ALL, "Condition": {"DateLessThan": {"aws:TokenIssueTime": before}}})


@pytest.mark.parametrize("way", ["inline", "managed", "aws_managed", "group"])
def test_a_deny_is_obeyed_wherever_it_is(bench: Bench, way: str) -> None:
    alice = bench.user()
    client = bench.client("s3", alice)
    assert outcome(client.list_buckets) == "allowed"
    deny = policy(DENY_ALL)
    if way == "inline":
        bench.iam.put_user_policy(UserName="alice", PolicyName="deny", PolicyDocument=deny)
    elif way == "managed":
        arn = bench.iam.create_policy(PolicyName="deny", PolicyDocument=deny)["Policy"]["Arn"]
        bench.iam.attach_user_policy(UserName="alice", PolicyArn=arn)
    elif way == "aws_managed":
        bench.iam.attach_user_policy(UserName="alice", PolicyArn=AWS_DENY_ALL)
    else:
        bench.iam.create_group(GroupName="contained")
        bench.iam.put_group_policy(GroupName="contained", PolicyName="deny", PolicyDocument=deny)
        bench.iam.add_user_to_group(GroupName="contained", UserName="alice")
    assert outcome(client.list_buckets) == "AccessDenied"


def test_the_default_version_of_a_managed_policy_counts(bench: Bench) -> None:
    alice = bench.user()
    made = bench.iam.create_policy(PolicyName="deny", PolicyDocument=policy(DENY_ALL))
    arn = made["Policy"]["Arn"]
    bench.iam.attach_user_policy(UserName="alice", PolicyArn=arn)
    bench.iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=policy(ALLOW_ALL), SetAsDefault=True
    )
    client = bench.client("s3", alice)
    assert outcome(client.list_buckets) == "allowed"
    bench.iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    assert outcome(client.list_buckets) == "AccessDenied"


def test_read_only_access_reads_and_does_not_write(bench: Bench) -> None:
    alice = bench.user("alice", {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"})
    bench.iam.attach_user_policy(UserName="alice", PolicyArn=READ_ONLY)
    assert outcome(bench.client("s3", alice).list_buckets) == "allowed"
    assert outcome(bench.client("s3", alice).create_bucket, Bucket="example") == "AccessDenied"


def test_revoking_older_sessions_denies_them_and_allows_new_ones(bench: Bench) -> None:
    alice = bench.user()
    role = bench.role("data-reader", alice.arn)
    old = bench.session(alice, role)
    bench.clock.advance(60)
    now = bench.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    bench.iam.put_role_policy(
        RoleName="data-reader", PolicyName="AWSRevokeOlderSessions", PolicyDocument=revoke(now)
    )
    new = bench.session(alice, role)
    assert outcome(bench.client("s3", old).list_buckets) == "AccessDenied"
    assert outcome(bench.client("s3", new).list_buckets) == "allowed"


@pytest.mark.parametrize(
    ("ip", "expected"), [("203.0.113.7", "AccessDenied"), ("198.51.100.7", "allowed")]
)
def test_a_deny_with_a_condition_counts_only_when_it_matches(
    bench: Bench, ip: str, expected: str
) -> None:
    there = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    alice = bench.user("alice", ALLOW_ALL, {**DENY_ALL, "Condition": there})
    assert outcome(bench.client("s3", alice, ip=ip).list_buckets) == expected


def test_an_allow_with_a_condition_counts_only_when_it_matches(bench: Bench) -> None:
    with_mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    alice = bench.user("alice", {**ALLOW_ALL, "Condition": with_mfa})
    bench.iam.enable_mfa_device(
        UserName="alice",
        SerialNumber=f"arn:aws:iam::{ACCOUNT}:mfa/alice",
        AuthenticationCode1="123456",
        AuthenticationCode2="234567",
    )
    given = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/alice", "TokenCode": "345678"}
    assert outcome(bench.client("s3", alice).list_buckets) == "AccessDenied"
    found = bench.client("sts", alice).get_session_token(**given)["Credentials"]
    session = Credentials(
        found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"], alice.arn
    )
    assert outcome(bench.client("s3", session).list_buckets) == "allowed"
    assert outcome(bench.client("iam", session).list_users) == "allowed"


def test_a_deny_by_user_id_reaches_one_session_only(bench: Bench) -> None:
    alice = bench.user()
    role = bench.role("data-reader", alice.arn)
    one = bench.session(alice, role, RoleSessionName="one")
    two = bench.session(alice, role, RoleSessionName="two")
    user_id = bench.client("sts", one).get_caller_identity()["UserId"]
    only = {**DENY_ALL, "Condition": {"StringEquals": {"aws:userid": user_id}}}
    bench.iam.put_role_policy(
        RoleName="data-reader", PolicyName="deny-one", PolicyDocument=policy(only)
    )
    assert outcome(bench.client("s3", one).list_buckets) == "AccessDenied"
    assert outcome(bench.client("s3", two).list_buckets) == "allowed"


def test_deny_with_not_resource_denies_the_rest(bench: Bench) -> None:
    kept = "arn:aws:s3:::kept-bucket"
    alice = bench.user(
        "alice", ALLOW_ALL, {"Effect": "Deny", "Action": "s3:*", "NotResource": [kept, f"{kept}/*"]}
    )
    owner = bench.client("s3", None)
    for name in ("kept-bucket", "other-bucket"):
        owner.create_bucket(Bucket=name)
    client = bench.client("s3", alice)
    assert outcome(client.list_objects_v2, Bucket="kept-bucket") == "allowed"
    assert outcome(client.list_objects_v2, Bucket="other-bucket") == "AccessDenied"


def test_a_deny_on_one_instance_spares_the_other(bench: Bench) -> None:
    owner = bench.client("ec2", None)
    made = owner.run_instances(ImageId="ami-12c6146b", MinCount=2, MaxCount=2)["Instances"]
    one, two = (instance["InstanceId"] for instance in made)
    arn = f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/{one}"
    alice = bench.user("alice", ALLOW_ALL, {"Effect": "Deny", "Action": "*", "Resource": arn})
    client = bench.client("ec2", alice)
    assert outcome(client.stop_instances, InstanceIds=[one]) == "UnauthorizedOperation"
    assert outcome(client.stop_instances, InstanceIds=[two]) == "allowed"


@pytest.mark.parametrize("when", ["at creation", "later"])
def test_a_permissions_boundary_is_obeyed_and_shown(bench: Bench, when: str) -> None:
    only_s3 = policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    arn = bench.iam.create_policy(PolicyName="edge", PolicyDocument=only_s3)["Policy"]["Arn"]
    given = {"PermissionsBoundary": arn} if when == "at creation" else {}
    bench.iam.create_user(UserName="alice", **given)
    bench.iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=policy(ALLOW_ALL))
    key = bench.iam.create_access_key(UserName="alice")["AccessKey"]
    alice = Credentials(key["AccessKeyId"], key["SecretAccessKey"], None, "")
    if when == "later":
        assert outcome(bench.client("ec2", alice).describe_regions) == "allowed"
        bench.iam.put_user_permissions_boundary(UserName="alice", PermissionsBoundary=arn)
    assert outcome(bench.client("ec2", alice).describe_regions) == "UnauthorizedOperation"
    assert outcome(bench.client("s3", alice).list_buckets) == "allowed"
    shown = bench.iam.get_user(UserName="alice")["User"]["PermissionsBoundary"]
    assert shown == {
        "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
        "PermissionsBoundaryArn": arn,
    }
    bench.iam.delete_user_permissions_boundary(UserName="alice")
    assert outcome(bench.client("ec2", alice).describe_regions) == "allowed"
    assert "PermissionsBoundary" not in bench.iam.get_user(UserName="alice")["User"]


def test_a_service_control_policy_stops_everybody_in_the_account(bench: Bench) -> None:
    alice = bench.user()
    bench.aws.set_scps(ACCOUNT, [json.loads(policy(DENY_ALL))])
    assert outcome(bench.client("s3", alice).list_buckets) == "AccessDenied"
    assert outcome(bench.iam.list_users) == "AccessDenied"
    assert outcome(bench.client("sts", alice).get_caller_identity) == "allowed"
    bench.aws.set_scps(ACCOUNT, [])
    assert outcome(bench.client("s3", alice).list_buckets) == "allowed"


def test_a_service_control_policy_that_denies_one_thing_leaves_the_rest(bench: Bench) -> None:
    alice = bench.user()
    deny = {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}
    bench.aws.set_scps(ACCOUNT, [json.loads(policy(deny))])
    assert outcome(bench.client("ec2", alice).describe_regions) == "UnauthorizedOperation"
    assert outcome(bench.client("s3", alice).list_buckets) == "allowed"


def test_a_refusal_says_who_what_and_why(bench: Bench) -> None:
    alice = bench.user("alice", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    with pytest.raises(ClientError) as caught:
        bench.client("iam", alice).get_user(UserName="alice")
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    assert caught.value.response["Error"]["Message"] == (
        f"User: {arn} is not authorized to perform: iam:GetUser on resource: {arn} "
        "because no identity-based policy allows the iam:GetUser action"
    )


def test_a_refusal_by_explicit_deny_says_so(bench: Bench) -> None:
    alice = bench.user("alice", ALLOW_ALL, DENY_ALL)
    with pytest.raises(ClientError, match="with an explicit deny in an identity-based policy"):
        bench.client("iam", alice).list_users()


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("iam", "list_users", "AccessDenied"),
        ("s3", "list_buckets", "AccessDenied"),
        ("ec2", "describe_regions", "UnauthorizedOperation"),
        ("cloudtrail", "lookup_events", "AccessDeniedException"),
        ("guardduty", "list_detectors", "AccessDeniedException"),
        ("lambda", "list_functions", "AccessDeniedException"),
    ],
)
def test_each_protocol_refuses_in_its_own_words(
    bench: Bench, service: str, operation: str, code: str
) -> None:
    alice = bench.user("alice", DENY_ALL)
    assert outcome(getattr(bench.client(service, alice), operation)) == code


def test_current_time_is_the_simulated_one(bench: Bench) -> None:
    until = START.replace(hour=10).strftime("%Y-%m-%dT%H:%M:%SZ")
    alice = bench.user(
        "alice", {**ALLOW_ALL, "Condition": {"DateLessThan": {"aws:CurrentTime": until}}}
    )
    client = bench.client("s3", alice)
    assert outcome(client.list_buckets) == "allowed"
    bench.clock.advance(3600)
    assert outcome(client.list_buckets) == "AccessDenied"


def test_a_principal_tag_is_seen(bench: Bench) -> None:
    contained = {**DENY_ALL, "Condition": {"StringEquals": {"aws:PrincipalTag/state": "contained"}}}
    alice = bench.user("alice", ALLOW_ALL, contained)
    client = bench.client("s3", alice)
    assert outcome(client.list_buckets) == "allowed"
    bench.iam.tag_user(UserName="alice", Tags=[{"Key": "state", "Value": "contained"}])
    assert outcome(client.list_buckets) == "AccessDenied"


def test_simulating_a_principal_agrees_with_the_calls(bench: Bench) -> None:
    alice = bench.user(
        "alice",
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"},
    )
    found = bench.iam.simulate_principal_policy(
        PolicySourceArn=alice.arn,
        ActionNames=["s3:ListAllMyBuckets", "s3:DeleteBucket", "iam:ListUsers"],
    )["EvaluationResults"]
    assert {one["EvalActionName"]: one["EvalDecision"] for one in found} == {
        "s3:ListAllMyBuckets": "allowed",
        "s3:DeleteBucket": "explicitDeny",
        "iam:ListUsers": "implicitDeny",
    }
