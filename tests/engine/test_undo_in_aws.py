"""Undo where somebody else was at the account meanwhile: it is left, and the reason is clear."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from firedoor.clock import VirtualClock
from firedoor.engine.undo import Undoing, plan_undo, undo
from firedoor.simulator.server import SimulatedAws
from tests.engine.simulated import USER, Fire
from tests.simulator.conftest import ACCOUNT, START, policy

REASON = "a new key is in use"


@pytest.fixture
def fire(tmp_path: Path) -> Iterator[Fire]:
    clock = VirtualClock(START)
    with SimulatedAws(clock, accounts=(ACCOUNT,), seed=7) as aws:
        found = Fire(aws, clock, tmp_path / "home")
        found.contain()
        clock.advance(timedelta(hours=37).total_seconds())
        yield found


def of(planned: list[Undoing], step: str) -> Undoing:
    [found] = [each for each in planned if each.step == step]
    return found


def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    clock = VirtualClock(START)
    with SimulatedAws(clock, accounts=(ACCOUNT,), seed=7) as aws:
        fire = Fire(aws, clock, tmp_path / "home")
        before = aws.snapshot()
        fire.contain()

        done = undo(fire.desk, plan_undo(fire.desk, reopen=REASON), reopen=REASON)

        assert done["left"] == []
        assert aws.snapshot() == before
        assert fire.summary().status == "undone"


def test_a_password_that_is_gone_is_said_once_and_then_nothing_is_left_to_do(
    tmp_path: Path,
) -> None:
    clock = VirtualClock(START)
    with SimulatedAws(clock, accounts=(ACCOUNT,), seed=7) as aws:
        fire = Fire(aws, clock, tmp_path / "home", password=True)
        fire.contain()

        first = undo(fire.desk, plan_undo(fire.desk, reopen=REASON), reopen=REASON)
        second = undo(fire.desk, plan_undo(fire.desk, reopen=REASON), reopen=REASON)

        assert [each["step"] for each in first["left"]] == ["console"]
        assert second == {"undone": [], "left": [], "back": []}
        assert [each.verdict for each in plan_undo(fire.desk)] == ["gone"]
        assert [each.verdict for each in plan_undo(fire.desk, steps=["console"])] == ["lost"]
        assert fire.summary().status == "undone"


def test_a_key_that_somebody_deleted_is_left_and_the_deny_comes_back(fire: Fire) -> None:
    fire.iam.delete_access_key(UserName=USER, AccessKeyId=fire.key)

    planned = plan_undo(fire.desk, reopen=REASON)
    done = undo(fire.desk, planned, reopen=REASON)

    assert of(planned, "keys").verdict == "drift"
    assert of(planned, "keys").why.startswith("somebody has deleted it since")
    assert [each["step"] for each in done["undone"]] == ["deny", "boundary"]
    assert fire.policies() == ["own"]


def test_a_deleted_key_cannot_be_forced_back_and_undo_says_why(fire: Fire) -> None:
    fire.iam.delete_access_key(UserName=USER, AccessKeyId=fire.key)

    planned = plan_undo(fire.desk, steps=["keys"], reopen=REASON, force=["keys"])
    done = undo(fire.desk, planned, reopen=REASON)

    [left] = done["left"]
    assert "has been deleted since: it cannot be made active again" in left["why"]


def test_a_user_who_was_deleted_leaves_nothing_to_put_back_but_says_so(fire: Fire) -> None:
    fire.iam.delete_access_key(UserName=USER, AccessKeyId=fire.key)
    for name in fire.policies():
        fire.iam.delete_user_policy(UserName=USER, PolicyName=name)
    fire.iam.delete_user(UserName=USER)

    planned = plan_undo(fire.desk, reopen=REASON)
    done = undo(fire.desk, planned, reopen=REASON)

    assert of(planned, "deny").verdict == "back"
    assert [each["step"] for each in done["left"]] == ["keys"]
    assert "somebody has deleted it since" in done["left"][0]["why"]


def test_a_policy_of_ours_that_somebody_edited_is_left_until_it_is_forced(fire: Fire) -> None:
    edited = policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    fire.iam.put_user_policy(UserName=USER, PolicyName=fire.deny, PolicyDocument=edited)

    left = plan_undo(fire.desk, steps=["deny"])
    forced = plan_undo(fire.desk, steps=["deny"], force=["deny"])
    undo(fire.desk, forced)

    assert left[0].verdict == "drift"
    assert "s3:*" in left[0].why
    assert "s3:*" in forced[0].why
    assert fire.policies() == ["own"]


def test_a_key_that_somebody_made_active_again_needs_nothing(fire: Fire) -> None:
    fire.iam.update_access_key(UserName=USER, AccessKeyId=fire.key, Status="Active")

    planned = plan_undo(fire.desk, steps=["keys"])

    assert [each.verdict for each in planned] == ["back"]


def test_a_stolen_key_stays_shut_however_late_it_is(fire: Fire) -> None:
    done = undo(fire.desk, plan_undo(fire.desk))

    assert [each["step"] for each in done["undone"]] == ["deny", "boundary"]
    assert [each["step"] for each in done["left"]] == ["keys"]
    assert fire.status() == {"Inactive"}
    assert fire.summary().status == "partly_undone"


def test_only_what_was_ours_goes_and_what_others_added_stays(fire: Fire) -> None:
    other = policy({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"})
    fire.iam.put_user_policy(UserName=USER, PolicyName="theirs", PolicyDocument=other)
    fire.iam.create_access_key(UserName=USER)

    undo(fire.desk, plan_undo(fire.desk, reopen=REASON), reopen=REASON)

    assert fire.policies() == ["own", "theirs"]
    assert fire.status() == {"Active"}
