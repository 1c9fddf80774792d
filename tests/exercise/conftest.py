"""Drills played without Prefect, and runbooks with something taken out or put in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from firedoor.exercise.drill import play
from firedoor.exercise.result import Drilled
from firedoor.library import Library
from firedoor.program import Program, compile_program
from firedoor.runbook import Runbook, Step

ROOT = Path(__file__).parents[2]
RUNBOOK = "compromised-credentials"
SCENARIO = "leaked-access-key"
AT = datetime(2026, 3, 14, 3, 7, tzinfo=UTC)

Play = Callable[..., Drilled]


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    """What this checkout ships."""
    monkeypatch.delenv("FIREDOOR_RUNBOOKS", raising=False)
    monkeypatch.delenv("FIREDOOR_PLAYBOOKS", raising=False)
    return Library.open(ROOT)


@pytest.fixture
def drill(library: Library, tmp_path: Path) -> Play:
    """Plays a scenario in a home of its own, without Prefect unless it is said."""

    def played(scenario: str | Path = SCENARIO, **given: Any) -> Drilled:
        return play(
            scenario,
            **{"library": library, "home": tmp_path, "break_glass": True, "at": AT, **given},
        )

    return played


def mutated(
    library: Library,
    change: Callable[[tuple[Step, ...]], tuple[Step, ...]],
    runbook: str = RUNBOOK,
) -> Program:
    """The program of a runbook with other steps, wherever it is called."""

    def find(name: str) -> Runbook:
        book = library.load(name)
        return msgspec.structs.replace(book, steps=change(book.steps))

    return compile_program(runbook, find)


def without(library: Library, *step_ids: str, runbook: str = RUNBOOK) -> Program:
    """The program with one step, or several, taken out."""
    return mutated(
        library, lambda steps: tuple(step for step in steps if step.id not in step_ids), runbook
    )


def with_step(library: Library, step: dict[str, Any], before: str = "console") -> Program:
    """The program with one step put in."""
    new = msgspec.convert(step, Step)

    def put_in(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        place = next(index for index, each in enumerate(steps) if each.id == before)
        return (*steps[:place], new, *steps[place:])

    return mutated(library, put_in)


Altered = Callable[[Callable[[dict[str, Any]], None]], Path]


@pytest.fixture
def altered(tmp_path: Path) -> Altered:
    """A copy of the shipped scenario with parts replaced; the file."""

    def write(change: Callable[[dict[str, Any]], None]) -> Path:
        file = ROOT / "playbooks" / "exercises" / f"{SCENARIO}.yaml"
        root = yaml.safe_load(file.read_text())
        change(root)
        path = tmp_path / "altered.yaml"
        # JSON is YAML.
        path.write_bytes(msgspec.json.encode(root))
        return path

    return write
