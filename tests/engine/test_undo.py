"""Undo puts back what was recorded, last change first, and goes on where it was cut off."""

from __future__ import annotations

from contextvars import Context
from typing import Any

import pytest

from firedoor.approval import AlwaysTheSame, Answer
from firedoor.chain import Entry
from firedoor.engine.desk import Desk, Office
from firedoor.engine.lease import working
from firedoor.engine.running import Outcome, next_run, resume, start
from firedoor.engine.undo import Undoing, plan_undo, refuse_unfinished, undo
from firedoor.errors import BadInput, NotFound, Refused
from firedoor.summary import summarize
from tests.engine.conftest import SHUT, Cloud, desk_for, program_of

YES = AlwaysTheSame(Answer(yes=True, by="os:commander", how="scripted"))
LATER = 37 * 3600.0
"""Seconds after which opening a door hands nothing back any more."""


def one(id_: str, *doors: str) -> dict[str, Any]:
    return {**SHUT, "id": id_, "with": {"doors": list(doors)}}


def run(desk: Desk, *steps: dict[str, Any], name: str = "fire") -> Outcome:
    program = program_of(*(steps or (SHUT,)), name=name)
    run_id = next_run(desk.recorder.entries())
    return start(desk, program, {"doors": ["front", "back"]}, break_glass=True, run=run_id)


@pytest.fixture
def desk(office: Office, cloud: Cloud) -> Desk:
    return desk_for(office, cloud, people=YES)


def verdicts(planned: list[Undoing]) -> dict[str, str]:
    return {each.change.resource: each.verdict for each in planned}


def kinds(desk: Desk, prefix: str = "undo") -> list[str]:
    return [each.kind for each in desk.recorder.entries() if each.kind.startswith(prefix)]


def status(desk: Desk) -> str:
    return summarize(desk.recorder.entries()).status


def all_back(desk: Desk) -> dict[str, list[Any]]:
    return undo(desk, plan_undo(desk))


def test_the_last_change_is_taken_back_first(desk: Desk, cloud: Cloud) -> None:
    run(desk, one("a", "front"), one("b", "back"))
    cloud.wait(LATER)
    cloud.moves.clear()

    all_back(desk)

    assert cloud.moves == [("back", "open"), ("front", "open")]


def test_undone_twice_there_is_nothing_to_do(desk: Desk, cloud: Cloud) -> None:
    run(desk)
    cloud.wait(LATER)
    all_back(desk)
    length = len(desk.recorder.entries())

    again = all_back(desk)

    assert again == {"undone": [], "left": [], "back": []}
    assert len(desk.recorder.entries()) == length
    assert plan_undo(desk, steps=["shut"]) == []


class Killed(BaseException):
    """Stands for the end of the process."""


def kill_after(desk: Desk, nth: int) -> None:
    """End the process after the nth entry from now."""
    left = [nth]

    def listen(entry: Entry) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    desk.recorder._listeners.append(listen)


def test_killed_after_any_entry_undo_goes_on_and_opens_each_door_once(office: Office) -> None:
    # Planned, then an intent and a receipt for each of two doors, then finished.
    for nth in range(1, 7):
        world = Cloud(front="open", back="open", cellar="shut")
        desk = desk_for(office, world, people=YES)
        run(desk)
        world.wait(LATER)
        world.moves.clear()
        cut = desk_for(office, world, incident=desk.incident)
        kill_after(cut, nth)
        with pytest.raises(Killed):
            all_back(cut)

        again = desk_for(office, world, incident=desk.incident)
        done = all_back(again)

        assert sorted(world.moves) == [("back", "open"), ("front", "open")], nth
        assert done["left"] == []
        assert kinds(again).count("undo.receipt") == 2
        assert status(again) == "undone"


def test_a_change_that_took_before_the_cut_is_only_receipted(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud, people=YES)
    run(desk, one("a", "front"))
    cloud.wait(LATER)
    cut = desk_for(office, cloud, incident=desk.incident)
    kill_after(cut, 2)
    with pytest.raises(Killed):
        all_back(cut)
    cloud.doors["front"] = "open"
    cloud.moves.clear()

    all_back(desk)
    receipt = [each for each in desk.recorder.entries() if each.kind == "undo.receipt"][-1]

    assert cloud.moves == []
    assert receipt.data["observed"] is True


def test_a_reopening_that_was_cut_off_needs_its_reason_again(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud, people=YES)
    run(desk, one("a", "front"))
    cut = desk_for(office, cloud, incident=desk.incident)
    kill_after(cut, 2)
    with pytest.raises(Killed):
        undo(cut, plan_undo(cut, reopen="a test"), reopen="a test")

    assert verdicts(plan_undo(desk)) == {"front": "reopens"}
    assert verdicts(plan_undo(desk, reopen="a test")) == {"front": "undo"}


def test_what_aws_refuses_is_left_with_its_reason_and_taken_up_later(
    desk: Desk, cloud: Cloud
) -> None:
    run(desk)
    cloud.wait(LATER)
    cloud.refuse = True

    refused = all_back(desk)
    cloud.refuse = False
    after = all_back(desk)

    assert [each["why"] for each in refused["left"]] == ["refused", "refused"]
    assert refused["undone"] == []
    assert (len(after["undone"]), after["left"]) == (2, [])
    assert cloud.doors["front"] == "open"


def test_when_one_of_two_is_refused_the_other_comes_back(desk: Desk, cloud: Cloud) -> None:
    run(desk)
    cloud.wait(LATER)
    call = cloud.call

    def refuse_front(service: str, operation: str, /, **given: Any) -> dict[str, Any]:
        cloud.refuse = operation == "move_door" and given["name"] == "front"
        return call(service, operation, **given)

    cloud.call = refuse_front  # type: ignore[method-assign]

    done = all_back(desk)

    assert [each["resource"] for each in done["undone"]] == ["back"]
    assert [each["resource"] for each in done["left"]] == ["front"]
    assert status(desk) == "partly_undone"


def test_a_lost_answer_of_undo_is_observed_and_not_repeated(desk: Desk, cloud: Cloud) -> None:
    run(desk, one("a", "front"))
    cloud.wait(LATER)
    cloud.moves.clear()
    cloud.lose_replies = 1

    done = all_back(desk)

    assert (len(done["undone"]), cloud.moves) == (1, [("front", "open")])


def test_what_cannot_be_read_is_left_with_why(desk: Desk, cloud: Cloud) -> None:
    run(desk)
    cloud.wait(LATER)

    def unreadable(*_: Any, **__: Any) -> dict[str, Any]:
        raise ValueError("not JSON")

    cloud.call = unreadable  # type: ignore[method-assign]

    planned = plan_undo(desk)

    assert set(verdicts(planned).values()) == {"unread"}
    assert "a fault in door.shut: ValueError: not JSON" in planned[0].why


def test_the_change_of_an_action_that_is_not_installed_is_left_with_why(
    desk: Desk, cloud: Cloud
) -> None:
    run(desk)
    bare = Desk(recorder=desk.recorder, aws=cloud, target=desk.target, actions={})

    planned = plan_undo(bare)

    assert set(verdicts(planned).values()) == {"unread"}
    assert "'door.shut', which made this change, is not installed" in planned[0].why


# What others did since


def test_a_change_by_somebody_else_is_left_and_force_says_what_it_overwrites(
    desk: Desk, cloud: Cloud
) -> None:
    run(desk, one("a", "front"))
    cloud.wait(LATER)
    cloud.doors["front"] = "bricked up"

    left = plan_undo(desk)
    forced = plan_undo(desk, force=["a"])
    undo(desk, forced)
    [intent] = [each for each in desk.recorder.entries() if each.kind == "undo.intended"]

    assert left[0].why == (
        "somebody has changed it since: it is bricked up, not shut; --force r1/a overwrites that"
    )
    assert (forced[0].verdict, forced[0].why) == ("undo", "overwrites bricked up")
    assert cloud.doors["front"] == "open"
    assert intent.data["overwrites"] == "bricked up"


def test_force_overwrites_only_the_step_that_it_names(desk: Desk, cloud: Cloud) -> None:
    run(desk, one("a", "front"), one("b", "back"))
    cloud.wait(LATER)
    cloud.doors.update(front="bricked up", back="bricked up")

    assert verdicts(plan_undo(desk, force=["a"])) == {"front": "undo", "back": "drift"}


def test_a_thing_that_somebody_deleted_is_left_and_says_so(desk: Desk, cloud: Cloud) -> None:
    run(desk, one("a", "front"))
    cloud.wait(LATER)
    del cloud.doors["front"]

    [planned] = plan_undo(desk)

    assert planned.verdict == "drift"
    assert planned.why.startswith("somebody has deleted it since")


def test_what_somebody_put_back_already_needs_nothing(desk: Desk, cloud: Cloud) -> None:
    run(desk, one("a", "front"))
    cloud.doors["front"] = "open"
    cloud.moves.clear()

    done = all_back(desk)

    assert ([each["resource"] for each in done["back"]], done["left"]) == (["front"], [])
    assert cloud.moves == []
    assert status(desk) == "undone"


def test_what_somebody_changes_while_the_plan_is_read_is_left(desk: Desk, cloud: Cloud) -> None:
    run(desk, one("a", "front"))
    cloud.wait(LATER)
    planned = plan_undo(desk)
    cloud.doors["front"] = "bricked up"

    done = undo(desk, planned)

    assert cloud.doors["front"] == "bricked up"
    assert "somebody changed it while you were deciding" in done["left"][0]["why"]


def test_what_somebody_puts_back_while_the_plan_is_read_is_only_receipted(
    desk: Desk, cloud: Cloud
) -> None:
    run(desk, one("a", "front"))
    cloud.wait(LATER)
    planned = plan_undo(desk)
    cloud.doors["front"] = "open"
    cloud.moves.clear()

    done = undo(desk, planned)

    assert (len(done["undone"]), done["left"], cloud.moves) == (1, [], [])
    assert plan_undo(desk) == []


def test_force_does_not_overwrite_what_came_after_the_plan(desk: Desk, cloud: Cloud) -> None:
    run(desk, one("a", "front"))
    cloud.wait(LATER)
    cloud.doors["front"] = "bricked up"
    planned = plan_undo(desk, force=["a"])
    cloud.doors["front"] = "walled up"

    done = undo(desk, planned)

    assert (cloud.doors["front"], len(done["left"])) == ("walled up", 1)


# What would let the attacker in


def test_a_reason_stands_in_the_journal_with_what_it_reopens(desk: Desk, cloud: Cloud) -> None:
    run(desk, one("a", "front"))

    planned = plan_undo(desk, reopen="it was a test")
    undo(desk, planned, reopen="it was a test")
    [intent] = [each for each in desk.recorder.entries() if each.kind == "undo.intended"]

    assert planned[0].reopens == "the key to it is stolen"
    assert intent.data["reopen"] == "it was a test"


def test_made_again_its_time_counts_from_the_last_change(desk: Desk, cloud: Cloud) -> None:
    run(desk, one("a", "front"))
    cloud.wait(LATER)
    cloud.doors["front"] = "open"
    run(desk, one("a", "front"))

    assert verdicts(plan_undo(desk, steps=["r2/a"])) == {"front": "reopens"}


# Several runs and steps on one thing


def test_a_later_run_that_found_it_in_place_is_not_undone_itself(desk: Desk, cloud: Cloud) -> None:
    run(desk, one("a", "front"))
    run(desk, one("a", "front"))
    cloud.wait(LATER)
    cloud.moves.clear()

    done = all_back(desk)

    assert [each["run"] for each in done["undone"]] == ["r1"]
    assert cloud.moves == [("front", "open")]


def test_after_undo_a_later_runs_own_change_is_not_taken_for_the_first_ones(
    desk: Desk, cloud: Cloud
) -> None:
    run(desk, one("a", "front"))
    cloud.wait(LATER)
    all_back(desk)
    cloud.doors["front"] = "ajar"
    run(desk, one("a", "front"))
    cloud.wait(LATER)

    assert plan_undo(desk, steps=["r1/a"]) == []
    all_back(desk)
    assert cloud.doors["front"] == "ajar"


def test_what_a_later_step_changed_again_goes_back_through_both(desk: Desk, cloud: Cloud) -> None:
    run(desk, one("a", "front"))
    cloud.doors["front"] = "ajar"
    run(desk, one("b", "front"))
    cloud.wait(LATER)

    alone = plan_undo(desk, steps=["a"])
    whole = plan_undo(desk)

    assert [each.why for each in alone] == ["r2/b changed it after this and stays: undo that first"]
    # The second one found it ajar, which nobody of ours had made it: there it stays.
    assert [(each.step, each.verdict) for each in whole] == [("b", "undo"), ("a", "drift")]


def test_made_twice_by_one_step_it_goes_back_to_what_was_there_first(
    desk: Desk, cloud: Cloud
) -> None:
    run(desk, one("a", "front"))
    cloud.doors["front"] = "ajar"
    receipt = {"action": "door.shut", "resource": "front", "requests": [], "reapplied": True}
    change = {"resource": "front", "what": "state", "from": "ajar", "to": "shut"}
    again = {"action": "door.shut", "change": change, "before": {}, "reapplied": True}
    desk.recorder.write("step.intended", again, run="r1", step="a")
    cloud.doors["front"] = "shut"
    desk.recorder.write("step.receipt", receipt, run="r1", step="a")
    cloud.wait(LATER)

    all_back(desk)

    assert cloud.doors["front"] == "open"


def test_a_change_without_a_receipt_that_took_all_the_same_is_undone(
    desk: Desk, cloud: Cloud
) -> None:
    intent = {
        "action": "door.shut",
        "change": {"resource": "back", "what": "state", "from": "open", "to": "shut"},
        "before": {},
    }
    run(desk, one("a", "front"))
    desk.recorder.write(
        "step.started", {"given": {"doors": ["back"]}, "phase": "contain"}, run="r1", step="z"
    )
    desk.recorder.write("step.intended", intent, run="r1", step="z")
    cloud.wait(LATER)
    untouched = verdicts(plan_undo(desk))
    cloud.doors["back"] = "shut"

    assert untouched == {"front": "undo"}
    assert verdicts(plan_undo(desk)) == {"back": "undo", "front": "undo"}


# Which step


def place(desk: Desk, run_: str, step: str) -> None:
    """A change of a step that some run made, in the journal alone."""
    change = {"resource": "cellar", "what": "state", "from": "open", "to": "shut"}
    given = {"given": {"doors": ["cellar"]}, "phase": "contain"}
    desk.recorder.write("step.started", given, run=run_, step=step)
    intent = {"action": "door.shut", "change": change, "before": {}}
    desk.recorder.write("step.intended", intent, run=run_, step=step)
    receipt = {"action": "door.shut", "resource": "cellar", "requests": []}
    desk.recorder.write("step.receipt", receipt, run=run_, step=step)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("deny", ["r1/deny"]),
        ("r1/deny", ["r1/deny"]),
        ("r1.spread.0/deny", ["r1.spread.0/deny"]),
        ("spread", ["r1.spread.1/deny", "r1.spread.0/keys", "r1.spread.0/deny"]),
        ("r1/spread", ["r1.spread.1/deny", "r1.spread.0/keys", "r1.spread.0/deny"]),
        ("spread.0", ["r1.spread.0/keys", "r1.spread.0/deny"]),
        ("made_keys", ["r1/made_keys.1", "r1/made_keys.0"]),
        ("made_keys.1", ["r1/made_keys.1"]),
        ("keys", ["r1.spread.0/keys"]),
    ],
)
def test_a_step_is_named_by_itself_its_run_or_the_loop_it_is_in(
    desk: Desk, name: str, meant: list[str]
) -> None:
    for run_, step in (
        ("r1", "deny"),
        ("r1.spread.0", "deny"),
        ("r1.spread.0", "keys"),
        ("r1.spread.1", "deny"),
        ("r1", "made_keys.0"),
        ("r1", "made_keys.1"),
    ):
        place(desk, run_, step)

    found = [f"{each.run}/{each.step}" for each in plan_undo(desk, steps=[name])]

    assert found == meant


def test_a_name_that_several_runs_inside_others_have_is_asked_about(desk: Desk) -> None:
    place(desk, "r1.spread.0", "keys")
    place(desk, "r1.spread.1", "keys")

    with pytest.raises(BadInput, match=r"say which one, r1\.spread\.0/keys, r1\.spread\.1/keys"):
        plan_undo(desk, steps=["keys"])


def test_a_name_that_nothing_has_says_what_there_is(desk: Desk) -> None:
    place(desk, "r1", "deny")

    with pytest.raises(NotFound, match="no step 'dney' that changed anything; there are: r1/deny"):
        plan_undo(desk, steps=["dney"])


# Not while something goes on


def test_undo_is_refused_while_a_run_waits_and_says_what_to_do(
    office: Office, cloud: Cloud
) -> None:
    desk = desk_for(office, cloud)
    run(desk)

    with pytest.raises(Refused) as told:
        refuse_unfinished(desk.recorder.entries())

    assert str(told.value) == (
        "run r1 waits for a person and would go on after the undo. First `firedoor deny "
        f"{desk.incident}-A1` (or approve), `firedoor resume {desk.incident}`; then undo"
    )


def test_undo_is_refused_while_a_run_has_not_ended(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud, people=YES)
    kill_after(desk, 6)
    with pytest.raises(BaseException):  # noqa: B017, PT011
        run(desk)

    with pytest.raises(Refused, match="run r1 has not come to its end"):
        refuse_unfinished(desk.recorder.entries())


def test_undo_is_refused_while_another_process_works_the_incident(desk: Desk, cloud: Cloud) -> None:
    run(desk)
    cloud.wait(LATER)
    planned = plan_undo(desk)
    cloud.moves.clear()

    def at_work() -> list[str]:
        """In another context, as another process is."""
        try:
            undo(desk, planned)
        except Refused as error:
            return [str(error)]
        return []

    with working(desk.recorder.journal, desk.incident, by="os:other"):
        [told] = Context().run(at_work)

    assert "is being worked by os:other" in told
    assert cloud.moves == []


def test_after_its_end_undo_is_not_refused(desk: Desk) -> None:
    run(desk)

    refuse_unfinished(desk.recorder.entries())


def test_what_was_undone_is_not_gone_on_with(desk: Desk, cloud: Cloud) -> None:
    call = cloud.call

    def refuse_back(service: str, operation: str, /, **given: Any) -> dict[str, Any]:
        cloud.refuse = operation == "move_door" and given == {"name": "back", "state": "shut"}
        return call(service, operation, **given)

    cloud.call = refuse_back  # type: ignore[method-assign]
    run(desk)
    cloud.wait(LATER)
    all_back(desk)
    cloud.moves.clear()

    resumed = resume(desk, break_glass=True)

    assert (resumed, cloud.moves, status(desk)) == ([], [], "undone")
