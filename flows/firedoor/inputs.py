"""Reads a runbook's inputs as people and findings give them: `key=value`, all mistakes at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from firedoor.errors import BadInput
from firedoor.kinds import convert
from firedoor.runbook import Json, Runbook


def pairs(words: Iterable[str]) -> dict[str, str]:
    """`["user=ci-deployer"]` as a dict; BadInput for a word that is no pair."""
    given: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise BadInput(f"{word!r} is not key=value; for example user=ci-deployer")
        if name in given:
            raise BadInput(f"input {name!r} is given twice")
        given[name] = value
    return given


def read_inputs(runbook: Runbook, given: Mapping[str, Json]) -> dict[str, Json]:
    """The inputs with their kinds and defaults; BadInput lists everything that is wrong."""
    wrong: list[str] = []
    values: dict[str, Json] = {}
    for name, value in given.items():
        spec = runbook.inputs.get(name)
        if spec is None:
            wrong.append(f"there is no input {name!r}{_meant(name, runbook.inputs)}")
            continue
        if value is None or value == "":
            continue
        try:
            values[name] = convert(spec.type, value)
        except ValueError as error:
            wrong.append(f"{name}: {error}")
    for name, spec in runbook.inputs.items():
        if name in values or name in given:
            continue
        if spec.default is not None:
            values[name] = convert(spec.type, spec.default)
        elif spec.required:
            about = f": {spec.about}" if spec.about else ""
            wrong.append(f"{name} is missing ({spec.type}{about})")
    if runbook.one_of and not any(name in given for name in runbook.one_of):
        names = " or ".join(runbook.one_of)
        wrong.append(f"one of {names} is needed, for example {runbook.one_of[0]}=…")
    if wrong:
        raise BadInput("; ".join(wrong), where=f"runbook {runbook.runbook}")
    return values


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are: {', '.join(known) or 'none'}"
