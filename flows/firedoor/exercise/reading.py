"""Reads a fact about the state of the simulated account, as an auditor, through AWS's own API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from firedoor.kinds import mask_key_id
from firedoor.scenario_facts import State
from firedoor.simulator.callers import picked
from firedoor.simulator.world import World

LONGEST = 200
"""Characters of a value that a message shows."""


def read_state(said: State, world: World) -> tuple[bool, str]:
    """(as wanted, what was read and what was wanted)."""
    missing = world.missing([said.with_, said.find])
    if missing:
        told = f"{said.call}: nothing was ever made that {{{missing[0]}}} could stand for"
        return said.absent, told
    answered = world.audit(said.call, said.with_, said.region, said.account)
    what = f"{said.call} {said.find}" if said.find != "@" else said.call
    if not answered.allowed:
        if said.absent and answered.absent:
            return True, f"{said.call}: {answered.code}, as wanted"
        return False, (
            f"{what} could not be read: {answered.code}: {answered.message}; "
            f"wanted {_wanted(said, world)}"
        )
    found = plain(picked(answered.result, world.filled(said.find)))
    return _met(said, found, world), mask_key_id(
        f"{what} is {_shown(found)}; wanted {_wanted(said, world)}"
    )


def plain(value: Any) -> Any:
    """A value with every number, truth value and time as text, as a file writes it."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return "null" if value is None else str(value)


def _met(said: State, found: Any, world: World) -> bool:
    if said.absent:
        return found in ("null", "", [], {})
    if said.in_ is not msgspec.UNSET:
        return found in plain(world.filled(list(said.in_)))
    if said.not_ is not msgspec.UNSET:
        return bool(found != plain(world.filled(said.not_)))
    return bool(found == plain(world.filled(said.is_)))


def _wanted(said: State, world: World) -> str:
    if said.absent:
        return "nothing"
    if said.in_ is not msgspec.UNSET:
        return f"one of {_shown(plain(world.filled(list(said.in_))))}"
    if said.not_ is not msgspec.UNSET:
        return f"anything but {_shown(plain(world.filled(said.not_)))}"
    return _shown(plain(world.filled(said.is_)))


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
