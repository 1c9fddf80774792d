"""What a journal says is to be done: which runs go on by themselves, and which never do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from firedoor.approval import Answer
from firedoor.chain import Entry
from firedoor.engine.desk import Desk, Office
from firedoor.engine.door import Who, answer
from firedoor.engine.running import start
from firedoor.kinds import parse_time
from firedoor.response_plan import ResponsePlan
from firedoor.service.standing import answered, cut_off, due, look_again
from tests.engine.conftest import SHUT, Cloud, desk_for, program_of

DOORS = {"doors": ["front"]}
ASKING = {**SHUT, "approve": {"ask": "Shut?", "within": "15m"}}


@pytest.fixture
def cloud() -> Cloud:
    return Cloud(front="open")


@pytest.fixture
def office(tmp_path: Any) -> Office:
    return Office.open(tmp_path / "home")


@pytest.fixture
def desk(office: Office, cloud: Cloud) -> Desk:
    """A run that waits for an answer."""
    made = desk_for(office, cloud)
    start(made, program_of(ASKING), DOORS, break_glass=True)
    return made


def entries(desk: Desk) -> list[Entry]:
    return desk.recorder.entries()


def runs(found: list[Any]) -> list[str]:
    return [run for run, _, _ in found]


def now(desk: Desk) -> datetime:
    return parse_time(entries(desk)[-1].at)


def say(desk: Desk, yes: bool) -> None:
    asked = next(each for each in entries(desk) if each.kind == "approval.asked")
    said = Answer(yes=yes, by="os:carol", how="terminal")
    who = Who(ids=("os:carol",))
    moment = now(desk) + timedelta(seconds=1)
    answer(desk.recorder, asked.data["id"], said, who=who, plan=ResponsePlan(), now=moment)


def test_what_waits_for_a_person_does_not_go_on_by_itself(desk: Desk) -> None:
    assert runs(answered(entries(desk), now(desk))) == []
    assert runs(cut_off(entries(desk))) == []


@pytest.mark.parametrize("yes", [True, False])
def test_an_answered_run_goes_on_once(desk: Desk, yes: bool) -> None:
    say(desk, yes)
    before = runs(answered(entries(desk), now(desk)))
    start(desk, program_of(ASKING), DOORS, break_glass=True, run="r1")
    after = runs(answered(entries(desk), now(desk)))

    assert (before, after) == (["r1"], [])


def test_a_question_that_ran_out_is_looked_at_when_it_does(desk: Desk) -> None:
    moment = look_again(entries(desk), now(desk))
    assert moment is not None

    assert runs(answered(entries(desk), moment - timedelta(seconds=1))) == []
    assert runs(answered(entries(desk), moment + timedelta(seconds=1))) == ["r1"]


def test_one_that_has_escalated_is_not_asked_a_third_time_by_itself(
    desk: Desk, cloud: Cloud
) -> None:
    cloud.wait(16 * 60)
    start(desk, program_of(ASKING), DOORS, break_glass=True, run="r1")
    asked = [each for each in entries(desk) if each.kind == "approval.asked"]
    later = parse_time(asked[-1].data["expires"]) + timedelta(seconds=1)

    assert len(asked) == 2
    assert look_again(entries(desk), now(desk)) is None
    assert runs(answered(entries(desk), later)) == []


def test_a_run_whose_process_died_was_cut_off(desk: Desk) -> None:
    started = next(each for each in entries(desk) if each.kind == "run.started")
    cut = [each for each in entries(desk) if each.seq <= started.seq + 2]

    assert runs(cut_off(cut)) == ["r1"]


def test_a_run_that_was_gone_on_with_and_died_again_was_cut_off(desk: Desk) -> None:
    desk.recorder.write("run.resumed", {"run": "r1", "parent": None, "engine": "prefect"}, run="r1")

    assert runs(cut_off(entries(desk))) == ["r1"]


def test_a_run_that_prefect_began_is_left_to_prefect(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud)
    desk.recorder.by = "prefect"
    start(desk, program_of(ASKING), DOORS, break_glass=True)
    say(desk, True)

    assert runs(answered(entries(desk), now(desk))) == []


def test_what_was_refused_or_has_ended_is_not_begun_again(desk: Desk) -> None:
    say(desk, False)
    start(desk, program_of(ASKING), DOORS, break_glass=True, run="r1")

    assert runs(cut_off(entries(desk))) == []
    assert runs(answered(entries(desk), now(desk))) == []


def test_a_check_is_due_when_its_time_has_come(desk: Desk) -> None:
    say(desk, True)
    start(desk, program_of(ASKING), DOORS, break_glass=True, run="r1")
    moment = look_again(entries(desk), now(desk))
    assert moment is not None

    assert not due(entries(desk), moment - timedelta(seconds=1))
    assert due(entries(desk), moment)
