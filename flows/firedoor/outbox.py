"""The outbox: what is to be said in the chat, on disk until it has been said, once and in order.

A letter is one thing to do there: open a channel, post a message, edit one. The letters of one
incident are a queue: the next one goes when the one before it has gone. What an incident's journal
says becomes letters in the same transaction that notes how far the journal was read, so that a
crash neither loses nor repeats any.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import delete, func, insert, select, update

from firedoor import store as tables
from firedoor.kinds import time_text
from firedoor.ledger import Ledger

Kind = Literal["open", "invite", "topic", "bookmark", "post", "edit", "pin", "archive"]

_L = tables.letters.c
_R = tables.rooms.c


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A letter to be written. `key`: the same for the same thing, which is written once.

    `latest`: only the last of this key matters. A newer one takes the place of one that waits, and
    what says the same as the last one is not said again.
    """

    key: str
    kind: Kind
    body: dict[str, Any]
    latest: bool = False


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that waits, or has gone. `token` is opaque, in place of the key where others read;
    `ts` is what the chat calls the message. `doubtful`: an earlier try may have got through."""

    id: int
    key: str
    incident: str
    kind: Kind
    body: dict[str, Any]
    at: str
    state: Literal["new", "done", "dropped"]
    tries: int
    doubtful: bool
    token: str
    ts: str
    why: str


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """An incident's channel, by its id ("" until it is there). `read`: how far the journal was;
    `number`: the how manieth channel of the incident it is."""

    incident: str
    channel: str = ""
    name: str = ""
    read: int = 0
    number: int = 1


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """How much waits, since when, and why the oldest does."""

    count: int
    since: str = ""
    why: str = ""


class Outbox:
    """The outbox of one store. Safe for threads."""

    def __init__(self, store: Ledger) -> None:
        store.need(tables.letters, tables.rooms)
        self._store = store

    def put(self, room: Room, drafts: Sequence[Draft]) -> None:
        """Write letters of an incident, and how far its journal was read, at once."""
        now = time_text(datetime.now(UTC))
        with self._store.writing() as connection:
            for draft in drafts:
                body = msgspec.json.encode(draft.body, order="sorted").decode()
                known = connection.execute(
                    select(_L.id, _L.body, _L.state).where(_L.key == draft.key)
                ).first()
                if known is not None:
                    if not draft.latest or known.body == body:
                        continue
                    connection.execute(delete(tables.letters).where(_L.id == known.id))
                values = {
                    "key": draft.key,
                    "incident": room.incident,
                    "kind": draft.kind,
                    "body": body,
                    "at": now,
                    "state": "new",
                    "tries": 0,
                    "doubtful": 0,
                    "not_before": "",
                    "token": secrets.token_urlsafe(24),
                    "ts": "",
                    "why": "",
                }
                connection.execute(insert(tables.letters).values(values))
            there = connection.execute(
                update(tables.rooms)
                .where(_R.incident == room.incident)
                .values(read=room.read, number=room.number)
            )
            if not there.rowcount:
                connection.execute(insert(tables.rooms).values(msgspec.to_builtins(room)))

    def heads(self, now: datetime) -> list[Letter]:
        """The first letter of each incident that waits, where its time has come."""
        first = select(func.min(_L.id)).where(_L.state == "new").group_by(_L.incident)
        wanted = (
            select(tables.letters)
            .where(_L.id.in_(first), _L.not_before <= time_text(now))
            .order_by(_L.id)
        )
        with self._store.reading() as connection:
            return [_letter(row) for row in connection.execute(wanted).mappings()]

    def begin(self, letter: Letter) -> None:
        """It is about to be tried: when the process dies now, it may have got through."""
        self._set(letter.id, tries=letter.tries + 1, doubtful=1)

    def sent(self, letter: Letter, ts: str = "") -> None:
        """It has gone."""
        self._set(letter.id, state="done", doubtful=0, ts=ts or letter.ts, why="")

    def later(self, letter: Letter, moment: datetime, why: str, *, doubtful: bool) -> None:
        """It is tried again from `moment` on. `doubtful`: it may have got through all the same."""
        self._set(letter.id, not_before=time_text(moment), why=why[:400], doubtful=int(doubtful))

    def drop(self, letter: Letter, why: str) -> None:
        """It cannot be said; those behind it go on."""
        self._set(letter.id, state="dropped", why=why[:400])

    def rewrite(self, letter: Letter, body: dict[str, Any]) -> None:
        """Say it otherwise."""
        told = msgspec.json.encode(body, order="sorted").decode()
        self._set(letter.id, body=told, doubtful=0)

    def moved(self, key: str, ts: str) -> None:
        """The message of a letter is another one now: the old one is gone."""
        with self._store.writing() as connection:
            connection.execute(update(tables.letters).where(_L.key == key).values(ts=ts))

    def wake(self, incident: str = "") -> None:
        """What waits for its time is tried at once: of an incident, or all of it."""
        wanted = update(tables.letters).where(_L.state == "new").values(not_before="")
        with self._store.writing() as connection:
            connection.execute(wanted.where(_L.incident == incident) if incident else wanted)

    def letter(self, *, key: str = "", token: str = "") -> Letter | None:
        """A letter by its key or by its token."""
        wanted = select(tables.letters).where(_L.key == key if key else _L.token == token)
        with self._store.reading() as connection:
            row = connection.execute(wanted).mappings().first()
        return _letter(row) if row else None

    def letters(self, incident: str) -> list[Letter]:
        """All letters of an incident, oldest first."""
        wanted = select(tables.letters).where(_L.incident == incident).order_by(_L.id)
        with self._store.reading() as connection:
            return [_letter(row) for row in connection.execute(wanted).mappings()]

    def room(self, incident: str) -> Room | None:
        """The channel of an incident; None when nothing was written for it yet."""
        return self._room(_R.incident == incident)

    def room_of(self, channel: str) -> Room | None:
        """Whose channel this is."""
        return self._room(_R.channel == channel) if channel else None

    def opened(self, incident: str, channel: str, name: str) -> None:
        """The channel is there."""
        with self._store.writing() as connection:
            connection.execute(
                update(tables.rooms)
                .where(_R.incident == incident)
                .values(channel=channel, name=name)
            )

    def waits(self) -> Waits:
        """What has not gone yet."""
        with self._store.reading() as connection:
            count = connection.execute(
                select(func.count()).select_from(tables.letters).where(_L.state == "new")
            ).scalar()
            oldest = connection.execute(
                select(_L.at, _L.why).where(_L.state == "new").order_by(_L.id).limit(1)
            ).first()
        if oldest is None:
            return Waits(count=0)
        return Waits(count=int(count or 0), since=oldest.at, why=oldest.why)

    def _room(self, where: Any) -> Room | None:
        with self._store.reading() as connection:
            row = connection.execute(select(tables.rooms).where(where)).mappings().first()
        return Room(**row) if row else None

    def _set(self, id_: int, **values: Any) -> None:
        with self._store.writing() as connection:
            connection.execute(update(tables.letters).where(_L.id == id_).values(**values))


def _letter(row: Any) -> Letter:
    told = {key: row[key] for key in Letter.__struct_fields__}
    body = msgspec.json.decode(told["body"])
    return Letter(**{**told, "body": body, "doubtful": bool(told["doubtful"])})
