"""Who a snapshot or an image is shared with: read as parts, and taken away or given back singly.

A part is the ARN of the thing with `#shared/all` for everybody, `#shared/111122223333` for an
account, and for images also `#shared/arn:…` for an organization or an organizational unit of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from firedoor.actions.contract import Change, Check, State

Who = Literal["public", "accounts", "everybody"]
"""Whose access is taken away: everybody's in the world, that of named accounts, or both."""
ALL = "all"


class Sharing(State, frozen=True, kw_only=True):
    """Who it is shared with. `gone`: the thing is not there (any more)."""

    root: str
    gone: bool = False


def parts_of(root: str, names: Iterable[str]) -> dict[str, Any]:
    """The parts of what is shared with these."""
    return {f"{root}#shared/{name}": "shared" for name in sorted(names)}


def with_(resource: str) -> str:
    """Whom a part is about."""
    return resource.partition("#shared/")[2]


def told(names: Iterable[str]) -> str:
    """Whom it is shared with, for a sentence: `everybody, 444455556666`."""
    return ", ".join("everybody" if name == ALL else name for name in sorted(names)) or "nobody"


def wanted(parts: Iterable[str], who: Who, only: Sequence[str]) -> list[str]:
    """The parts that are taken away."""
    return [
        part
        for part in parts
        if (with_(part) == ALL and who != "accounts")
        or (with_(part) != ALL and who != "public" and (not only or with_(part) in only))
    ]


def taken_away(before: Sharing, who: Who, only: Sequence[str]) -> list[Change]:
    """One change for each that loses access."""
    return [
        Change(resource=part, what="sharing", from_="shared", to=None)
        for part in wanted(before.parts, who, only)
    ]


def proof(name: str, state: Sharing, who: Who, only: Sequence[str]) -> list[Check]:
    """Nobody of those has access any more."""
    of = {"public": "everybody", "accounts": "other accounts", "everybody": "anybody else"}[who]
    what = f"{name} is not shared with {', '.join(only) if only and who != 'public' else of}"
    if state.gone:
        return [Check(what=what, holds=True, seen="it has been deleted")]
    left = [with_(part) for part in wanted(state.parts, who, only)]
    rest = sorted(with_(part) for part in state.parts)
    seen = f"shared with {', '.join(left or rest)}" if left or rest else "shared with nobody"
    return [Check(what=what, holds=not left, seen=seen)]
