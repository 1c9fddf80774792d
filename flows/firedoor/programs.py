"""Programs that were checked and made before, kept in the home: a cold shell reads them in no time.

A program is found under what it was made from: firedoor itself and every rule in force.
What is found there and is not ours alone to write, or not whole, is made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import msgspec

from firedoor import __version__, settings
from firedoor.program import Program, program_digest

FOLDER = "programs"
MOST = 64
"""How many are kept; the oldest go."""


def key_of(name: str, rules: str) -> str:
    """What a program is found under: made of the digest of the rules and of our own code."""
    told = msgspec.json.encode([name, rules, __version__, _code()])
    return hashlib.sha256(told).hexdigest()


def recalled(key: str) -> Program | None:
    """The program; None when it is not kept, or cannot be trusted."""
    path = _folder() / f"{key}.json"
    try:
        found = path.lstat()
        if found.st_uid != os.geteuid() or found.st_mode & 0o022 or not _ours(path.parent):
            return None
        program = msgspec.json.decode(path.read_bytes(), type=Program)
    except (OSError, msgspec.DecodeError):
        return None
    return program if program.digest == program_digest(program.name, program.runbooks) else None


def remember(key: str, program: Program) -> None:
    """Keep a program. Where that cannot be done it is made anew each time."""
    folder = _folder()
    draft = folder / f".{key}-{os.getpid()}"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(program))
        draft.replace(folder / f"{key}.json")
        kept = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for old in kept[:-MOST]:
            old.unlink(missing_ok=True)


def _folder() -> Path:
    return settings.home() / FOLDER


def _ours(folder: Path) -> bool:
    found = folder.stat()
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022


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
