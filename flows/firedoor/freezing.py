"""Freeze: all automatic change of one home stops until somebody thaws it.

A file in the home, so that it holds for every process and survives a restart; who froze and thawed
stands in `freezes.jsonl` beside it.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import msgspec

from firedoor.errors import StoreUnavailable
from firedoor.kinds import time_text

_STATE, _LOG = "frozen.json", "freezes.jsonl"


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """Who froze it, when and why."""

    by: str
    at: str
    reason: str = ""

    def __str__(self) -> str:
        return f"by {self.by} at {self.at}" + (f": {self.reason}" if self.reason else "")


def frozen(home: Path) -> Frozen | None:
    """Whether a home is frozen. A file that cannot be read counts as frozen: a brake fails shut."""
    try:
        return msgspec.json.decode((home / _STATE).read_bytes(), type=Frozen)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError):
        return Frozen(by="somebody", at="an unknown time", reason=f"{home / _STATE} is unreadable")


def freeze(home: Path, *, by: str, at: datetime, reason: str = "") -> Frozen:
    """Stop all automatic change. When it is frozen already, who did it and when stays; a reason
    given now takes the place of the one before, which stands in the log."""
    already = frozen(home)
    if already and reason in ("", already.reason):
        return already
    since = already or Frozen(by=by, at=time_text(at))
    state = msgspec.structs.replace(since, reason=reason)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = home / f".{_STATE}.{os.getpid()}"
        draft.write_bytes(msgspec.json.encode(state))
        draft.chmod(0o600)
        draft.replace(home / _STATE)
        _log(home, "reason changed" if already else "frozen", by, at, reason)
    except OSError as error:
        raise StoreUnavailable(f"{home} cannot be written: {error.strerror}") from None
    return state


def thaw(home: Path, *, by: str, at: datetime, reason: str = "") -> Frozen | None:
    """Allow automatic change again; what was in force, None when nothing was frozen."""
    state = frozen(home)
    try:
        (home / _STATE).unlink(missing_ok=True)
        if state:
            _log(home, "thawed", by, at, reason)
    except OSError as error:
        raise StoreUnavailable(f"{home} cannot be written: {error.strerror}") from None
    return state


def _log(home: Path, event: str, by: str, at: datetime, reason: str) -> None:
    line = {"event": event, "by": by, "at": time_text(at), "reason": reason}
    with (home / _LOG).open("ab") as log:
        log.write(msgspec.json.encode(line) + b"\n")
