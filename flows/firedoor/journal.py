"""The journal: the append-only, hash-chained record of an incident.

Each entry carries the SHA-256 of the one before it, so that a changed, removed or inserted entry
breaks the chain. That nothing was cut off at the end, nor written anew as a whole, is shown by the
anchors (`firedoor.anchors`), a second file.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from firedoor.anchors import anchoring, compare, read_anchors
from firedoor.chain import (
    START,
    Entry,
    Verification,
    chained,
    clean_data,
    hash_of,
    verify_chain,
    verify_file,
)
from firedoor.errors import NotFound, StoreUnavailable
from firedoor.kinds import time_text
from firedoor.ledger import Collided, Ledger

TRIES = 8
"""How often an append begins anew when another machine has taken its number meanwhile."""

_HEAD = "SELECT seq, hash FROM entries WHERE incident = :incident ORDER BY seq DESC LIMIT 1"
_FIELDS = ("seq", "at", "wall", "kind", "by", "run", "step", "data", "prev", "hash")
_LISTED = ", ".join(f'"{field}"' for field in _FIELDS)
_AFTER = f"SELECT {_LISTED} FROM entries WHERE incident = :incident AND seq > :after ORDER BY seq"
_INSERT = (
    f"INSERT INTO entries (incident, {_LISTED}) VALUES (:incident, "
    + ", ".join(f":{field}" for field in _FIELDS)
    + ")"
)
_LAST = "SELECT max(number) FROM incidents WHERE prefix = :prefix AND year = :year"
_NUMBERED = "INSERT INTO incidents (id, prefix, year, number) VALUES (:id, :prefix, :year, :number)"
_BEGUN = (
    "SELECT id FROM incidents WHERE EXISTS "
    "(SELECT 1 FROM entries WHERE entries.incident = incidents.id AND entries.seq = 1) "
    "ORDER BY year, prefix, number"
)
_RECEIPTS = "SELECT data FROM entries WHERE kind = 'step.receipt' AND at >= :since"


class Journal:
    """All journals of one store. Safe for threads; several processes may append."""

    def __init__(self, store: Ledger) -> None:
        self.store = store
        self._lock = threading.Lock()
        self._known: dict[str, list[Entry]] = {}

    @property
    def home(self) -> Path:
        """The home that the store belongs to."""
        return self.store.home

    def open_incident(self, prefix: str, *, at: datetime, by: str, **data: Any) -> str:
        """Open an incident with the next free number of the year; its id."""
        incident = self._number(prefix, at.year)
        self.append(incident, "incident.opened", {"id": incident, **data}, by=by, at=at)
        return incident

    def adopt(self, incident: str, *, year: int) -> None:
        """Take in an incident that was opened while this store could not be written.

        It keeps its id; a number of the year is used up for it. Nothing happens when it is known.
        """
        with contextlib.suppress(Collided):
            self._number(incident.split("-", 1)[0], year, incident)

    def _number(self, prefix: str, year: int, incident: str = "") -> str:
        given: dict[str, Any] = {"prefix": prefix, "year": year}
        with self.store.entering() as ledger:
            ((last,),) = ledger.rows(_LAST, given)
            number = (last or 0) + 1
            incident = incident or f"{prefix}-{year}-{number:04d}"
            ledger.rows(_NUMBERED, {**given, "id": incident, "number": number})
        return incident

    def append(
        self,
        incident: str,
        kind: str,
        data: Mapping[str, Any],
        *,
        by: str,
        at: datetime,
        run: str | None = None,
        step: str | None = None,
    ) -> Entry:
        """Append an entry, secrets masked. It is on disk, and read back, when this returns.

        StoreUnavailable: it is not in the journal.
        """
        clean = clean_data(data)
        for attempt in range(TRIES):
            try:
                with anchoring(self.anchors(incident)) as anchor:
                    with self.store.entering() as ledger:
                        head = ledger.rows(_HEAD, {"incident": incident})
                        last, before = head[0] if head else (0, START)
                        entry = chained(
                            kind,
                            clean,
                            by=by,
                            at=at,
                            run=run,
                            step=step,
                            seq=last + 1,
                            prev=before,
                        )
                        values = msgspec.structs.asdict(entry)
                        values["data"] = msgspec.json.encode(clean, order="sorted").decode()
                        anchor.begin(entry.seq, entry.hash, entry.wall)
                        ledger.rows(_INSERT, {"incident": incident, **values})
                    anchor.end()
                break
            except Collided:
                if attempt + 1 == TRIES:
                    raise
        self._read_back(incident, entry)
        return entry

    def entries(self, incident: str) -> list[Entry]:
        """The journal of an incident, oldest first; NotFound when there is none."""
        with self._lock:
            known = self._known.setdefault(incident, [])
            known.extend(self._read(incident, after=len(known)))
            if not known:
                del self._known[incident]
                raise NotFound(
                    f"no incident {incident!r} in {self.home}; `firedoor incidents` lists them"
                )
            return list(known)

    def incidents(self) -> list[str]:
        """The ids of all incidents, oldest first.

        A number without any entry, which a crash can leave, is none.
        """
        with self.store.looking() as ledger:
            return [str(row[0]) for row in ledger.rows(_BEGUN, {})]

    def remembered(self, incident: str) -> list[Entry]:
        """What was or can be read of a journal, also when its store is gone meanwhile."""
        with contextlib.suppress(StoreUnavailable, NotFound):
            return self.entries(incident)
        with self._lock:
            return list(self._known.get(incident, ()))

    def receipts_since(
        self, moment: datetime, *, incident: str | None = None
    ) -> list[dict[str, Any]]:
        """What was changed from a moment on, in one incident or in all of this store."""
        only = " AND incident = :incident" if incident else ""
        given = {"since": time_text(moment), **({"incident": incident} if incident else {})}
        with self.store.looking() as ledger:
            return [msgspec.json.decode(row[0]) for row in ledger.rows(_RECEIPTS + only, given)]

    def verify(self, incident: str) -> Verification:
        """Read everything anew and check the chain, and the anchors for a cut-off end."""
        entries = self._read(incident, after=0)
        found = verify_chain(incident, entries)
        path = self.anchors(incident)
        anchors, torn = read_anchors(path)
        if not entries and not anchors:
            raise NotFound(f"no incident {incident!r} in {self.home}")
        if not anchors and not torn:
            note = f"no anchors in {path}: a cut-off end could not be seen, nor a chain made anew"
            return msgspec.structs.replace(found, notes=(note,))
        told, bare = compare([entry.hash for entry in entries], anchors)
        problems = [*found.problems, *torn, *told]
        notes: list[str] = []
        if bare and self.store.shared:
            notes.append(f"no anchors here for {len(bare)} entries: written on another machine")
        else:
            problems += [
                f"entry #{seq} has no anchor: firedoor did not write it, or its anchor was removed"
                for seq in bare
            ]
        return msgspec.structs.replace(
            found, holds=not problems, problems=tuple(problems), notes=tuple(notes)
        )

    def anchors(self, incident: str) -> Path:
        """The file of an incident's anchors."""
        return self.home / "anchors" / f"{incident}.txt"

    def export(self, incident: str) -> bytes:
        """The journal as JSON lines, one entry each; `verify_file` checks it anywhere."""
        return b"".join(
            msgspec.json.encode(entry, order="deterministic") + b"\n"
            for entry in self.entries(incident)
        )

    def _read(self, incident: str, *, after: int) -> list[Entry]:
        with self.store.looking() as ledger:
            rows = ledger.rows(_AFTER, {"incident": incident, "after": after})
        return [_entry(dict(zip(_FIELDS, row, strict=True))) for row in rows]

    def _read_back(self, incident: str, entry: Entry) -> None:
        found = self._read(incident, after=entry.seq - 1)
        if not found or found[0].hash != entry.hash or hash_of(found[0]) != entry.hash:
            raise StoreUnavailable(
                f"entry #{entry.seq} of {incident} did not come back as it was written; "
                "nothing further is changed"
            )


def _entry(row: dict[str, Any]) -> Entry:
    try:
        data = msgspec.json.decode(row["data"])
    except msgspec.DecodeError:
        # Somebody wrote into the database: the entry stays visible, its hash no longer fits.
        data = {"unreadable": row["data"]}
    return Entry(**{**row, "data": data})


__all__ = ["START", "Entry", "Journal", "Verification", "verify_chain", "verify_file"]
