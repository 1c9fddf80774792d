"""Steps are written down before they act, finished after a crash, and proven."""

from __future__ import annotations

from typing import Any

import pytest

from firedoor.approval import AlwaysTheSame, Answer
from firedoor.chain import Entry
from firedoor.engine.desk import Desk, Office
from firedoor.engine.running import Outcome, resume, start
from firedoor.engine.undo import plan_undo, undo
from firedoor.engine.verifying import verify_again
from tests.engine.conftest import LOOK, SHUT, Cloud, desk_for, program_of

YES = AlwaysTheSame(Answer(yes=True, by="os:commander", how="scripted"))
NO = AlwaysTheSame(Answer(yes=False, by="os:commander", how="scripted", reason="not now"))
DOORS = {"doors": ["front", "back", "cellar"]}


def run(desk: Desk, *steps: dict[str, Any]) -> Outcome:
    return start(desk, program_of(*(steps or (SHUT,))), DOORS, break_glass=True)


def kinds(desk: Desk) -> list[str]:
    return [entry.kind for entry in desk.recorder.entries()]


def test_every_change_is_intended_before_and_receipted_after(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud, people=YES)

    done = run(desk)
    told = [kind for kind in kinds(desk) if kind.startswith(("step.int", "step.rec", "proof"))]

    assert done.status == "contained"
    assert told == [*["step.intended"] * 2, *["step.receipt"] * 2, "proof.taken"]
    assert cloud.moves == [("front", "shut"), ("back", "shut")]


def test_the_state_before_is_kept_as_evidence_before_anything_moves(
    office: Office, cloud: Cloud
) -> None:
    desk = desk_for(office, cloud, people=YES)

    run(desk)
    order = kinds(desk)

    assert order.index("evidence.kept") < order.index("step.intended")
    assert office.vault.verify(desk.incident).artefacts == 1


def test_without_an_answer_nothing_moves_and_the_run_waits(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud)

    done = run(desk, SHUT, LOOK)

    assert (done.status, cloud.moves) == ("waiting", [])
    assert kinds(desk).count("approval.asked") == 1
    assert {step["id"]: step["status"] for step in done.steps} == {
        "shut": "waiting",
        "look": "done",
    }


def test_a_no_is_final(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud, people=NO)

    done = run(desk)

    assert (done.status, cloud.moves) == ("refused", [])


def test_a_waiting_run_goes_on_after_the_answer(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud)
    run(desk)
    later = desk_for(office, cloud, people=YES, incident=desk.incident)

    done = resume(later, break_glass=True)

    assert [each.status for each in done] == ["contained"]
    assert cloud.doors == {"front": "shut", "back": "shut", "cellar": "shut"}
    assert kinds(later).count("approval.asked") == 1


def test_a_lost_reply_is_observed_and_not_repeated(office: Office, cloud: Cloud) -> None:
    cloud.lose_replies = 1
    desk = desk_for(office, cloud, people=YES)

    done = run(desk)

    assert done.status == "contained"
    assert cloud.moves == [("front", "shut"), ("back", "shut")]


def test_a_lost_request_is_repeated_because_it_did_not_take(office: Office, cloud: Cloud) -> None:
    cloud.lose_requests = 1
    desk = desk_for(office, cloud, people=YES)

    done = run(desk)

    assert done.status == "contained"
    assert cloud.moves == [("front", "shut"), ("back", "shut")]


def test_a_refused_change_is_not_contained_and_says_why(office: Office, cloud: Cloud) -> None:
    cloud.refuse = True
    desk = desk_for(office, cloud, people=YES)

    done = run(desk)

    assert done.status == "not_contained"
    assert done.steps[0]["why"] == "refused"


class Killed(BaseException):
    """Stands for the end of the process."""


def _kill_after(desk: Desk, seq: int) -> None:
    def listen(entry: Entry) -> None:
        if entry.seq == seq:
            raise Killed

    desk.recorder._listeners.append(listen)


def test_a_run_killed_after_any_entry_goes_on_and_moves_each_door_once(
    office: Office, cloud: Cloud
) -> None:
    whole = desk_for(office, cloud, people=YES)
    run(whole, SHUT, LOOK)
    length = len(whole.recorder.entries())

    for seq in range(2, length + 1):
        world = Cloud(front="open", back="open", cellar="shut")
        desk = desk_for(office, world, people=YES)
        _kill_after(desk, seq)
        with pytest.raises(BaseException):  # noqa: B017, PT011
            run(desk, SHUT, LOOK)
        again = desk_for(office, world, people=YES, incident=desk.incident)
        resume(again, break_glass=True)
        if seq == 2 and not any(kind == "run.started" for kind in kinds(again)):
            continue

        assert sorted(world.moves) == [("back", "shut"), ("front", "shut")], seq
        assert office.journal.verify(desk.incident).holds


def test_undo_opens_what_was_shut_and_nothing_else(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud, people=YES)
    run(desk)
    cloud.wait(37 * 3600)

    done = undo(desk, plan_undo(desk))

    assert cloud.doors == {"front": "open", "back": "open", "cellar": "shut"}
    assert (len(done["undone"]), done["left"]) == (2, [])


def test_undo_keeps_shut_what_would_let_the_attacker_in(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud, people=YES)
    run(desk)

    done = undo(desk, plan_undo(desk))

    assert cloud.doors["front"] == "shut"
    assert {left["why"] for left in done["left"]} == {"the key to it is stolen"}


def test_undo_with_a_reason_opens_it_all_the_same(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud, people=YES)
    run(desk)

    undo(desk, plan_undo(desk, reopen="a test"), reopen="a test")

    assert cloud.doors["front"] == "open"


def test_undo_leaves_what_somebody_else_has_changed_since(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud, people=YES)
    run(desk)
    cloud.wait(37 * 3600)
    cloud.doors["front"] = "bricked up"

    planned = {each.change.resource: each.verdict for each in plan_undo(desk)}
    undo(desk, plan_undo(desk))

    assert planned == {"front": "drift", "back": "undo"}
    assert cloud.doors["front"] == "bricked up"


def test_verifying_again_sees_a_door_that_was_opened_since(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud, people=YES)
    run(desk)

    before = [each["holds"] for each in verify_again(desk)]
    cloud.doors["front"] = "open"
    after = [each["holds"] for each in verify_again(desk)]

    assert (before, after) == ([True], [False])
