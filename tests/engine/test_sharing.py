"""Several steps of a parallel group share one approval: one question, one answer, shown so."""

from __future__ import annotations

from typing import Any

import pytest

from firedoor.approval import asked_of
from firedoor.engine.desk import Desk, Office
from firedoor.engine.running import resume, start
from firedoor.plan import plan_json
from firedoor.planning import make_plan
from firedoor.program import Program
from tests.engine.conftest import ACTIONS, SHUT, TARGET, Cloud, desk_for, program_of
from tests.engine.test_door import say

ASK = {"by": "incident_commander", "ask": "Shut the house?"}
FRONT = {**SHUT, "id": "front", "with": {"doors": ["front"]}}
BACK = {**SHUT, "id": "back", "with": {"doors": ["back"]}}


def house(*steps: dict[str, Any], **more: Any) -> Program:
    return program_of({"parallel": list(steps), **more})


def asked(desk: Desk) -> list[tuple[list[str], str]]:
    return [
        (each.entry.data["steps"], each.entry.data["question"])
        for each in asked_of(desk.recorder.entries())
    ]


def test_a_group_s_question_is_asked_once_and_one_yes_lets_all_run(
    office: Office, cloud: Cloud
) -> None:
    desk = desk_for(office, cloud)
    start(desk, house(FRONT, BACK, approve=ASK), {"doors": []}, break_glass=True)
    before = ([(sorted(steps), text) for steps, text in asked(desk)], list(cloud.moves))

    say(desk, "os:carol")
    (done,) = resume(desk, break_glass=True)

    assert before == ([(["back", "front"], "Shut the house?")], [])
    assert (done.status, sorted(cloud.moves)) == (
        "contained",
        [("back", "shut"), ("front", "shut")],
    )


def test_one_no_is_for_all_of_them(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud)
    start(desk, house(FRONT, BACK, approve=ASK), {"doors": []}, break_glass=True)

    say(desk, "os:carol", yes=False)
    (done,) = resume(desk, break_glass=True)

    assert (done.status, cloud.moves) == ("refused", [])


@pytest.mark.parametrize("same", [True, False])
def test_steps_that_repeat_the_same_approve_share_it_and_others_do_not(
    office: Office, cloud: Cloud, same: bool
) -> None:
    desk = desk_for(office, cloud)
    other = ASK if same else {**ASK, "quorum": 2}
    start(
        desk,
        house({**FRONT, "approve": ASK}, {**BACK, "approve": other}),
        {"doors": []},
        break_glass=True,
    )

    assert len(asked(desk)) == (1 if same else 2)


def test_a_step_s_own_approve_is_its_own(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud)
    alone = {**BACK, "approve": {"by": "security_lead", "ask": "The back too?"}}
    start(desk, house(FRONT, alone, approve=ASK), {"doors": []}, break_glass=True)

    assert asked(desk) == [(["front"], "Shut the house?"), (["back"], "The back too?")]


def test_what_has_changed_since_is_asked_again_and_alone(office: Office, cloud: Cloud) -> None:
    desk = desk_for(office, cloud)
    start(desk, house(FRONT, BACK, approve=ASK), {"doors": []}, break_glass=True)
    say(desk, "os:carol")
    cloud.doors["back"] = "ajar"

    (done,) = resume(desk, break_glass=True)

    assert (done.status, cloud.moves) == ("waiting", [("front", "shut")])
    assert asked(desk)[-1] == (["back"], "Shut the house?")


def test_the_plan_says_which_steps_one_approval_is_for(cloud: Cloud) -> None:
    program = house(FRONT, BACK, approve=ASK)

    plan = make_plan(program, {"doors": []}, cloud, ACTIONS, TARGET)

    assert [(step["approval"], step["shares"]) for step in plan_json(plan)["steps"]] == [
        ("incident_commander", ["front", "back"]),
        ("incident_commander", ["front", "back"]),
    ]
