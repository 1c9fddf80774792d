"""The people of a drill answer by script: as many of them as a question needs."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path

import pytest

from firedoor.engine.desk import Desk, Office
from firedoor.engine.running import Outcome, start
from firedoor.exercise.people import ScriptedPeople
from firedoor.response_plan import Person, ResponsePlan
from firedoor.scenario import Scripted
from tests.engine.conftest import SHUT, TARGET, Cloud, desk_for, program_of

PLAN = ResponsePlan(people={"security_lead": (Person(name="Dana", os_user="dana"),)})


class Clock:
    """The cloud's time."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def now(self) -> datetime:
        return self._cloud.now()

    def wait(self, seconds: float) -> None:
        self._cloud.wait(seconds)


def played(home: Path, cloud: Cloud, quorum: int, script: Scripted) -> tuple[Desk, Outcome]:
    """One step that so many people have to agree to, in a simulated world."""
    people = ScriptedPeople(script, Clock(cloud))
    desk = desk_for(Office.open(home), cloud, people=people)
    target = {**TARGET, "world": "simulated"}
    desk = dataclasses.replace(desk, target=target, plan=PLAN)
    people.read = desk.recorder.entries
    step = {**SHUT, "approve": {"by": "security_lead", "quorum": quorum}}
    return desk, start(desk, program_of(step), {"doors": ["front"]}, break_glass=True)


def given(desk: Desk) -> list[tuple[str, float]]:
    return [
        (entry.by, entry.data["waited_seconds"])
        for entry in desk.recorder.entries()
        if entry.kind == "approval.given"
    ]


@pytest.mark.parametrize("quorum", [1, 2, 9])
def test_a_quorum_is_met_by_different_people_who_think_side_by_side(
    tmp_path: Path, quorum: int
) -> None:
    cloud = Cloud(front="open")

    desk, done = played(tmp_path / "home", cloud, quorum, Scripted(decides_after="4m"))
    answers = given(desk)

    assert (done.status, cloud.moves) == ("contained", [("front", "shut")])
    assert len({by for by, _ in answers}) == len(answers) == quorum
    assert min(waited for _, waited in answers) >= 240
    assert max(waited for _, waited in answers) < 300


def test_nobody_of_a_quorum_answers_where_the_script_is_silent(tmp_path: Path) -> None:
    desk, done = played(
        tmp_path / "home", Cloud(front="open"), 2, Scripted(answers={"approve": "nobody"})
    )

    assert (done.status, given(desk)) == ("waiting", [])


def test_one_no_ends_a_quorum(tmp_path: Path) -> None:
    _, done = played(
        tmp_path / "home", Cloud(front="open"), 2, Scripted(answers={"approve": "deny"})
    )

    assert done.status == "refused"
