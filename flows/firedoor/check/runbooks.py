"""Checks a runbook as a whole, and makes the model of one that has no mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from firedoor.check.evidence_first import evidence_problems
from firedoor.check.known import Known
from firedoor.check.names import UnusableName
from firedoor.check.outline import Place, entries, names_after, names_at, outline
from firedoor.check.sorts import type_of_kind
from firedoor.check.steps import StepCheck, group_problems
from firedoor.errors import Problem
from firedoor.kinds import KINDS
from firedoor.references import path_of
from firedoor.runbook import Runbook, Step
from firedoor.scalars import meant
from firedoor.shapes import BAD, Shaper, shape
from firedoor.tokens import RESERVED
from firedoor.yamlio import Document, Path_

TAKEN = ("inputs", "run", "finding")
"""Names that every runbook has; no step or loop variable may have them."""


def check_runbook(document: Document, known: Known) -> tuple[Runbook | None, list[Problem]]:
    """The runbook in a document, or None, and all problems in order of position.

    In the runbook, defaults and literals under `with:` have the types that are wanted there.
    """
    book, problems = shape(document, Runbook)
    if not isinstance(document.value, dict):
        return None, problems
    known.add(document)
    defaults: dict[str, Any] = {}
    problems += _inputs(document, defaults)
    places = outline(document)
    problems += _ids(document, places)
    meanings = {place.path: known.yields(place) for place in places}
    given: dict[Path_, dict[str, Any]] = {}
    for place in places:
        names = names_at(place, document, places, lambda other: meanings[other.path])
        step = StepCheck(document, place, names, known)
        step.run()
        problems += step.problems
        given[place.path] = step.given
    for path, raw, _ in entries(document):
        if isinstance(raw, dict) and "parallel" in raw:
            problems += group_problems(document, path, raw)
    problems += evidence_problems(document, places, known.actions)
    problems += _outputs(document, places, known)
    if document.root.get("steps") == []:
        problems.append(document.problem(("steps",), "a runbook needs steps"))
    problems = sorted(set(problems))
    if problems or book is None:
        return None, problems
    return _finished(book, defaults, given), []


def _inputs(document: Document, defaults: dict[str, Any]) -> Iterator[Problem]:
    declared: Any = document.root.get("inputs", {})
    declared = declared if isinstance(declared, dict) else {}
    one_of: Any = document.root.get("one_of", [])
    for name, spec in declared.items():
        if name in RESERVED:
            yield document.problem(("inputs", name), f"{name!r} is a word of conditions", at="key")
        if isinstance(spec, dict):
            yield from _input(document, name, spec, defaults)
            if name in one_of and spec.get("required") != "false":
                message = f"{name!r} is in one_of, so it has 'required: false'"
                yield document.problem(("inputs", name), message, at="key")
    for index, name in enumerate(one_of if isinstance(one_of, list) else []):
        if isinstance(name, str) and name not in declared:
            message = f"no input {name!r}{meant(name, declared)}"
            yield document.problem(("one_of", index), message)


def _input(
    document: Document, name: str, spec: dict[str, Any], defaults: dict[str, Any]
) -> Iterator[Problem]:
    kind = spec.get("type")
    if not isinstance(kind, str) or not kind:
        return
    wanted = type_of_kind(kind)
    if wanted is None:
        inner = kind.removeprefix("list[").removesuffix("]")
        yield document.problem(("inputs", name, "type"), f"no kind {kind!r}{meant(inner, KINDS)}")
        return
    if "default" not in spec:
        return
    if spec.get("required") == "true":
        message = "a required input has no default; leave one of the two out"
        yield document.problem(("inputs", name, "default"), message, at="key")
    shaper = Shaper(document)
    made = shaper.value(spec["default"], wanted, ("inputs", name, "default"))
    yield from shaper.problems
    if made is not BAD:
        defaults[name] = made


def _ids(document: Document, places: list[Place]) -> Iterator[Problem]:
    variables = {place.raw["as"] for place in places if isinstance(place.raw.get("as"), str)}
    first: dict[str, int] = {}
    for place in places:
        name = place.name
        if not name:
            continue
        path = (*place.path, "id")
        if name in TAKEN:
            yield document.problem(path, f"{name!r} has a meaning of its own; take another id")
        elif name in RESERVED:
            yield document.problem(path, f"{name!r} is a word of conditions; take another id")
        elif name in first:
            yield document.problem(path, f"the id {name!r} is taken: line {first[name]}")
        elif name in variables:
            yield document.problem(path, f"{name!r} is also the name of a loop's item (as:)")
        first.setdefault(name, place.line)
    for place in places:
        variable = place.raw.get("as")
        if isinstance(variable, str) and (variable in TAKEN or variable in RESERVED):
            path = (*place.path, "as")
            yield document.problem(
                path, f"{variable!r} has a meaning of its own; take another name"
            )


def _outputs(document: Document, places: list[Place], known: Known) -> Iterator[Problem]:
    outputs = document.root.get("outputs")
    names = names_after(document, places, known.yields)
    for name, text in (outputs if isinstance(outputs, dict) else {}).items():
        if not isinstance(text, str) or not text:
            continue
        path = path_of(text)
        if path is None:
            message = "an output is a reference, such as $who.user"
            yield document.problem(("outputs", name), message)
            continue
        try:
            names.sort(path)
        except UnusableName as error:
            yield document.problem(("outputs", name), str(error))


def _finished(
    book: Runbook, defaults: dict[str, Any], given: dict[Path_, dict[str, Any]]
) -> Runbook:
    inputs = {
        name: msgspec.structs.replace(spec, default=defaults.get(name))
        for name, spec in book.inputs.items()
    }
    return msgspec.structs.replace(
        book,
        inputs=inputs,
        steps=_filled(book.steps, ("steps",), given),
        finally_=_filled(book.finally_, ("finally",), given),
    )


def _filled(
    steps: tuple[Step, ...], path: Path_, given: dict[Path_, dict[str, Any]]
) -> tuple[Step, ...]:
    return tuple(
        msgspec.structs.replace(
            step,
            with_=given.get((*path, index), {}),
            parallel=_filled(step.parallel, (*path, index, "parallel"), given),
        )
        for index, step in enumerate(steps)
    )
