"""Evidence before destruction: what a step makes unreadable, an earlier step has to have kept.

An action says with DESTROYS what applying it makes unreadable, and with KEEPS what it keeps as
evidence (names such as `iam.login_profile`). The check says where a runbook destroys what nothing
has kept; the program holds what each destructive step needs, and the run holds it back without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from firedoor.actions.contract import Action
from firedoor.check.outline import Place
from firedoor.conditions import conjuncts
from firedoor.errors import Problem
from firedoor.expressions import parse, without_places
from firedoor.program import Need
from firedoor.references import path_of
from firedoor.runbook import Phase, Runbook, Step
from firedoor.tokens import ExpressionError
from firedoor.yamlio import Document

BEFORE = (Phase.TRIAGE, Phase.EVIDENCE)
"""The phases that a step of a later one waits for."""


@dataclass(frozen=True)
class Spot:
    """A step and where it stands: in which `parallel` group, whether in `finally`."""

    step: Step
    group: object | None
    last: bool


@dataclass(frozen=True)
class Destruction:
    """What the step of a spot (its index) destroys. `kept_by`: the steps of which any has kept it
    before; when there is none, `nearly` says why one that keeps it does not count."""

    index: int
    thing: str
    kept_by: tuple[str, ...]
    nearly: str = ""


def destructions(spots: Sequence[Spot], actions: Mapping[str, Action]) -> Iterator[Destruction]:
    """Everything that these steps destroy, and who keeps it."""
    for index, spot in enumerate(spots):
        action = actions.get(spot.step.action or "")
        if action is None:
            continue
        for thing in action.destroys:
            kept: list[str] = []
            nearly = ""
            for place, other in enumerate(spots):
                keeper = actions.get(other.step.action or "")
                if place == index or not other.step.id or not keeper or thing not in keeper.keeps:
                    continue
                why = _unfit(other, spot, place < index, keeper, action)
                if why:
                    nearly = nearly or f"{other.step.id!r} keeps it, but {why}"
                else:
                    kept.append(other.step.id)
            yield Destruction(index, thing, tuple(kept), nearly)


def needs(book: Runbook, actions: Mapping[str, Action]) -> dict[str, tuple[Need, ...]]:
    """What each destructive step of a checked runbook needs to have been kept, by step id."""
    spots = [
        Spot(step, index if entry.parallel else None, last)
        for steps, last in ((book.steps, False), (book.finally_, True))
        for index, entry in enumerate(steps)
        for step in entry.parallel or (entry,)
    ]
    found: dict[str, tuple[Need, ...]] = {}
    for each in destructions(spots, actions):
        name = spots[each.index].step.id or ""
        need = Need(thing=each.thing, kept_by=each.kept_by)
        found[name] = (*found.get(name, ()), need)
    return found


def evidence_problems(
    document: Document, places: Sequence[Place], actions: Mapping[str, Action]
) -> Iterator[Problem]:
    """A problem for each thing that a step destroys and nothing has kept."""
    spots = [Spot(place.step, place.group, place.last) for place in places]
    for each in destructions(spots, actions):
        if each.kept_by:
            continue
        place = places[each.index]
        message = f"{place.step.action} destroys {each.thing}: {_advice(place.step, each, actions)}"
        if each.nearly:
            message += f" ({each.nearly})"
        yield document.problem((*place.path, "action"), message)


def _advice(step: Step, missing: Destruction, actions: Mapping[str, Action]) -> str:
    keepers = sorted(name for name, action in actions.items() if missing.thing in action.keeps)
    if not keepers:
        return "no action keeps it, so nobody could look at it afterwards"
    own = actions[step.action or ""]
    same = {
        name: step.with_[name]
        for name in _takes(actions[keepers[0]]) & _takes(own)
        if step.with_.get(name) is not None
    }
    told = ", ".join(f"{name}: {value}" for name, value in sorted(same.items()))
    loop = f", for_each: {step.for_each}" if step.for_each else ""
    given = f" (with: {{ {told} }}{loop})" if told else ""
    return f"put an evidence step with {' or '.join(keepers)}{given} before it"


def _unfit(keeps: Spot, destroys: Spot, earlier: bool, keeper: Action, destroyer: Action) -> str:
    """Why an evidence step does not keep what a destructive one destroys; "" when it does."""
    if keeps.group is not None and keeps.group == destroys.group and keeps.last == destroys.last:
        return "runs beside it"
    if not earlier:
        return "comes later"
    if keeps.step.phase not in BEFORE:
        return f"in phase {keeps.step.phase}, which nothing waits for: make it evidence"
    if not _conditions(keeps.step) <= _conditions(destroys.step):
        return f"may be skipped (when: {keeps.step.when})"
    return _other_target(keeps.step, destroys.step, keeper, destroyer)


def _conditions(step: Step) -> set[str]:
    """The parts of a step's `when` that all have to hold."""
    try:
        return (
            {without_places(each) for each in conjuncts(parse(step.when))} if step.when else set()
        )
    except ExpressionError:
        return {step.when or ""}


def _other_target(keeps: Step, destroys: Step, keeper: Action, destroyer: Action) -> str:
    """How the targets differ: every input that both actions take has to be given the same.

    An action that needs nothing to be named looks at the whole account: its evidence counts.
    """
    shared = _takes(keeper) & _takes(destroyer)
    if not shared and any(each.required for each in msgspec.structs.fields(keeper.Input)):
        return "is about something else"
    for name in sorted(shared):
        one, other = _value(keeps, name), _value(destroys, name)
        if one != other:
            return f"with {name}: {_said(keeps, name)}, not {_said(destroys, name)}"
    return ""


def _takes(action: Action) -> set[str]:
    return {each.encode_name for each in msgspec.structs.fields(action.Input)}


def _value(step: Step, name: str) -> Any:
    """What a step gives, the items of loops over one list told alike whatever they are called."""
    value = step.with_.get(name)
    path = path_of(value)
    if path and step.for_each and path[0] == step.as_:
        return ("item of", step.for_each, *path[1:])
    return value


def _said(step: Step, name: str) -> str:
    value = step.with_.get(name)
    each = f" of {step.for_each}" if step.for_each else ""
    return f"{value}{each}" if value is not None else "nothing"
