"""Takes what lies in the spool into the journal and the vault, once.

Each entry is appended as it was, with `spooled: {seq, wall, hash}` in its data, and an entry
`spool.merged` tells of the file. A merge that was cut off goes on where it stopped.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from firedoor.chain import START, Entry, hash_of
from firedoor.engine.spool import Spool, read_spool
from firedoor.errors import NotFound
from firedoor.evidence import Vault
from firedoor.kinds import parse_time
from firedoor.sealing import SUFFIX, Sealed

if TYPE_CHECKING:
    from firedoor.journal import Journal

BY = "firedoor"


def merge(journal: Journal, vault: Vault, spool: Spool) -> list[str]:
    """Merge whatever waits; the incidents that were merged.

    StoreUnavailable when the store or the vault still cannot be written. What is still being
    written by a run is left to it.
    """
    merged: list[str] = []
    for incident in spool.pending():
        if _merge_one(journal, vault, spool, incident):
            merged.append(incident)
    return merged


def _merge_one(journal: Journal, vault: Vault, spool: Spool, incident: str) -> bool:
    path = spool.file(incident)
    if not path.exists():
        _evidence(vault, spool.vault, incident)
        return True
    with path.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        entries = read_spool(path)
        if not entries:
            path.replace(_merged(path))
            return True
        kept = _evidence(vault, spool.vault, incident)
        _entries(journal, incident, entries)
        last = entries[-1]
        journal.append(
            incident,
            "spool.merged",
            {
                "file": path.name,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "entries": len(entries),
                "artefacts": kept,
                "problems": _problems(journal, incident, path, entries),
            },
            by=BY,
            at=parse_time(last.at),
        )
        path.replace(_merged(path))
    return True


def _entries(journal: Journal, incident: str, entries: Sequence[Entry]) -> None:
    known: set[str] = set()
    try:
        for entry in journal.entries(incident):
            known.add((entry.data.get("spooled") or {}).get("hash", ""))
    except NotFound:
        journal.adopt(incident, year=parse_time(entries[0].at).year)
    for entry in entries:
        if entry.hash in known:
            continue
        journal.append(
            incident,
            entry.kind,
            {
                **entry.data,
                "spooled": {"seq": entry.seq, "wall": entry.wall, "hash": entry.hash},
            },
            by=entry.by,
            at=parse_time(entry.at),
            run=entry.run,
            step=entry.step,
        )


def _problems(journal: Journal, incident: str, path: Path, entries: Sequence[Entry]) -> list[str]:
    """What is wrong with the chain of a spool: it is merged all the same, and said."""
    hashes = {entry.hash for entry in journal.entries(incident)}
    found: list[str] = []
    first = entries[0]
    if first.prev != START and first.prev not in hashes:
        found.append("it does not follow the journal that it was written behind")
    for before, entry in zip((None, *entries), entries, strict=False):
        if before is not None and entry.prev != before.hash:
            found.append(f"entry #{entry.seq} does not follow the one before it")
        if hash_of(entry) != entry.hash:
            found.append(f"entry #{entry.seq} ({entry.kind}) was changed after it was written")
    lines = path.read_bytes().count(b"\n")
    if lines != len(entries):
        found.append(f"{lines - len(entries)} lines are no entries")
    return found


def _evidence(vault: Vault, spooled: Vault, incident: str) -> int:
    """Copy the artefacts over under the ids that the journal knows them by; how many."""
    records = spooled.list(incident)
    known = {record.artefact.id for record in vault.list(incident)}
    for record in records:
        if record.artefact.id in known:
            continue
        suffix = Path(record.artefact.path).suffix
        raw = spooled.read(incident, record.artefact.id)
        vault.keep(
            incident,
            record.artefact.name,
            Sealed(raw) if suffix == SUFFIX else raw,
            about=record.artefact.about,
            source={**record.source, "spooled": record.wall},
            collected=record.collected,
            requests=record.requests,
            by=record.by,
            number=record.artefact.id,
            suffix=suffix,
        )
    folder = spooled.folder(incident)
    if records:
        folder.replace(_merged(folder))
    return len(records)


def _merged(path: Path) -> Path:
    """The name that a merged file or folder keeps: it is not removed."""
    for number in range(1, 10_000):
        name = path.with_name(f"{path.name}.{number}.merged")
        if not name.exists():
            return name
    raise NotFound(f"{path.parent} holds too many merged spools; remove the old ones")
