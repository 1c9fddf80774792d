"""A tiny cloud and one toy action, to see what the engine does around any action."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from firedoor.actions.contract import (
    Action,
    Case,
    Change,
    Check,
    Given,
    Output,
    Permission,
    Reopens,
    State,
)
from firedoor.actions.registry import read
from firedoor.approval import People
from firedoor.engine.desk import Desk, Office, open_desk, opened
from firedoor.errors import AwsRefused, AwsUnreachable
from firedoor.program import Program, compile_program
from firedoor.runbook import Runbook

TARGET = {
    "account": "111122223333",
    "region": "us-east-1",
    "principal": "arn:aws:iam::111122223333:role/responder",
    "endpoint": "",
    "world": "aws",
}


class Cloud:
    """Doors by name; counts every time one is moved. Stands in for AWS."""

    def __init__(self, **doors: str) -> None:
        self.doors = dict(doors)
        self.moves: list[tuple[str, str]] = []
        self.lose_replies = 0
        self.lose_requests = 0
        self.refuse = False
        self.clock = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
        self.account, self.region, self.partition = "111122223333", "us-east-1", "aws"
        self.principal = TARGET["principal"]

    def call(self, service: str, operation: str, /, **given: Any) -> dict[str, Any]:
        """`get_door` and `move_door`."""
        if operation == "get_door":
            return {"state": self.doors.get(given["name"])}
        if self.refuse:
            raise AwsRefused("refused", code="AccessDenied", operation="test:MoveDoor")
        if self.lose_requests:
            self.lose_requests -= 1
            raise AwsUnreachable("no answer", code="timeout", operation="test:MoveDoor")
        self.doors[given["name"]] = given["state"]
        self.moves.append((given["name"], given["state"]))
        if self.lose_replies:
            self.lose_replies -= 1
            raise AwsUnreachable("no answer", code="timeout", operation="test:MoveDoor")
        return {}

    def pages(self, service: str, operation: str, key: str, /, **given: Any) -> Iterator[Any]:
        """Nothing here has pages."""
        return iter(())

    def regions(self) -> list[str]:
        """One."""
        return [self.region]

    def now(self) -> datetime:
        """A clock that moves a second with each look."""
        self.clock += timedelta(seconds=1)
        return self.clock

    def wait(self, seconds: float) -> None:
        """Moves the clock."""
        self.clock += timedelta(seconds=seconds)

    @contextmanager
    def requests(self) -> Iterator[list[str]]:
        """One request id."""
        yield ["request-1"]


class ShutInput(Given, frozen=True, kw_only=True):
    """Which doors."""

    doors: list[str]


class ShutState(State, frozen=True, kw_only=True):
    """The doors now."""


class LookOutput(Output, frozen=True, kw_only=True):
    """What the doors are."""

    states: dict[str, str | None]


def toy(name: str, **parts: Any) -> Action:
    """An action from functions."""
    module = types.ModuleType(name, "A toy action.")
    module.__dict__.update({"PERMISSIONS": (Permission("test:MoveDoor"),), "EXAMPLE": {}, **parts})
    return read(name, module)


def _observe(aws: Cloud, given: ShutInput, case: Case) -> ShutState:
    found = {name: aws.call("test", "get_door", name=name)["state"] for name in given.doors}
    return ShutState(parts={name: state for name, state in found.items() if state is not None})


def _changes(given: ShutInput, before: ShutState, case: Case) -> list[Change]:
    return [
        Change(resource=name, what="state", from_=state, to="shut")
        for name, state in before.parts.items()
        if state != "shut"
    ]


def _apply(aws: Cloud, given: ShutInput, change: Change, case: Case) -> None:
    aws.call("test", "move_door", name=change.resource, state=change.to)


def _verify(aws: Cloud, given: ShutInput, case: Case) -> list[Check]:
    state = _observe(aws, given, case)
    return [
        Check(what=f"{name} is shut", holds=value == "shut", seen=str(value))
        for name, value in state.parts.items()
    ]


ACTIONS: Mapping[str, Action] = {
    "door.shut": toy(
        "door.shut",
        Input=ShutInput,
        State=ShutState,
        observe=_observe,
        changes=_changes,
        apply=_apply,
        verify=_verify,
        REOPENS=Reopens("the key to it is stolen", timedelta(hours=36)),
    ),
    "door.look": toy(
        "door.look",
        Input=ShutInput,
        Output=LookOutput,
        observe=lambda aws, given, case: LookOutput(states=_observe(aws, given, case).parts),
    ),
}


@pytest.fixture
def cloud() -> Cloud:
    return Cloud(front="open", back="open", cellar="shut")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office.open(tmp_path / "home")


def desk_for(
    office: Office, cloud: Cloud, *, people: People | None = None, incident: str = ""
) -> Desk:
    """A desk at the tiny cloud, with the toy actions."""
    incident = incident or opened(office, cloud, TARGET, title="Fire", severity="high")
    desk = open_desk(office, cloud, TARGET, incident=incident, people=people, by="os:tester")
    return Desk(
        recorder=desk.recorder, aws=cloud, target=TARGET, people=desk.people, actions=ACTIONS
    )


def program_of(*steps: dict[str, Any], name: str = "fire") -> Program:
    """A program of steps; `doors` is its one input."""
    book = msgspec.convert(
        {
            "runbook": name,
            "title": "Shut the doors",
            "summary": "Shut them.",
            "inputs": {"doors": {"type": "list[string]"}},
            "steps": list(steps),
        },
        Runbook,
    )
    return compile_program(name, lambda _: book)


SHUT = {
    "id": "shut",
    "phase": "contain",
    "action": "door.shut",
    "with": {"doors": "$inputs.doors"},
}
LOOK = {
    "id": "look",
    "phase": "evidence",
    "action": "door.look",
    "with": {"doors": "$inputs.doors"},
}
