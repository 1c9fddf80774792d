"""Entries of a journal and the chain they form: made, hashed, checked, in a store or in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from firedoor.errors import BadInput
from firedoor.kinds import time_text
from firedoor.masking import masked, masked_text

START = "0" * 64
"""What stands as `prev` in the first entry."""

MAX_EXPORT_BYTES = 256 * 1024 * 1024


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. `at` is the incident's time (simulated in drills), `wall` the real one."""

    seq: int
    at: str
    wall: str
    kind: str
    by: str
    run: str | None
    step: str | None
    data: dict[str, Any]
    prev: str
    hash: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a journal holds; `problems` names the entries that do not."""

    incident: str
    holds: bool
    entries: int
    head: str
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def clean_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """An entry's data as JSON values, secrets masked."""
    clean: dict[str, Any] = msgspec.to_builtins(masked(msgspec.to_builtins(dict(data))))
    return clean


def chained(
    kind: str,
    data: dict[str, Any],
    *,
    by: str,
    at: datetime,
    run: str | None,
    step: str | None,
    seq: int,
    prev: str,
) -> Entry:
    """An entry that follows the one with the hash `prev`. `data` is clean already."""
    draft = Entry(
        seq=seq,
        at=time_text(at),
        wall=time_text(datetime.now(UTC)),
        kind=kind,
        by=masked_text(by),
        run=run,
        step=step,
        data=data,
        prev=prev,
        hash="",
    )
    return msgspec.structs.replace(draft, hash=hash_of(draft))


def hash_of(entry: Entry) -> str:
    """SHA-256 over the canonical JSON (sorted keys, no spaces, UTF-8) of all but `hash`."""
    told = msgspec.structs.asdict(entry)
    del told["hash"]
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()


def verify_chain(incident: str, entries: Sequence[Entry]) -> Verification:
    """Whether every entry is whole and follows the one before it."""
    problems: list[str] = []
    prev = START
    for number, entry in enumerate(entries, start=1):
        if entry.seq != number:
            problems.append(f"entry #{number} is missing: the next one is #{entry.seq}")
            break
        if entry.prev != prev:
            problems.append(f"entry #{entry.seq} does not follow the one before it")
        if hash_of(entry) != entry.hash:
            problems.append(f"entry #{entry.seq} ({entry.kind}) was changed after it was written")
        prev = entry.hash
    return Verification(
        incident=incident,
        holds=not problems,
        entries=len(entries),
        head=entries[-1].hash if entries else START,
        problems=tuple(problems),
    )


def verify_file(path: Path) -> Verification:
    """Check an exported journal; BadInput when the file is none."""
    try:
        if path.stat().st_size > MAX_EXPORT_BYTES:
            raise BadInput("larger than 256 MiB: not an exported journal", where=str(path))
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", where=str(path)) from None
    entries: list[Entry] = []
    for number, line in enumerate(lines, start=1):
        try:
            entries.append(msgspec.json.decode(line, type=Entry))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadInput(f"not a journal entry: {error}", where=f"{path}:{number}") from None
    if not entries:
        raise BadInput("holds no journal entry", where=str(path))
    incident = entries[0].data.get("id", "")
    found = verify_chain(str(incident), entries)
    note = "a file alone cannot show whether its end was cut off: compare the head hash"
    return msgspec.structs.replace(found, notes=(note,))
