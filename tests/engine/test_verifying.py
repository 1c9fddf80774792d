"""Containment is read back later, and shut again when somebody has opened it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from firedoor.clock import VirtualClock
from firedoor.engine.reapply import reapply, reopened
from firedoor.engine.undo import plan_undo, undo
from firedoor.engine.verifying import verify
from firedoor.kinds import parse_time
from firedoor.simulator.credentials import Credentials
from firedoor.simulator.server import SimulatedAws
from tests.engine.simulated import USER, Fire
from tests.simulator.conftest import ACCOUNT, START, policy

HARMLESS = policy({"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::none/*"})


@pytest.fixture
def fire(tmp_path: Path) -> Iterator[Fire]:
    clock = VirtualClock(START)
    with SimulatedAws(clock, accounts=(ACCOUNT,), seed=7) as aws:
        yield Fire(aws, clock, tmp_path / "home")


def broken(fire: Fire) -> set[str]:
    """The steps that a reading finds broken."""
    return {str(each["id"]) for each in verify(fire.desk).steps if each["holds"] is False}


def remove_deny(fire: Fire) -> None:
    fire.iam.delete_user_policy(UserName=USER, PolicyName=fire.deny)


def remove_locks(fire: Fire) -> None:
    """The deny, and the boundary beside it: either holds alone."""
    remove_deny(fire)
    fire.iam.delete_user_permissions_boundary(UserName=USER)


def activate(fire: Fire) -> None:
    fire.iam.update_access_key(UserName=USER, AccessKeyId=fire.key, Status="Active")


def test_the_checks_are_made_when_their_time_has_come_and_not_before(fire: Fire) -> None:
    fire.contain()
    counts = []
    for seconds in (0, 10, 50, 541):
        fire.clock.advance(seconds)
        found = verify(fire.desk)
        counts.append((len(found.done), len(found.due), found.holds))

    assert counts == [(0, 3, True), (1, 2, True), (1, 1, True), (1, 0, True)]
    assert fire.summary().due == ()


def test_one_late_reading_makes_all_that_are_overdue_and_the_journal_says_which(
    fire: Fire,
) -> None:
    due = fire.contain().due
    fire.clock.advance(3600)

    verify(fire.desk)
    [finished] = [e for e in fire.desk.recorder.entries() if e.kind == "verify.finished"]

    assert [each["at"] for each in finished.data["checks_due_done"]] == [each["at"] for each in due]
    assert finished.data["holds"] is True
    assert finished.data["last_success"] is None


def test_an_attacker_who_removes_the_deny_after_5_s_is_found_at_10_s_and_shut_out_again(
    fire: Fire,
) -> None:
    fire.contain()
    fire.soon(5, lambda: remove_locks(fire))
    fire.clock.advance(10)

    first = verify(fire.desk)
    status = fire.summary().status
    opened = reopened(fire.desk)
    done = reapply(fire.desk, opened)
    second = verify(fire.desk)

    assert (first.holds, len(first.done), status) == (False, 1, "not_contained")
    assert [each.step for each in opened] == ["boundary", "deny"]
    assert f"#inline-policy/{fire.deny} is absent, not" in opened[1].found[0]
    assert {each["why"] for each in done["reapplied"]} == {"os:commander (scripted)"}
    assert set(fire.policies()) == {fire.deny, "own"}
    assert (second.holds, fire.summary().status) == (True, "contained")


def test_a_key_made_active_after_30_s_is_found_at_60_s_and_made_inactive_again(
    fire: Fire,
) -> None:
    fire.contain()
    fire.soon(30, lambda: activate(fire))
    fire.clock.advance(10)
    early = verify(fire.desk)
    fire.clock.advance(50)

    late = verify(fire.desk)
    opened = reopened(fire.desk)
    reapply(fire.desk, opened)

    assert (early.holds, len(early.done)) == (True, 1)
    assert (late.holds, len(late.done)) == (False, 1)
    assert [each.step for each in opened] == ["keys"]
    assert fire.status() == {"Inactive"}
    assert verify(fire.desk).holds is True


def test_what_is_made_again_is_journalled_by_its_step_before_and_after(fire: Fire) -> None:
    fire.contain()
    remove_deny(fire)
    start = len(fire.desk.recorder.entries())

    reapply(fire.desk, reopened(fire.desk))
    made = [
        (each.kind, each.run, each.step, each.data.get("reapplied"))
        for each in fire.desk.recorder.entries()[start:]
    ]

    assert made == [
        ("evidence.kept", "r1", "deny", None),
        ("step.intended", "r1", "deny", True),
        ("step.receipt", "r1", "deny", True),
    ]


def test_however_often_it_is_opened_nobody_is_asked_again(fire: Fire) -> None:
    fire.contain()
    asked = sum(e.kind == "approval.asked" for e in fire.desk.recorder.entries())
    for _ in range(3):
        fire.clock.advance(10)
        remove_deny(fire)
        fire.iam.create_access_key(UserName=USER)
        done = reapply(fire.desk, reopened(fire.desk))
        assert {each["step"] for each in done["reapplied"]} == {"deny", "keys"}
        for key in fire.iam.list_access_keys(UserName=USER)["AccessKeyMetadata"][1:]:
            fire.iam.delete_access_key(UserName=USER, AccessKeyId=key["AccessKeyId"])

    assert sum(e.kind == "approval.asked" for e in fire.desk.recorder.entries()) == asked
    assert fire.status() == {"Inactive"}


def test_what_a_question_about_a_list_agreed_to_covers_its_items_again(fire: Fire) -> None:
    """A user that it created (a run inside the run) and a key it made for another (a loop)."""
    fire.bench.user("bystander")
    thief = fire.bench.client("iam", fire.leaked)
    thief.create_user(UserName="helper")
    helper = thief.create_access_key(UserName="helper")["AccessKey"]["AccessKeyId"]
    theirs = thief.create_access_key(UserName="bystander")["AccessKey"]["AccessKeyId"]
    fire.clock.advance(1200)
    fire.contain()
    fire.iam.delete_user_policy(UserName="helper", PolicyName=fire.deny)
    for user, key in (("helper", helper), ("bystander", theirs)):
        fire.iam.update_access_key(UserName=user, AccessKeyId=key, Status="Active")

    done = reapply(fire.desk, reopened(fire.desk))

    assert {(each["run"], each["step"]) for each in done["reapplied"]} == {
        ("r1.spread.0", "deny"),
        ("r1.spread.0", "keys"),
        ("r1", "made_keys.0"),
    }
    assert done["left"] == []
    assert fire.status("helper") == {"Inactive"}
    assert fire.status("bystander") == {"Active", "Inactive"}


def test_a_deny_that_was_made_harmless_is_made_whole_and_undo_still_removes_it(
    fire: Fire,
) -> None:
    fire.contain()
    fire.iam.put_user_policy(UserName=USER, PolicyName=fire.deny, PolicyDocument=HARMLESS)

    done = reapply(fire.desk, reopened(fire.desk))
    undone = undo(fire.desk, plan_undo(fire.desk, steps=["deny"], reopen="x"), reopen="x")

    assert [each["step"] for each in done["reapplied"]] == ["deny"]
    assert len(undone["undone"]) == 1
    assert fire.policies() == ["own"]


def test_something_else_that_would_be_overwritten_is_left_for_people_to_decide(
    tmp_path: Path,
) -> None:
    clock = VirtualClock(START)
    with SimulatedAws(clock, accounts=(ACCOUNT,), seed=7) as aws:
        fire = Fire(aws, clock, tmp_path / "home", password=True)
        fire.contain()
        clock.advance(30)
        fire.iam.create_login_profile(UserName=USER, Password="Summer-Wall-28")

        opened = reopened(fire.desk)
        done = reapply(fire.desk, opened)

        assert done["reapplied"] == []
        assert [each["step"] for each in done["left"]] == ["console"]
        assert "no approval covers it" in done["left"][0]["why"]
        assert fire.iam.get_login_profile(UserName=USER)["LoginProfile"]["UserName"] == USER


def test_what_people_took_back_themselves_is_not_shut_again(fire: Fire) -> None:
    fire.contain()
    planned = plan_undo(fire.desk, steps=["keys"], reopen="a new owner")
    undo(fire.desk, planned, reopen="a new owner")
    remove_deny(fire)

    done = reapply(fire.desk, reopened(fire.desk))

    assert [each["step"] for each in done["reapplied"]] == ["deny"]
    assert fire.status() == {"Active"}


def test_of_two_keys_the_one_that_people_gave_back_stays_theirs(fire: Fire) -> None:
    fire.iam.create_access_key(UserName=USER)
    fire.contain()
    planned = plan_undo(fire.desk, steps=["keys"], reopen="a new owner")
    ours = [each for each in planned if fire.key not in each.change.resource]
    undo(fire.desk, ours, reopen="a new owner")
    activate(fire)

    done = reapply(fire.desk, reopened(fire.desk))
    changed = [each["resource"] for told in done["reapplied"] for each in told["changes"]]

    assert [resource.rpartition("/")[2] for resource in changed] == [fire.key]
    assert fire.status() == {"Active", "Inactive"}


def test_a_call_of_theirs_that_got_through_is_the_last_success(fire: Fire) -> None:
    fire.contain()
    remove_locks(fire)
    activate(fire)
    key = fire.iam.create_access_key(UserName=USER)["AccessKey"]
    held = Credentials(key["AccessKeyId"], key["SecretAccessKey"], None, "")
    attacker = fire.bench.client("s3", held)
    fire.clock.advance(30)
    attacker.list_buckets()
    fire.clock.advance(1200)

    found = verify(fire.desk)

    assert found.last_success is not None
    assert found.last_success["event"] == "ListBuckets"
    assert fire.summary().last_success == found.last_success
    assert parse_time(found.last_success["when"]) > START


def test_what_was_found_in_place_is_read_back_as_well(fire: Fire) -> None:
    fire.iam.update_access_key(UserName=USER, AccessKeyId=fire.key, Status="Inactive")
    fire.contain()
    activate(fire)

    assert broken(fire) == {"keys"}


def test_after_undo_there_is_nothing_to_read_back(fire: Fire) -> None:
    fire.contain()
    undo(fire.desk, plan_undo(fire.desk, reopen="x"), reopen="x")

    found = verify(fire.desk)

    assert (found.holds, found.steps) == (None, [])
    assert fire.summary().status == "undone"
