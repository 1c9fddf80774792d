"""Every containment step of every runbook that is drilled, and the program without it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec

from firedoor.actions.contract import Action
from firedoor.actions.registry import registry
from firedoor.library import Library
from firedoor.program import Program, compile_program
from firedoor.runbook import Phase, Runbook, Step
from firedoor.scenario import load_scenario

ROOT = Path(__file__).parents[2]
LEFT_OUT = "_left_out"


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A step of a runbook that is left out; `scenarios` are those in whose program it is, those
    that exercise the runbook itself first."""

    runbook: str
    step: str
    scenarios: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.runbook}-{self.step}"


@cache
def shipped() -> Library:
    """What this checkout ships."""
    return Library.open(ROOT)


def mutants() -> list[Mutant]:
    """One for each containment step that a shipped scenario may come to."""
    library = shipped()
    exercised = {name: load_scenario(path).runbook.ref for name, path in _scenarios(library)}
    programs = {ref: compile_program(ref, library.load) for ref in sorted(set(exercised.values()))}
    found: list[Mutant] = []
    for book in sorted({name for program in programs.values() for name in program.runbooks}):
        own = [name for name, ref in exercised.items() if ref == book]
        others = [
            name
            for name, ref in exercised.items()
            if ref != book and book in programs[ref].runbooks
        ]
        # A runbook with scenarios of its own is held to them.
        scenarios = tuple(own or others)
        found += [Mutant(book, step, scenarios) for step in _contains(library.load(book))]
    return found


def _scenarios(library: Library) -> list[tuple[str, Path]]:
    return [(name, library.scenario(name)) for name in library.scenarios()]


def _contains(book: Runbook) -> Iterator[str]:
    for step in book.all_steps():
        action = registry().get(step.action or "")
        changes = action is not None and action.changes is not None
        if step.phase is Phase.CONTAIN and step.id and (changes or step.runbook):
            yield step.id


def program_of(scenario: str, mutant: Mutant) -> Program:
    """The program of a scenario without the step: an action that does nothing stands for it, so
    that what refers to what it saw still can; a sub-runbook is not called."""
    library = shipped()

    def find(name: str) -> Runbook:
        book = library.load(name)
        if name != mutant.runbook:
            return book
        return msgspec.structs.replace(book, steps=_without(book.steps, mutant.step))

    return compile_program(load_scenario(library.scenario(scenario)).runbook.ref, find)


def _without(steps: tuple[Step, ...], out: str) -> tuple[Step, ...]:
    kept: list[Step] = []
    for step in steps:
        if step.parallel:
            group = _without(step.parallel, out)
            kept += [msgspec.structs.replace(step, parallel=group)] if group else []
        elif step.id != out:
            kept.append(step)
        elif step.action is not None:
            kept.append(msgspec.structs.replace(step, action=step.action + LEFT_OUT))
    return tuple(kept)


@cache
def actions() -> Mapping[str, Action]:
    """All actions, and beside each that changes something one that does not."""
    idle = {
        name + LEFT_OUT: dataclasses.replace(
            action, changes=lambda *_: [], verify=lambda *_: [], name=name + LEFT_OUT
        )
        for name, action in registry().items()
        if action.changes is not None
    }
    return {**registry(), **idle}
