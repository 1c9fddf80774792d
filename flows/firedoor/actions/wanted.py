"""Settings that should read as they did before: what is different, and whether it holds.

Shared by the actions that put one setting of a service back. A setting is a resource's part with a
JSON value; None means that it should not be there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from firedoor.actions.contract import Change, Check, Reopens
from firedoor.errors import BadInput
from firedoor.runbook import Json

BLIND = Reopens("what the attacker does would not be recorded or reported again")
"""Why putting logging back is not undone by the way."""


def changes_to(parts: Mapping[str, Json], wanted: Mapping[str, Json], what: str) -> list[Change]:
    """The changes that make the parts read as wanted; parts that are not named stay."""
    return [
        Change(resource=resource, what=what, from_=parts.get(resource), to=value)
        for resource, value in wanted.items()
        if parts.get(resource) != value
    ]


def holding(parts: Mapping[str, Json], wanted: Mapping[str, Json], what: str) -> list[Check]:
    """One check for each part that is wanted to read so."""
    return [
        Check(
            what=f"{what}: {_short(resource)}",
            holds=parts.get(resource) == value,
            seen="as wanted" if parts.get(resource) == value else _said(parts.get(resource)),
        )
        for resource, value in wanted.items()
    ]


def settings(text: str, what: str) -> dict[str, Any]:
    """A JSON object given as text; BadInput says what is wrong with it."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadInput(f"the settings of {what} are not JSON: {error}") from None
    if not isinstance(found, dict):
        raise BadInput(f"the settings of {what} are not a JSON object")
    return found


def compact(value: Json) -> str:
    """A JSON value as short text, for commands and for steps after this one."""
    return json.dumps(value, separators=(",", ":"), default=str, sort_keys=True)


def _short(resource: str) -> str:
    return resource.rpartition(":")[2]


def _said(value: Json) -> str:
    return "it is not there" if value is None else f"it reads {compact(value)[:120]}"
