"""What was read and checked before, kept in the home: a cold shell has it again in no time.

A program, or the plan in force, is found under what it was made from: firedoor itself and every
rule in force. What is found there and is not ours alone to write, or not whole, is made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from firedoor import __version__, settings
from firedoor.program import Program
from firedoor.response_plan import ResponsePlan

Made = TypeVar("Made", Program, ResponsePlan)

FOLDER = "programs"
MOST = 64
"""How many are kept; the oldest go."""


def key_of(name: str, rules: str) -> str:
    """What a program is found under: made of the digest of the rules and of our own code."""
    told = msgspec.json.encode([name, rules, __version__, _code()])
    return hashlib.sha256(told).hexdigest()


def recalled(key: str, wanted: type[Made]) -> Made | None:
    """What is kept under it; None when nothing is, or it cannot be trusted."""
    path = _folder() / f"{key}.json"
    try:
        found = path.lstat()
        if found.st_uid != os.geteuid() or found.st_mode & 0o022 or not _ours(path.parent):
            return None
        written, _, digest = path.read_bytes().rpartition(b"\n")
        if hashlib.sha256(written).hexdigest().encode() != digest:
            return None
        return msgspec.json.decode(written, type=wanted)
    except (OSError, msgspec.DecodeError):
        return None


def remember(key: str, made: Program | ResponsePlan) -> None:
    """Keep it. Where that cannot be done it is made anew each time."""
    folder = _folder()
    draft = folder / f".{key}-{os.getpid()}"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            written = msgspec.json.encode(made)
            file.write(written + b"\n" + hashlib.sha256(written).hexdigest().encode())
        draft.replace(folder / f"{key}.json")
        kept = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for old in kept[:-MOST]:
            old.unlink(missing_ok=True)


def _folder() -> Path:
    return settings.home() / FOLDER


def _ours(folder: Path) -> bool:
    found = folder.stat()
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022


@cache
def _code() -> str:
    """When our own code was last touched: a checkout has one version for all its states."""
    root = Path(__file__).parent
    newest = 0
    for folder, folders, files in os.walk(root):
        folders[:] = [each for each in folders if each != "__pycache__"]
        for file in files:
            if file.endswith(".py"):
                newest = max(newest, Path(folder, file).stat().st_mtime_ns)
    return str(newest)
