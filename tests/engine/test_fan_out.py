"""The items of a loop run side by side; what a loop promises holds all the same."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import msgspec
import pytest

from firedoor.approval import AlwaysTheSame, Answer
from firedoor.engine.desk import Desk, Office
from firedoor.engine.recorder import Recorder
from firedoor.engine.running import Outcome, resume, start
from firedoor.errors import AwsRefused
from firedoor.guardrails import Brake
from firedoor.response_plan import Modes, ResponsePlan
from firedoor.side_by_side import in_threads
from tests.engine.conftest import Cloud, desk_for, program_of

YES = AlwaysTheSame(Answer(yes=True, by="os:commander", how="scripted"))
EACH = {
    "id": "each",
    "phase": "contain",
    "for_each": "$inputs.doors",
    "as": "door",
    "limit": 100,
    "action": "door.shut_one",
    "with": {"door": "$door"},
}


class Meeting(Cloud):
    """Doors that move only when three of them are being moved at once."""

    def __init__(self, **doors: str) -> None:
        super().__init__(**doors)
        self.together = threading.Barrier(3)

    def call(self, service: str, operation: str, /, **given: Any) -> dict[str, Any]:
        """Waits for the others before a door moves."""
        if operation == "move_door":
            self.together.wait(timeout=10)
        return super().call(service, operation, **given)


def one_door(desk: Desk) -> Desk:
    """The desk with `door.shut_one`, which takes a single door."""
    shut = desk.actions["door.shut"]

    class Input(shut.Input, frozen=True, kw_only=True):  # type: ignore[misc, name-defined]
        """A door."""

        doors: list[str] = msgspec.field(default_factory=list)
        door: str

    def with_list(part: Any) -> Any:
        def call(*args: Any) -> Any:
            given = next(each for each in args if isinstance(each, Input))
            many = shut.Input(doors=[given.door])  # type: ignore[call-arg]
            return part(*(many if each is given else each for each in args))

        return call

    alone = dataclasses.replace(
        shut,
        name="door.shut_one",
        Input=Input,
        observe=with_list(shut.observe),
        changes=with_list(shut.changes),
        apply=with_list(shut.apply),
        verify=with_list(shut.verify),
    )
    return dataclasses.replace(desk, actions={**desk.actions, "door.shut_one": alone})


def run(desk: Desk, doors: list[str]) -> Outcome:
    return start(desk, program_of(EACH), {"doors": doors}, break_glass=True, run="r1")


def test_items_are_worked_on_at_the_same_time(office: Office) -> None:
    cloud = Meeting(front="open", back="open", cellar="open")

    ended = run(one_door(desk_for(office, cloud, people=YES)), ["front", "back", "cellar"])

    assert ended.status == "contained"
    assert set(cloud.doors.values()) == {"shut"}


def test_items_that_are_the_same_are_done_once(office: Office, cloud: Cloud) -> None:
    ended = run(one_door(desk_for(office, cloud, people=YES)), ["front", "front", "front"])

    assert ended.status == "contained"
    assert cloud.moves == [("front", "shut")]


def test_results_stand_in_the_order_of_the_list(office: Office, cloud: Cloud) -> None:
    ended = run(one_door(desk_for(office, cloud, people=YES)), ["cellar", "front", "back"])

    inner = ended.steps[0]["steps"]
    assert [(each["id"], each["status"]) for each in inner] == [
        ("each.0", "nothing_to_do"),
        ("each.1", "done"),
        ("each.2", "done"),
    ]


def test_one_that_fails_holds_up_no_other(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud(front="open", back="open", cellar="open")
    real = Cloud.call

    def refuse_one(self: Cloud, service: str, operation: str, /, **given: Any) -> dict[str, Any]:
        if operation == "move_door" and given["name"] == "back":
            raise AwsRefused("refused", code="AccessDenied", operation="test:MoveDoor")
        return real(self, service, operation, **given)

    monkeypatch.setattr(Cloud, "call", refuse_one)
    ended = run(one_door(desk_for(office, cloud, people=YES)), ["front", "back", "cellar"])

    assert ended.status == "not_contained"
    assert cloud.doors == {"front": "shut", "back": "open", "cellar": "shut"}


class Dies(BaseException):
    """The process ends here."""


def test_killed_in_the_middle_of_a_loop_nothing_is_done_twice_and_nothing_left_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"door-{number}" for number in range(12)]
    cloud = Cloud(**dict.fromkeys(names, "open"))
    desk = one_door(desk_for(office, cloud, people=YES))
    real = Recorder.write
    receipts = threading.Semaphore(5)

    def write(self: Recorder, kind: str, *args: Any, **more: Any) -> Any:
        if kind == "step.receipt" and not receipts.acquire(blocking=False):
            raise Dies
        return real(self, kind, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "write", write)
        with pytest.raises(Dies):
            run(desk, names)
    again = one_door(desk_for(office, cloud, people=YES, incident=desk.incident))
    ended = resume(again, break_glass=True)

    assert [each.status for each in ended] == ["contained"]
    assert sorted(cloud.moves) == sorted((name, "shut") for name in names)
    assert again.recorder.journal.verify(desk.incident).holds


def test_a_step_whose_condition_could_not_be_read_runs_but_never_unasked(
    office: Office, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = ResponsePlan(mode=Modes(accounts={cloud.account: "act"}), accounts=(cloud.account,))
    monkeypatch.setattr("firedoor.engine.guard.Guard.brakes", lambda *_: list[Brake]())
    desk = dataclasses.replace(desk_for(office, cloud), plan=act)
    item = {"step": "shut", "action": "door.shut", "target": "front", "why": "preauthorised"}
    desk.recorder.write("route.decided", {"runbook": "fire", "unasked": [item]})
    look = {
        "id": "look",
        "phase": "evidence",
        "action": "door.look",
        "with": {"doors": "$inputs.missing"},
    }
    shut = {
        "id": "shut",
        "phase": "contain",
        "action": "door.shut",
        "with": {"doors": "$inputs.doors"},
        "when": "not look",
    }

    ended = start(desk, program_of(look, shut), {"doors": ["front"]}, break_glass=True)
    braked = [e.data for e in desk.recorder.entries() if e.kind == "guardrail.braked"]

    assert (ended.status, cloud.moves) == ("waiting", [])
    assert [each["rules"][0]["rule"] for each in braked] == ["condition"]
    assert "look" in braked[0]["rules"][0]["why"]


def test_threads_keep_the_order_and_raise_what_is_raised() -> None:
    assert in_threads([3, 1, 2], lambda number: number * 2) == [6, 2, 4]
    with pytest.raises(ZeroDivisionError):
        in_threads([1, 0], lambda number: 1 // number)
