"""The journal: the append-only, hash-chained record of an incident.

Each entry carries the SHA-256 of the one before it, so that a changed, removed or inserted entry
breaks the chain. That nothing was cut off at the end is shown by the anchors: a second file that
gets the sequence number and hash of every entry as it is written.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import func, insert, select

from firedoor import store as tables
from firedoor.errors import BadInput, NotFound, StoreUnavailable
from firedoor.kinds import time_text
from firedoor.masking import masked
from firedoor.store import Store

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
        with self.store.writing() as connection:
            numbered = tables.incidents.c
            last = connection.execute(
                select(func.max(numbered.number)).where(
                    numbered.prefix == prefix, numbered.year == at.year
                )
            ).scalar()
            number = (last or 0) + 1
            incident = f"{prefix}-{at.year}-{number:04d}"
            connection.execute(
                insert(tables.incidents).values(
                    id=incident, prefix=prefix, year=at.year, number=number
                )
            )
        self.append(incident, "incident.opened", {"id": incident, **data}, by=by, at=at)
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
        """Append an entry, secrets masked. It is on disk, and read back, when this returns."""
        clean = msgspec.to_builtins(masked(msgspec.to_builtins(dict(data))))
        with self.store.writing() as connection:
            row = connection.execute(
                select(tables.entries.c.seq, tables.entries.c.hash)
                .where(tables.entries.c.incident == incident)
                .order_by(tables.entries.c.seq.desc())
                .limit(1)
            ).first()
            draft = Entry(
                seq=(row.seq if row else 0) + 1,
                at=time_text(at),
                wall=time_text(datetime.now(UTC)),
                kind=kind,
                by=by,
                run=run,
                step=step,
                data=clean,
                prev=row.hash if row else START,
                hash="",
            )
            entry = msgspec.structs.replace(draft, hash=hash_of(draft))
            values = msgspec.structs.asdict(entry)
            values["data"] = msgspec.json.encode(clean, order="sorted").decode()
            connection.execute(insert(tables.entries).values(incident=incident, **values))
        self._read_back(incident, entry)
        self._anchor(incident, entry)
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
        """The ids of all incidents, oldest first."""
        with self.store.reading() as connection:
            columns = tables.incidents.c
            return list(
                connection.execute(
                    select(columns.id).order_by(columns.year, columns.prefix, columns.number)
                ).scalars()
            )

    def verify(self, incident: str) -> Verification:
        """Read everything anew and check the chain, and the anchors for a cut-off end."""
        found = verify_chain(incident, self._read(incident, after=0))
        if not found.entries:
            raise NotFound(f"no incident {incident!r} in {self.home}")
        anchors, note = self._anchors(incident)
        hashes = {entry.seq: entry.hash for entry in self._read(incident, after=0)}
        problems = list(found.problems)
        for seq, digest in anchors:
            if seq not in hashes:
                problems.append(f"entry #{seq} was written and is gone")
            elif hashes[seq] != digest:
                problems.append(f"entry #{seq} is not the one that was written")
        return msgspec.structs.replace(
            found, holds=not problems, problems=tuple(problems), notes=(note,) if note else ()
        )

    def export(self, incident: str) -> bytes:
        """The journal as JSON lines, one entry each; `verify_file` checks it anywhere."""
        return b"".join(
            msgspec.json.encode(entry, order="deterministic") + b"\n"
            for entry in self.entries(incident)
        )

    def _read(self, incident: str, *, after: int) -> list[Entry]:
        columns = tables.entries.c
        with self.store.reading() as connection:
            rows = connection.execute(
                select(tables.entries)
                .where(columns.incident == incident, columns.seq > after)
                .order_by(columns.seq)
            ).all()
        return [_entry(row) for row in rows]

    def _read_back(self, incident: str, entry: Entry) -> None:
        found = self._read(incident, after=entry.seq - 1)
        if not found or found[0].hash != entry.hash or hash_of(found[0]) != entry.hash:
            raise StoreUnavailable(
                f"entry #{entry.seq} of {incident} did not come back as it was written; "
                "nothing further is changed"
            )

    def _anchor(self, incident: str, entry: Entry) -> None:
        line = f"{entry.seq} {entry.hash} {entry.wall}\n"
        path = self.home / "anchors" / f"{incident}.txt"
        try:
            path.parent.mkdir(exist_ok=True, mode=0o700)
            with path.open("a", encoding="ascii") as file:
                file.write(line)
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be written: {error.strerror}") from None

    def _anchors(self, incident: str) -> tuple[list[tuple[int, str]], str]:
        path = self.home / "anchors" / f"{incident}.txt"
        try:
            lines = path.read_text("ascii").splitlines()
        except (OSError, UnicodeDecodeError):
            return [], f"no anchors in {path}: a cut-off end could not be seen"
        anchors = [line.split() for line in lines]
        return [(int(parts[0]), parts[1]) for parts in anchors if len(parts) == 3], ""


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
