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
from sqlalchemy import bindparam, exists, func, insert, select

from firedoor import store as tables
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
from firedoor.store import Collided, Store

TRIES = 8
"""How often an append begins anew when another machine has taken its number meanwhile."""

_COLUMNS = tables.entries.c
_HEAD = (
    select(_COLUMNS.seq, _COLUMNS.hash)
    .where(_COLUMNS.incident == bindparam("incident"))
    .order_by(_COLUMNS.seq.desc())
    .limit(1)
)
_AFTER = (
    select(tables.entries)
    .where(_COLUMNS.incident == bindparam("incident"), _COLUMNS.seq > bindparam("after"))
    .order_by(_COLUMNS.seq)
)
_INSERT = insert(tables.entries)


class Journal:
    """All journals of one store. Safe for threads; several processes may append."""

    def __init__(self, store: Store) -> None:
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
        with self.store.writing() as connection:
            numbered = tables.incidents.c
            last = connection.execute(
                select(func.max(numbered.number)).where(
                    numbered.prefix == prefix, numbered.year == year
                )
            ).scalar()
            number = (last or 0) + 1
            incident = incident or f"{prefix}-{year}-{number:04d}"
            connection.execute(
                insert(tables.incidents).values(
                    id=incident, prefix=prefix, year=year, number=number
                )
            )
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
                    with self.store.writing() as connection:
                        row = connection.execute(_HEAD, {"incident": incident}).first()
                        entry = chained(
                            kind,
                            clean,
                            by=by,
                            at=at,
                            run=run,
                            step=step,
                            seq=(row.seq if row else 0) + 1,
                            prev=row.hash if row else START,
                        )
                        values = msgspec.structs.asdict(entry)
                        values["data"] = msgspec.json.encode(clean, order="sorted").decode()
                        anchor.begin(entry.seq, entry.hash, entry.wall)
                        connection.execute(_INSERT, {"incident": incident, **values})
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
        columns = tables.incidents.c
        begun = exists().where(_COLUMNS.incident == columns.id, _COLUMNS.seq == 1)
        with self.store.reading() as connection:
            return list(
                connection.execute(
                    select(columns.id)
                    .where(begun)
                    .order_by(columns.year, columns.prefix, columns.number)
                ).scalars()
            )

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
        columns = tables.entries.c
        wanted = [columns.kind == "step.receipt", columns.at >= time_text(moment)]
        if incident:
            wanted.append(columns.incident == incident)
        with self.store.reading() as connection:
            rows = connection.execute(select(columns.data).where(*wanted)).scalars()
            return [msgspec.json.decode(row) for row in rows]

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
        with self.store.reading() as connection:
            rows = connection.execute(_AFTER, {"incident": incident, "after": after}).all()
        return [_entry(row) for row in rows]

    def _read_back(self, incident: str, entry: Entry) -> None:
        found = self._read(incident, after=entry.seq - 1)
        if not found or found[0].hash != entry.hash or hash_of(found[0]) != entry.hash:
            raise StoreUnavailable(
                f"entry #{entry.seq} of {incident} did not come back as it was written; "
                "nothing further is changed"
            )


def _entry(row: Any) -> Entry:
    try:
        data = msgspec.json.decode(row.data)
    except msgspec.DecodeError:
        # Somebody wrote into the database: the entry stays visible, its hash no longer fits.
        data = {"unreadable": row.data}
    return Entry(
        seq=row.seq,
        at=row.at,
        wall=row.wall,
        kind=row.kind,
        by=row.by,
        run=row.run,
        step=row.step,
        data=data,
        prev=row.prev,
        hash=row.hash,
    )


__all__ = ["START", "Entry", "Journal", "Verification", "verify_chain", "verify_file"]
