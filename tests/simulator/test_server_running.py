"""The server itself: faults, snapshots, findings, pace, start and stop."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from firedoor.clock import VirtualClock
from firedoor.errors import Refused
from firedoor.simulator.faults import Fault
from firedoor.simulator.server import SimulatedAws
from tests.simulator.conftest import (
    ACCOUNT,
    ALLOW_ALL,
    DENY_ALL,
    OTHER_ACCOUNT,
    START,
    Bench,
    outcome,
    policy,
)


def test_a_throttled_call_changes_nothing_and_works_again_later(bench: Bench) -> None:
    fault = bench.aws.faults.add(Fault("iam:CreateUser", "throttle", times=2))
    create = bench.iam.create_user
    assert [outcome(create, UserName="alice") for _ in range(3)] == [
        "Throttling",
        "Throttling",
        "allowed",
    ]
    assert fault.befell == 2


def test_a_fault_may_let_the_first_calls_pass(bench: Bench) -> None:
    bench.aws.faults.add(Fault("iam:ListUsers", "error500", after=1, times=1))
    assert [outcome(bench.iam.list_users) for _ in range(3)] == [
        "allowed",
        "InternalFailure",
        "allowed",
    ]


def test_a_fault_may_befall_one_principal_only(bench: Bench) -> None:
    alice = bench.user()
    bench.aws.faults.add(Fault("s3:*", "deny", principal="alice"))
    assert outcome(bench.client("s3", alice).list_buckets) == "AccessDenied"
    assert outcome(bench.client("s3", None).list_buckets) == "allowed"


def test_a_lost_reply_makes_the_change(bench: Bench) -> None:
    fault = bench.aws.faults.add(Fault("iam:CreateUser", "lost_reply"))
    with pytest.raises(ConnectionClosedError):
        bench.iam.create_user(UserName="alice")
    bench.aws.faults.remove(fault)
    assert bench.iam.get_user(UserName="alice")["User"]["UserName"] == "alice"


def test_a_slow_call_takes_simulated_time_only(bench: Bench) -> None:
    bench.aws.faults.add(Fault("iam:ListUsers", "slow", seconds=45))
    started = time.monotonic()
    bench.iam.list_users()
    assert bench.clock.now() == START + timedelta(seconds=45)
    assert time.monotonic() - started < 5


def test_an_unknown_kind_of_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="lost_reply"):
        Fault("iam:*", "explode")  # type: ignore[arg-type]


def test_only_the_responders_calls_take_time(clock: VirtualClock) -> None:
    with SimulatedAws(clock, latency=0.25) as aws:
        bench = Bench(aws, clock)
        with aws.setting_the_scene():
            alice = bench.client("s3", bench.user())
        alice.list_buckets()
        assert clock.now() == START
        bench.iam.list_users()
        assert clock.now() == START + timedelta(seconds=0.25)


def test_an_attacker_may_act_while_a_call_of_the_responder_takes_its_time(
    clock: VirtualClock,
) -> None:
    with SimulatedAws(clock, latency=1.0) as aws:
        bench = Bench(aws, clock)
        with aws.setting_the_scene():
            alice = bench.client("iam", bench.user())
        clock.at(START + timedelta(seconds=1.5), lambda _: alice.create_user(UserName="eve"))
        names = [[user["UserName"] for user in bench.iam.list_users()["Users"]] for _ in range(2)]
        assert names == [["alice"], ["alice", "eve"]]


def test_a_snapshot_is_the_same_after_everything_is_undone(bench: Bench) -> None:
    alice = bench.user()
    bench.client("s3", None).create_bucket(Bucket="example-bucket")
    before = json.dumps(bench.aws.snapshot(ACCOUNT))
    key = {"UserName": "alice", "AccessKeyId": alice.access_key_id}
    deny = {"UserName": "alice", "PolicyName": "deny"}
    bench.iam.update_access_key(**key, Status="Inactive")
    bench.iam.put_user_policy(**deny, PolicyDocument=policy(DENY_ALL))
    changed = bench.aws.snapshot(ACCOUNT)
    bench.clock.advance(60)
    bench.iam.update_access_key(**key, Status="Active")
    bench.iam.delete_user_policy(**deny)
    assert changed["users"]["alice"]["access_keys"] == {alice.access_key_id: "Inactive"}
    assert set(changed["users"]["alice"]["inline"]) == {"own", "deny"}
    assert json.dumps(bench.aws.snapshot(ACCOUNT)) == before


CHANGES = {
    "a login profile": lambda iam: iam.create_login_profile(UserName="alice", Password="Long-1"),
    "a tag": lambda iam: iam.tag_user(UserName="alice", Tags=[{"Key": "a", "Value": "b"}]),
    "a role": lambda iam: iam.create_role(RoleName="r", AssumeRolePolicyDocument=policy()),
    "a managed policy": lambda iam: iam.attach_user_policy(
        UserName="alice", PolicyArn="arn:aws:iam::aws:policy/AWSDenyAll"
    ),
    "a boundary": lambda iam: iam.put_user_permissions_boundary(
        UserName="alice", PermissionsBoundary="arn:aws:iam::aws:policy/AWSDenyAll"
    ),
    "an SSH key": lambda iam: iam.upload_ssh_public_key(UserName="alice", SSHPublicKeyBody="x"),
    "a service credential": lambda iam: iam.create_service_specific_credential(
        UserName="alice", ServiceName="codecommit.amazonaws.com"
    ),
    "a second key": lambda iam: iam.create_access_key(UserName="alice"),
    "a group": lambda iam: iam.create_group(GroupName="g"),
    "a policy": lambda iam: iam.create_policy(PolicyName="p", PolicyDocument=policy(ALLOW_ALL)),
}


@pytest.mark.parametrize("what", sorted(CHANGES))
def test_a_snapshot_tells_of(bench: Bench, what: str) -> None:
    bench.user()
    before = bench.aws.snapshot(ACCOUNT)
    CHANGES[what](bench.iam)
    assert bench.aws.snapshot(ACCOUNT) != before


def test_a_snapshot_tells_of_buckets(bench: Bench) -> None:
    s3 = bench.client("s3", None)
    s3.create_bucket(Bucket="example-bucket")
    snapshots = [bench.aws.snapshot(ACCOUNT)]
    block = {"IgnorePublicAcls": True, "BlockPublicPolicy": True}
    s3.put_public_access_block(Bucket="example-bucket", PublicAccessBlockConfiguration=block)
    snapshots.append(bench.aws.snapshot(ACCOUNT))
    s3.put_bucket_acl(Bucket="example-bucket", ACL="public-read")
    snapshots.append(bench.aws.snapshot(ACCOUNT))
    s3.put_bucket_policy(
        Bucket="example-bucket",
        Policy=policy({**DENY_ALL, "Principal": {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"}}),
    )
    snapshots.append(bench.aws.snapshot(ACCOUNT))
    assert len({json.dumps(one) for one in snapshots}) == 4


def finding(number: str, severity: float, minutes: int = 0) -> dict[str, object]:
    moment = (START + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {
        "AccountId": ACCOUNT,
        "Region": "eu-central-1",
        "Id": number,
        "Arn": f"arn:aws:guardduty:eu-central-1:{ACCOUNT}:detector/d/finding/{number}",
        "Type": "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
        "Severity": severity,
        "CreatedAt": moment,
        "UpdatedAt": moment,
        "SchemaVersion": "2.0",
        "Title": "Credentials used from outside",
        "Resource": {"ResourceType": "AccessKey", "AccessKeyDetails": {"UserName": "alice"}},
        "Service": {"Archived": False, "Count": 1},
    }


def test_findings_are_listed_read_and_archived(bench: Bench) -> None:
    detector = bench.aws.add_guardduty_finding(finding("a" * 32, 8.0))
    bench.aws.add_guardduty_finding(finding("b" * 32, 2.0, minutes=1))
    client = bench.client("guardduty", None, region="eu-central-1")
    assert client.list_detectors()["DetectorIds"] == [detector]
    assert client.get_detector(DetectorId=detector)["Status"] == "ENABLED"
    assert client.list_findings(DetectorId=detector)["FindingIds"] == ["b" * 32, "a" * 32]
    severe = {"Criterion": {"severity": {"GreaterThanOrEqual": 7}}}
    listed = client.list_findings(DetectorId=detector, FindingCriteria=severe)["FindingIds"]
    assert listed == ["a" * 32]
    (found,) = client.get_findings(DetectorId=detector, FindingIds=listed)["Findings"]
    assert found["Resource"]["AccessKeyDetails"]["UserName"] == "alice"
    client.archive_findings(DetectorId=detector, FindingIds=listed)
    open_ones = {"Criterion": {"service.archived": {"Eq": ["false"]}}}
    listed = client.list_findings(DetectorId=detector, FindingCriteria=open_ones)["FindingIds"]
    assert listed == ["b" * 32]


def test_findings_of_another_region_are_not_seen(bench: Bench) -> None:
    detector = bench.aws.add_guardduty_finding(finding("a" * 32, 8.0))
    client = bench.client("guardduty", None, region="us-east-1")
    assert client.list_detectors()["DetectorIds"] == []
    assert outcome(client.list_findings, DetectorId=detector) == "BadRequestException"


def test_many_threads_may_call_at_once(bench: Bench) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: bench.iam.create_user(UserName=f"user-{n}"), range(40)))
    assert len(bench.iam.list_users()["Users"]) == 40
    assert bench.aws.calls["iam:CreateUser"] == 40


def test_it_listens_on_this_machine_only(bench: Bench) -> None:
    assert bench.aws.endpoint.startswith("http://127.0.0.1:")


def test_a_second_one_in_the_process_is_refused(bench: Bench, clock: VirtualClock) -> None:
    with pytest.raises(Refused, match="already running"):
        SimulatedAws(clock).start()
    assert outcome(bench.iam.list_users) == "allowed"


def test_after_a_stop_nothing_answers_and_the_next_start_is_empty(clock: VirtualClock) -> None:
    with SimulatedAws(clock) as aws:
        bench = Bench(aws, clock)
        bench.user()
        bench.client("s3", None).create_bucket(Bucket="example-bucket")
    with pytest.raises((EndpointConnectionError, ConnectionClosedError)):
        bench.iam.list_users()
    with SimulatedAws(clock) as aws:
        assert aws.snapshot()["users"] == {}
        assert aws.snapshot()["buckets"] == {}


def test_an_operation_that_is_not_simulated_says_so(bench: Bench) -> None:
    with pytest.raises(ClientError, match="has no health:DescribeEvents"):
        bench.client("health", None).describe_events()


def test_the_regions_are_those_it_was_started_with(bench: Bench) -> None:
    found = bench.client("ec2", None).describe_regions()["Regions"]
    assert [region["RegionName"] for region in found] == ["us-east-1", "eu-central-1"]
    found = bench.client("account", None).list_regions()["Regions"]
    assert [region["RegionName"] for region in found] == ["us-east-1", "eu-central-1"]
