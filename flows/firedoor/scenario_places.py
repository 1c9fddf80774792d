"""The names in braces of a scenario: what may stand where, and how they are filled in.

`{account}` and `{region}` are always there; `{name}` is a value that a call gave, `{name.key}` the
access key id of a principal. A value that is nothing but one name in braces becomes the value as it
is (a list stays a list); inside a longer text it becomes text. Braces of anything else stay as they
are. A text that is JSON has braces of its own: in it only names that are known are filled in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import jmespath
import jmespath.exceptions
import msgspec

from firedoor.scenario_world import AwsCall, Gives

if TYPE_CHECKING:  # scenario.py reads with this module what it defines itself
    from firedoor.scenario import Scenario

Path = tuple[str | int, ...]
Mistake = tuple[Path, str]
ALWAYS = ("account", "region")
_NAME = re.compile(r"\{([a-z][a-z0-9_]*)((?:\.key)?)\}")
_BRACED = re.compile(r"(?<!\$)\{([^{}]*)\}")


def fill(value: Any, names: Mapping[str, Any], keys: Mapping[str, str]) -> Any:
    """A value with everything filled in. `names`: by `{name}`; `keys`: by `{name.key}`."""
    if isinstance(value, str):
        whole = _NAME.fullmatch(value)
        if whole and not whole[2] and whole[1] in names:
            return names[whole[1]]

        def put(found: re.Match[str]) -> str:
            known: Mapping[str, Any] = keys if found[2] else names
            return _text(known[found[1]]) if found[1] in known else found[0]

        return _NAME.sub(put, value)
    if isinstance(value, Mapping):
        return {fill_key(key, names, keys): fill(one, names, keys) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [fill(one, names, keys) for one in value]
    return value


def fill_key(key: Any, names: Mapping[str, Any], keys: Mapping[str, str]) -> Any:
    """The key of a mapping, filled in as text (a condition's key may name a thing)."""
    return _text(fill(key, names, keys)) if isinstance(key, str) and "{" in key else key


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def unfilled(value: Any, names: Iterable[str]) -> list[str]:
    """Names of those given that still stand in braces in a value: calls that were to give them
    were not carried out."""
    wanted = set(names)
    return sorted({one for text in _texts(value) for one, _ in _NAME.findall(text)} & wanted)


def given_in_world(scenario: Scenario) -> list[str]:
    """The names that calls of the world give."""
    return [name for item in scenario.world if isinstance(item, AwsCall) for name in item.gives]


def given_by_acts(scenario: Scenario) -> list[str]:
    """The names that acts give to values of their answers."""
    acts = (*scenario.attacker.acts, *scenario.everyday)
    return [name for beat in acts for name in beat.picks]


def mistakes(scenario: Scenario) -> Iterator[Mistake]:
    """What is wrong with names in braces and with expressions, everywhere in a scenario."""
    world, acts = given_in_world(scenario), given_by_acts(scenario)
    holders = [*scenario.principals, *(b.mints for b in scenario.attacker.acts if b.mints)]
    for name, count in Counter([*world, *acts, *ALWAYS]).items():
        if name in ALWAYS and count > 1:
            yield ("world",), f"no call may give the name {name!r}: it is always there"
        elif count > 1:
            yield ("world",), f"two calls give the name {name!r}"
    yield from _of_world(scenario)
    names = [*world, *acts]
    for path, part in _parts(scenario):
        yield from _of_value(path, part, names, holders)
    for index, beat in enumerate(scenario.attacker.acts):
        yield from _of_gives(("attacker", "acts", index), beat.picks)
    for index, beat in enumerate(scenario.everyday):
        yield from _of_gives(("everyday", index), beat.picks)


def _of_world(scenario: Scenario) -> Iterator[Mistake]:
    """In the world, in file order: a name is there below the call that gives it."""
    so_far: list[str] = []
    for index, item in enumerate(scenario.world):
        yield from _of_value(("world", index), msgspec.to_builtins(item), so_far, [])
        if isinstance(item, AwsCall):
            yield from _of_gives(("world", index), item.gives)
            so_far += item.gives


def _parts(scenario: Scenario) -> Iterator[tuple[Path, Any]]:
    """Everything after the world in which names are filled in, and where it stands."""
    yield ("runbook", "inputs"), scenario.runbook.inputs
    for name, one in scenario.principals.items():
        yield ("principals", name, "session_of"), one.session_of or ""
    for index, beat in enumerate(scenario.attacker.acts):
        yield ("attacker", "acts", index, "with"), beat.with_
    for index, beat in enumerate(scenario.everyday):
        yield ("everyday", index, "with"), beat.with_
    for index, tried in enumerate(scenario.proof.tries):
        yield ("proof", "tries", index, "with"), tried.with_
    yield ("finding",), msgspec.to_builtins(scenario.finding)
    for index, objective in enumerate(scenario.objectives):
        for position, fact in enumerate(objective.facts):
            if fact.state is not None:
                path = ("objectives", index, "facts", position, "state")
                yield path, msgspec.to_builtins(fact.state)


def _of_value(path: Path, value: Any, names: list[str], holders: list[str]) -> Iterator[Mistake]:
    """Mistakes in a part of the file. Deeper places are told as precisely as the file is written"""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "gives":
                continue
            if key == "find":
                yield from _of_expression((*path, key), str(inner))
                continue
            yield from _of_value((*path, str(key)), inner, names, holders)
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from _of_value((*path, index), inner, names, holders)
    elif isinstance(value, str) and not value.lstrip().startswith(('{"', "zip:", "#!")):
        for found in _BRACED.findall(value):
            if message := _unknown(found, names, holders):
                yield path, message


def _unknown(found: str, names: list[str], holders: list[str]) -> str:
    name, dot, rest = found.partition(".")
    if not dot and (name in names or name in ALWAYS):
        return ""
    if rest == "key":
        known = ", ".join(holders) or "none"
        return "" if name in holders else f"no principal {name!r}; there are: {known}"
    shown = ", ".join(f"{{{one}}}" for one in (*ALWAYS, *names))
    return f"no placeholder {{{found}}}; there are {shown} and {{NAME.key}}"


def _of_gives(path: Path, gives: Gives) -> Iterator[Mistake]:
    for name, expression in gives.items():
        yield from _of_expression((*path, "gives", name), expression)


def _of_expression(path: Path, expression: str) -> Iterator[Mistake]:
    try:
        jmespath.compile(_NAME.sub("x", expression))
    except jmespath.exceptions.JMESPathError as error:
        yield path, f"not a JMESPath expression: {str(error).splitlines()[0]}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)
