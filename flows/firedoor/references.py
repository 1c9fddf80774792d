"""References: a value in a runbook is a literal or one whole reference, never text around one.

`$inputs.user` refers, `$$5` is the literal `$5`. What a finding or AWS says is data: it is taken
over as it is, and never read as a reference or a template again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from firedoor.runbook import Json

REFERENCE = re.compile(r"\$([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)")
_INSIDE = re.compile(r"\$[a-z{]", re.IGNORECASE)


def path_of(value: Any) -> tuple[str, ...] | None:
    """`$who.user` → ("who", "user"); None for a literal."""
    found = REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return tuple(found[1].split(".")) if found else None


def wrong(value: Any) -> str:
    """Why a text is neither a literal nor one whole reference; "" when it is."""
    if not isinstance(value, str) or value.startswith("$$") or path_of(value):
        return ""
    if value.startswith("$"):
        return (
            f"{value!r} is not a reference: lower-case names with dots between, like $who.user "
            "(a literal that begins with $ is written $$)"
        )
    if _INSIDE.search(value):
        return f"{value!r} mixes text and a reference: a value is a literal or one whole reference"
    return ""


def resolve(value: Any, scope: Mapping[str, Json]) -> Any:
    """A value with its references replaced; what is absent on the way is None."""
    if isinstance(value, Mapping):
        return {key: resolve(inner, scope) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(inner, scope) for inner in value]
    path = path_of(value)
    if path is None:
        return value[1:] if isinstance(value, str) and value.startswith("$$") else value
    return follow(path, scope)


def follow(path: tuple[str, ...], scope: Mapping[str, Json]) -> Any:
    """The value at a path of names; None when something on the way is absent."""
    found: Any = scope
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def names_in(value: Any) -> set[str]:
    """The first names of all references in a value."""
    if isinstance(value, Mapping):
        return set().union(*(names_in(inner) for inner in value.values()))
    if isinstance(value, list | tuple):
        return set().union(*(names_in(inner) for inner in value))
    path = path_of(value)
    return {path[0]} if path else set()


def references_in(
    value: Any, at: tuple[str | int, ...] = ()
) -> list[tuple[tuple[str | int, ...], Any]]:
    """Every leaf of a value with the keys that lead to it."""
    if isinstance(value, Mapping):
        pairs = [(key, inner) for key, inner in value.items()]
    elif isinstance(value, list | tuple):
        pairs = list(enumerate(value))
    else:
        return [(at, value)]
    return [leaf for key, inner in pairs for leaf in references_in(inner, (*at, key))]
