"""Worlds that calls of AWS's own API make, and the principals in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from firedoor.clock import VirtualClock
from firedoor.errors import BadInput, CheckFailed
from firedoor.exercise.reading import read_state
from firedoor.scenario_facts import State
from firedoor.simulator.callers import Answered
from firedoor.simulator.credentials import Credentials
from firedoor.simulator.server import SimulatedAws
from firedoor.simulator.world import World
from tests.exercise.conftest import AT, Play
from tests.exercise.worlds import OTHER, any_world, built, written

ACCOUNT = "111122223333"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(AT - timedelta(minutes=90))


@pytest.fixture
def aws(clock: VirtualClock) -> Iterator[SimulatedAws]:
    with SimulatedAws(clock, accounts=(ACCOUNT, OTHER), seed=3) as running:
        yield running


@pytest.fixture
def world(tmp_path: Path, aws: SimulatedAws) -> World:
    return built(tmp_path, aws)


def held(world: World, name: str) -> Credentials:
    found = world.credentials(name)
    assert found is not None
    return found


def who_is(world: World, name: str) -> str:
    answer = world.callers.call(held(world, name), "sts:GetCallerIdentity").result
    return str(answer["Arn"])


def test_what_a_call_gave_stands_for_itself_in_everything_below_it(world: World) -> None:
    web = world.names["web"]

    assert str(web).startswith("i-")
    assert world.filled(["{web}", "on {web} in {region}", "{groups}"]) == [
        web,
        f"on {web} in us-east-1",
        world.names["groups"],
    ]
    assert isinstance(world.names["groups"], list)


def test_building_with_calls_leaves_no_trace(world: World) -> None:
    assert world.aws.trail.records == []


def test_an_instance_has_the_credentials_that_its_metadata_service_would_give(world: World) -> None:
    web = world.names["web"]

    assert who_is(world, "site") == f"arn:aws:sts::{ACCOUNT}:assumed-role/app/{web}"
    assert held(world, "site").access_key_id.startswith("ASIA")

    world.callers.call(held(world, "site"), "s3:ListBuckets")
    minted, used = (
        next(one for one in world.aws.trail.records if one["eventName"] == name)
        for name in ("AssumeRole", "ListBuckets")
    )
    assert minted["userIdentity"] == {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}
    assert used["userIdentity"]["sessionContext"]["ec2RoleDelivery"] == "2.0"
    assert used["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] == "app"


def test_a_function_has_the_credentials_of_its_role_until_it_may_not_run(world: World) -> None:
    assert who_is(world, "job") == f"arn:aws:sts::{ACCOUNT}:assumed-role/app/resize"

    stopped = {"FunctionName": "resize", "ReservedConcurrentExecutions": "0"}
    assert world.administrate("lambda:PutFunctionConcurrency", stopped).allowed

    refused = world.renewed("job")
    assert isinstance(refused, Answered)
    assert refused.denied


def test_sessions_are_chained_and_last_an_hour_at_most(world: World, clock: VirtualClock) -> None:
    chained = held(world, "chained")

    assert who_is(world, "chained").endswith(":assumed-role/app/chained")

    clock.advance(3601)

    assert world.callers.call(chained, "s3:ListBuckets").code == "ExpiredToken"


def test_root_may_do_everything_with_a_key_that_it_alone_sees(world: World) -> None:
    owner = held(world, "owner")

    own = world.callers.call(owner, "iam:ListAccessKeys").result["AccessKeyMetadata"]
    assert who_is(world, "owner") == f"arn:aws:iam::{ACCOUNT}:root"
    assert [one["AccessKeyId"] for one in own] == [owner.access_key_id]
    record = world.aws.trail.records[0]
    assert record["userIdentity"]["type"] == "Root"

    off = {"AccessKeyId": owner.access_key_id, "Status": "Inactive"}
    assert world.callers.call(owner, "iam:UpdateAccessKey", off).allowed
    assert world.callers.call(owner, "iam:ListUsers").code == "InvalidClientTokenId"


def test_another_account_needs_the_external_id_that_the_trust_asks_for(world: World) -> None:
    role = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/app", "RoleSessionName": "from-outside"}
    partner = held(world, "partner")

    without = world.callers.call(partner, "sts:AssumeRole", role)
    with_it = world.callers.call(partner, "sts:AssumeRole", {**role, "ExternalId": "agreed"})

    assert who_is(world, "partner") == f"arn:aws:iam::{OTHER}:user/partner"
    assert (without.denied, with_it.allowed) == (True, True)


def test_nobody_signs_as_a_visitor(world: World) -> None:
    there = {"Bucket": "example-data", "Key": "a.txt"}
    visitor = held(world, "visitor")

    before = world.callers.call(visitor, "s3:GetObject", there)
    public = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::example-data/*",
        },
    }
    world.administrate("s3:PutBucketPolicy", {"Bucket": "example-data", "Policy": public})

    assert before.denied
    assert world.callers.call(visitor, "s3:GetObject", there).allowed


def test_whoever_is_on_an_instance_renews_until_the_network_is_shut(
    tmp_path: Path, aws: SimulatedAws
) -> None:
    principals = any_world()["principals"]
    on_it = {"side": "attacker", "instance": "web", "renews": True}
    world = built(tmp_path, aws, principals={**principals, "inside": on_it})
    first, second = held(world, "inside"), held(world, "inside")
    shut = {"GroupName": "shut", "Description": "shut"}
    group = world.administrate("ec2:CreateSecurityGroup", shut).result["GroupId"]
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    world.administrate(
        "ec2:RevokeSecurityGroupEgress", {"GroupId": group, "IpPermissions": [everything]}
    )
    world.administrate(
        "ec2:ModifyInstanceAttribute", {"InstanceId": world.names["web"], "Groups": [group]}
    )
    third = held(world, "inside")

    assert first.access_key_id != second.access_key_id
    assert third.access_key_id == second.access_key_id
    assert isinstance(world.renewed("renewed"), Credentials)


def test_an_instance_that_was_stopped_gets_no_credentials(world: World) -> None:
    world.administrate("ec2:StopInstances", {"InstanceIds": [world.names["web"]]})

    refused = world.renewed("renewed")

    assert isinstance(refused, Answered)
    assert refused.message.endswith("is stopped")


@pytest.mark.parametrize(
    ("wanted", "met"),
    [
        ({"find": "Reservations[0].Instances[0].State.Name", "is_": "running"}, True),
        ({"find": "Reservations[0].Instances[0].State.Name", "is_": "stopped"}, False),
        ({"find": "Reservations[0].Instances[0].State.Code", "is_": "16"}, True),
        ({"find": "Reservations[0].Instances[0].State.Name", "in_": ("stopped", "running")}, True),
        ({"find": "Reservations[0].Instances[0].State.Name", "not_": "running"}, False),
        ({"find": "Reservations[0].Instances[0].KeyName", "absent": True}, True),
        ({"find": "Reservations[0].Instances[0].State.Name", "absent": True}, False),
        (
            {
                "find": "Reservations[0].Instances[0].NetworkInterfaces[0].Groups[].GroupId",
                "is_": "{groups}",
            },
            True,
        ),
    ],
)
def test_the_state_at_the_end_is_read_and_said(
    world: World, wanted: dict[str, Any], met: bool
) -> None:
    fact = State(call="ec2:DescribeInstances", with_={"InstanceIds": ["{web}"]}, **wanted)

    told = read_state(fact, world)

    assert told[0] is met
    assert "; wanted " in told[1]
    assert world.aws.trail.records == []


def test_what_is_not_there_is_absent_and_what_cannot_be_read_is_not(world: World) -> None:
    gone = State(call="s3:GetBucketPolicy", with_={"Bucket": "example-data"}, absent=True)
    wrong = State(call="ec2:DescribeInstances", with_={"MaxResults": "9999"}, absent=True)

    assert read_state(gone, world) == (True, "s3:GetBucketPolicy: NoSuchBucketPolicy, as wanted")
    assert read_state(wrong, world)[0] is False


def test_the_auditor_reads_what_the_responder_was_denied(world: World) -> None:
    world.aws.set_scps(ACCOUNT, [{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}])
    fact = State(call="iam:GetUser", with_={"UserName": "web-admin"}, find="User.UserName", not_="")

    assert read_state(fact, world)[0] is True


def broken(change: Any) -> dict[str, Any]:
    document = any_world()
    change(document)
    return document


@pytest.mark.parametrize(
    ("place", "key", "value", "said"),
    [
        (("world", 3), "call", "ec2:RunInstance", "ec2 has no operation 'RunInstance'"),
        (("world", 3, "with"), "Image", "x", "no parameter 'Image'; did you mean 'ImageId'?"),
        (("world", 4), "call", "lambada:CreateFunction", "AWS has no service 'lambada'"),
        (("objectives", 0, "facts", 0, "state", "with"), "User", "x", "no parameter 'User'"),
    ],
)
def test_a_call_that_aws_does_not_have_is_said_before_anything_is_played(
    tmp_path: Path, aws: SimulatedAws, place: Any, key: str, value: str, said: str
) -> None:
    document = any_world()
    part: Any = document
    for step in place:
        part = part[step]
    part[key] = value

    with pytest.raises(CheckFailed, match=r"scenario\.yaml:1:\d+: ") as failed:
        built(tmp_path, aws, **document)

    assert said in str(failed.value)
    assert aws.calls.total() == 0


def test_an_item_that_cannot_be_made_is_told_with_its_place(
    tmp_path: Path, aws: SimulatedAws
) -> None:
    document = any_world()
    document["world"][3]["gives"] = {**document["world"][3]["gives"], "no": "Instances[7].Nothing"}

    with pytest.raises(BadInput) as failed:
        built(tmp_path, aws, **document)

    assert "finds nothing in the answer of ec2:RunInstances" in failed.value.message
    assert "scenario.yaml:1:" in str(failed.value.where)


def test_a_drill_with_instances_is_played_to_its_end(drill: Play, tmp_path: Path) -> None:
    drilled = drill(written(tmp_path, any_world()))

    assert drilled.rules == []
    assert (drilled.rating, drilled.status) == ("P", "contained")
    why = str(drilled.objectives[0]["why"])
    assert 'iam:ListAccessKeys AccessKeyMetadata[].Status is ["Inactive"]' in why
