"""The inbox: what came in from outside, on disk before it is answered for, until it is worked.

Arrivals of many senders are written together in one transaction, so that a storm costs few
transactions; an arrival is acknowledged when its transaction is on disk. The same thing again is
known by its key and written once. Nothing is dropped in silence: past the bound `Full` is raised,
and every arrival, refused ones too, stands in the audit trail (table `arrivals`).
"""

from __future__ import annotations

import hashlib
import json
import queue
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import func, insert, select, update

from firedoor import store as tables
from firedoor.errors import StoreUnavailable
from firedoor.findings.model import Finding
from firedoor.kinds import time_text
from firedoor.ledger import Ledger
from firedoor.masking import masked_text

MOST_OPEN = 5000
"""Findings on disk and not worked yet; more are refused with "come again"."""

MOST_UNWRITTEN = 2000
"""Arrivals that wait for their transaction."""

MOST_TOGETHER = 200
"""Arrivals in one transaction."""

MOST_PARKED = 100_000
"""Characters kept of what is no finding."""

REMEMBERED = 20_000
"""Keys held in memory, so that repeats cost no query."""

State = Literal["new", "done", "parked"]


class Full(Exception):
    """There is no room now: the sender has to come again."""


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """One finding that came in. `key`: the same for the same state of the same finding.

    `rank`: what is worked first, the higher the sooner. `body`: the finding, secrets masked, as
    JSON.
    """

    key: str
    rank: int
    body: str


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the audit trail: who came through which door, and what came of it.

    `sender` is a fingerprint of his key, a topic or a queue, never a secret. `code`: the HTTP
    status, or 0.
    """

    door: str
    remote: str = ""
    sender: str = ""
    code: int = 0
    outcome: Literal["accepted", "repeated", "refused", "full"] = "refused"
    why: str = ""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One finding to be worked."""

    id: int
    key: str
    at: str
    door: str
    sender: str
    rank: int
    finding: Finding
    tries: int


class Inbox:
    """The inbox of one store. Safe for threads; one process works it."""

    def __init__(self, store: Ledger, *, most: int = MOST_OPEN) -> None:
        store.need(tables.inbox, tables.arrivals)
        self._store = store
        self._most = most
        self._waiting: queue.Queue[tuple[Sequence[Arrived], Note, Future[int]] | None] = (
            queue.Queue(MOST_UNWRITTEN)
        )
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self._open = self._count_open()
        self._closed = False
        self.arrived = threading.Event()
        """Set when there is something new."""
        self._writer = threading.Thread(target=self._write, name="inbox", daemon=True)
        self._writer.start()

    @property
    def open(self) -> int:
        """How many findings wait to be worked."""
        return self._open

    def offer(self, items: Sequence[Arrived], note: Note) -> Future[int]:
        """Take findings in. The result, when they are on disk: how many of them were new.

        Full when there is no room; the future raises StoreUnavailable when they are not on disk.
        """
        done: Future[int] = Future()
        with self._lock:
            known = [each.key in self._known for each in items]
            full = self._open >= self._most and not all(known)
        if self._closed or full:
            self.note(msgspec.structs.replace(note, code=503, outcome="full", why="no room now"))
            raise Full
        try:
            self._waiting.put_nowait((items, note, done))
        except queue.Full:
            raise Full from None
        return done

    def note(self, note: Note) -> None:
        """Write a line of the audit trail, soon; nobody waits for it."""
        try:
            self._waiting.put_nowait(((), note, Future()))
        except queue.Full:
            # A flood of refusals must not stand in the way of what is to be taken in.
            return

    def park(self, body: str, note: Note, why: str) -> None:
        """Keep what is no finding, for people to look at; on disk when this returns."""
        now = time_text(datetime.now(UTC))
        told = json.dumps({"text": masked_text(body)[:MOST_PARKED]})
        key = hashlib.sha256(body.encode(errors="replace")).hexdigest()
        row = _row(Arrived(key=key, rank=0, body=told), note, now)
        noted = _noted(msgspec.structs.replace(note, why=why[:400]), (), 0, now)
        c = tables.inbox.c
        with self._store.writing() as connection:
            known = connection.execute(select(c.id).where(c.key == key)).first()
            if known is None:
                values = {**row, "state": "parked", "why": why}
                connection.execute(insert(tables.inbox).values(values))
            connection.execute(insert(tables.arrivals).values(noted))

    def open_items(self, most: int, *, beside: Sequence[int] = ()) -> list[Item]:
        """What is to be worked, worst first, then oldest; without the ids `beside`."""
        c = tables.inbox.c
        wanted = (
            select(tables.inbox)
            .where(c.state == "new", c.id.not_in(beside))
            .order_by(c.rank.desc(), c.id)
            .limit(most)
        )
        with self._store.reading() as connection:
            rows = connection.execute(wanted).mappings().all()
        return [_item(dict(row)) for row in rows]

    def end(self, item: Item, state: State, why: str, incident: str = "") -> None:
        """A finding has been worked (`done`), or is left to people (`parked`)."""
        c = tables.inbox.c
        with self._store.writing() as connection:
            connection.execute(
                update(tables.inbox)
                .where(c.id == item.id)
                .values(state=state, why=why, incident=incident or None)
            )
        with self._lock:
            self._open = max(0, self._open - 1)

    def failed(self, item: Item, why: str) -> None:
        """It could not be worked this time."""
        c = tables.inbox.c
        with self._store.writing() as connection:
            connection.execute(
                update(tables.inbox).where(c.id == item.id).values(tries=c.tries + 1, why=why)
            )

    def counts(self) -> dict[str, int]:
        """How many findings there are by state."""
        c = tables.inbox.c
        with self._store.reading() as connection:
            rows = connection.execute(select(c.state, func.count()).group_by(c.state)).all()
        return {str(state): int(count) for state, count in rows}

    def arrivals(self) -> dict[tuple[str, str], int]:
        """How many arrivals there were, by door and outcome."""
        c = tables.arrivals.c
        with self._store.reading() as connection:
            rows = connection.execute(
                select(c.door, c.outcome, func.count()).group_by(c.door, c.outcome)
            ).all()
        return {(str(door), str(outcome)): int(count) for door, outcome, count in rows}

    def writable(self) -> str:
        """Why nothing can be taken in now; "" when it can."""
        try:
            with self._store.writing():
                pass
        except StoreUnavailable as error:
            return str(error)
        if self._open >= self._most:
            return f"{self._open} findings wait"
        return ""

    def parked(self) -> list[dict[str, Any]]:
        """What is left to people: `{at, door, sender, why}`, newest first, 100 at most."""
        c = tables.inbox.c
        wanted = (
            select(c.id, c.at, c.door, c.sender, c.why)
            .where(c.state == "parked")
            .order_by(c.id.desc())
            .limit(100)
        )
        with self._store.reading() as connection:
            return [dict(row) for row in connection.execute(wanted).mappings()]

    def close(self) -> None:
        """Write what waits, and end."""
        self._closed = True
        self._waiting.put(None)
        self._writer.join(timeout=30)

    def _write(self) -> None:
        going = True
        while going:
            batch = [self._waiting.get()]
            while len(batch) < MOST_TOGETHER:
                try:
                    batch.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
            going = None not in batch
            if told := [each for each in batch if each is not None]:
                self._write_batch(told)

    def _write_batch(self, batch: Sequence[tuple[Sequence[Arrived], Note, Future[int]]]) -> None:
        now = time_text(datetime.now(UTC))
        fresh: dict[str, dict[str, Any]] = {}
        counts: list[int] = []
        notes: list[dict[str, Any]] = []
        try:
            with self._store.writing() as connection:
                there = self._there(connection, [one.key for items, _, _ in batch for one in items])
                for items, note, _ in batch:
                    new = [one for one in items if one.key not in there and one.key not in fresh]
                    fresh.update((one.key, _row(one, note, now)) for one in new)
                    counts.append(len(new))
                    notes.append(_noted(note, items, len(new), now))
                if fresh:
                    connection.execute(insert(tables.inbox), list(fresh.values()))
                connection.execute(insert(tables.arrivals), notes)
        except StoreUnavailable as error:
            for _, _, done in batch:
                done.set_exception(error)
            return
        with self._lock:
            self._open += len(fresh)
            self._known.update(dict.fromkeys((*there, *fresh)))
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        for (_, _, done), count in zip(batch, counts, strict=True):
            done.set_result(count)
        if fresh:
            self.arrived.set()

    def _there(self, connection: Any, keys: Sequence[str]) -> set[str]:
        """Which of these keys are on disk already."""
        there = {key for key in keys if key in self._known}
        asked = [key for key in dict.fromkeys(keys) if key not in there]
        c = tables.inbox.c
        for first in range(0, len(asked), 500):
            part = asked[first : first + 500]
            there.update(connection.execute(select(c.key).where(c.key.in_(part))).scalars())
        return there

    def _count_open(self) -> int:
        c = tables.inbox.c
        with self._store.reading() as connection:
            wanted = select(func.count()).where(c.state == "new")
            return int(connection.execute(wanted).scalar_one())


def _row(one: Arrived, note: Note, now: str) -> dict[str, Any]:
    return {
        "key": one.key,
        "at": now,
        "door": note.door,
        "sender": note.sender,
        "rank": one.rank,
        "body": one.body,
        "state": "new",
        "tries": 0,
        "incident": None,
        "why": "",
    }


def _noted(note: Note, items: Sequence[Arrived], new: int, now: str) -> dict[str, Any]:
    outcome = note.outcome
    if items:
        outcome = "accepted" if new else "repeated"
    return {
        "at": now,
        "door": note.door,
        "remote": note.remote,
        "sender": note.sender,
        "code": note.code,
        "outcome": outcome,
        "why": note.why,
        "key": items[0].key if items else "",
    }


def _item(row: Mapping[str, Any]) -> Item:
    return Item(
        id=row["id"],
        key=row["key"],
        at=row["at"],
        door=row["door"],
        sender=row["sender"],
        rank=row["rank"],
        finding=msgspec.json.decode(row["body"], type=Finding),
        tries=row["tries"],
    )
