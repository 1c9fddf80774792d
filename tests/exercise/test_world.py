"""The world of a scenario, and the attacker in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from firedoor.clock import VirtualClock
from firedoor.errors import BadInput, Refused
from firedoor.scenario import Scenario, load_scenario
from firedoor.simulator.attacker import Act, Attacker
from firedoor.simulator.callers import Callers
from firedoor.simulator.server import SimulatedAws
from firedoor.simulator.snapshot import differences
from firedoor.simulator.world import World
from tests.exercise.conftest import AT, ROOT

EXERCISES = ROOT / "playbooks" / "exercises"


class Stage:
    """A built world with its attacker, an hour and a half before the finding."""

    def __init__(self, scenario: Scenario, aws: SimulatedAws, clock: VirtualClock) -> None:
        self.aws = aws
        self.clock = clock
        self.callers = Callers(aws.endpoint)
        self.world = World(scenario, aws, self.callers)
        self.world.build()
        self.attacker = Attacker(self.world, clock, AT)


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    path = getattr(request, "param", EXERCISES / "leaked-access-key.yaml")
    clock = VirtualClock(AT - timedelta(minutes=90))
    with SimulatedAws(clock, seed=3) as aws:
        made = Stage(load_scenario(path), aws, clock)
        yield made
        made.attacker.stop()


full = pytest.mark.parametrize("stage", [EXERCISES / "full-inline-policies.yaml"], indirect=True)


@full
def test_a_user_has_every_way_in_that_the_scenario_says(stage: Stage) -> None:
    user = stage.aws.snapshot()["users"]["build-server"]

    assert len(user["access_keys"]) == 2
    assert user["login_profile"] == {"reset_required": False}
    for kind in ("mfa_devices", "ssh_keys", "signing_certificates", "service_credentials"):
        assert len(user[kind]) == 1
    assert user["groups"] == ["builders"]


@full
def test_no_deny_fits_beside_full_inline_policies(stage: Stage) -> None:
    deny = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'

    answered = stage.callers.call(
        stage.aws.responder(),
        "iam:PutUserPolicy",
        {"UserName": "build-server", "PolicyName": "x", "PolicyDocument": deny},
    )

    assert answered.code == "LimitExceeded"


def test_building_the_world_leaves_no_trace(stage: Stage) -> None:
    assert stage.aws.trail.records == []
    assert stage.aws.calls.total() == 0


def test_the_history_is_in_the_trail_at_its_own_times_from_his_own_address(stage: Stage) -> None:
    stage.attacker.play_history()

    made = [one for one in stage.aws.trail.records if one["eventName"] == "CreateUser"]
    assert [(one["eventTime"], one["sourceIPAddress"]) for one in made] == [
        ("2026-03-14T02:32:00Z", "203.0.113.50")
    ]
    assert made[0]["userAgent"].startswith("aws-cli/2")
    assert stage.clock.now() == AT


def test_what_he_minted_he_uses(stage: Stage) -> None:
    stage.attacker.play_history()

    held = stage.attacker.credentials()
    assert set(held) == {
        *("thief", "minted_session", "second_key", "backdoor", "role_session", "borrowed_key")
    }
    assert {act.who for act in stage.attacker.acts if act.allowed} >= {"minted_session"}


def test_he_acts_when_the_clock_moves_and_goes_on_until_he_is_refused(stage: Stage) -> None:
    heard: list[Act] = []
    stage.attacker.play_history()
    stage.attacker.let_loose(heard.append)
    stage.clock.advance(22)
    responder = stage.aws.responder()
    for key in stage.aws.snapshot()["users"]["ci-deployer"]["access_keys"]:
        stage.callers.call(
            responder,
            "iam:UpdateAccessKey",
            {"UserName": "ci-deployer", "AccessKeyId": key, "Status": "Inactive"},
        )
    stage.clock.advance(60)

    thief = [(act.allowed, (act.at - AT).total_seconds()) for act in heard if act.who == "thief"]
    assert thief == [(True, 1), (True, 6), (True, 11), (True, 16), (True, 21), (False, 26)]
    assert stage.attacker.last_success("thief") == AT + timedelta(seconds=21)


def test_he_removes_what_denies_the_user_within_seconds(stage: Stage) -> None:
    stage.attacker.play_history()
    stage.attacker.let_loose(lambda _: None)
    deny = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}'
    stage.callers.call(
        stage.aws.responder(),
        "iam:PutUserPolicy",
        {"UserName": "ci-deployer", "PolicyName": "half-a-deny", "PolicyDocument": deny},
    )
    stage.clock.advance(40)

    policies = stage.aws.snapshot()["users"]["ci-deployer"]["inline"]
    removed = [act for act in stage.attacker.after() if act.call == "iam:DeleteUserPolicy"]
    assert list(policies) == ["deploy"]
    assert [act.changed for act in removed] == [("users/ci-deployer/inline/half-a-deny",)]


def test_when_he_is_stopped_he_does_nothing_more(stage: Stage) -> None:
    stage.attacker.play_history()
    stage.attacker.let_loose(lambda _: None)
    stage.attacker.stop()
    stage.clock.advance(600)

    assert list(stage.attacker.after()) == []


def test_a_probe_leaves_no_trace(stage: Stage) -> None:
    thief = stage.world.held["thief"]
    stage.callers.call(thief, "iam:ListGroups", probe=True)
    used = stage.callers.call(
        stage.aws.responder(), "iam:GetAccessKeyLastUsed", {"AccessKeyId": thief.access_key_id}
    )

    assert used.result["AccessKeyLastUsed"].get("LastUsedDate") is None
    assert [one["eventName"] for one in stage.aws.trail.records] == ["GetAccessKeyLastUsed"]


def test_callers_speak_to_this_machine_only() -> None:
    with pytest.raises(Refused, match="not on this machine"):
        Callers("https://iam.amazonaws.com")


def test_parameters_of_a_file_are_typed_as_aws_wants_them(stage: Stage) -> None:
    answered = stage.callers.call(
        stage.world.held["thief"],
        "sts:GetFederationToken",
        {"Name": "some", "DurationSeconds": "900"},
    )

    assert answered.allowed


@pytest.mark.parametrize(
    ("call", "given", "said"),
    [
        ("iam:ListEverything", {}, "no operation 'ListEverything'"),
        ("nothing:List", {}, "no service 'nothing'"),
        ("iam:GetUser", {"Name": "x"}, "Unknown parameter"),
    ],
)
def test_a_call_that_does_not_exist_is_a_mistake_in_the_scenario(
    stage: Stage, call: str, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        stage.callers.call(stage.world.held["thief"], call, given)


def test_differences_name_each_place_and_both_values() -> None:
    before = {"users": {"a": {"keys": {"K1": "Active"}, "inline": {"p": {"Effect": "Allow"}}}}}
    after = {"users": {"a": {"keys": {"K1": "Inactive"}, "inline": {}}}}

    assert differences(before, after) == {
        "users/a/inline/p": ({"Effect": "Allow"}, None),
        "users/a/keys/K1": ("Active", "Inactive"),
    }
