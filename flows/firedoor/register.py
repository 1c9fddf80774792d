"""The register: which incident is about what, so that findings that belong together meet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import delete, insert, select

from firedoor import store as tables
from firedoor.kinds import time_text
from firedoor.ledger import Ledger


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """An incident that is about a subject; `at`: since when this is known."""

    subject: str
    incident: str
    at: str


class Register:
    """The register of one store."""

    def __init__(self, store: Ledger) -> None:
        store.need(tables.subjects)
        self._store = store

    def find(self, subjects: Iterable[str], *, since: datetime | None = None) -> list[Known]:
        """Who is about any of these, the latest first."""
        c = tables.subjects.c
        wanted = select(tables.subjects).where(c.subject.in_(list(subjects)))
        if since is not None:
            wanted = wanted.where(c.at >= time_text(since))
        with self._store.reading() as connection:
            rows = connection.execute(wanted.order_by(c.at.desc(), c.incident.desc())).mappings()
            return [Known(**row) for row in rows]

    def note(self, incident: str, subjects: Iterable[str], at: datetime) -> None:
        """An incident is about these, as of now."""
        wanted = list(dict.fromkeys(subjects))
        c = tables.subjects.c
        with self._store.writing() as connection:
            connection.execute(
                delete(tables.subjects).where(c.incident == incident, c.subject.in_(wanted))
            )
            rows = [{"subject": each, "incident": incident, "at": time_text(at)} for each in wanted]
            if rows:
                connection.execute(insert(tables.subjects), rows)

    def forget(self, incident: str, subjects: Iterable[str] | None = None) -> None:
        """An incident is not about these any more; without `subjects`, about nothing."""
        c = tables.subjects.c
        gone = delete(tables.subjects).where(c.incident == incident)
        if subjects is not None:
            gone = gone.where(c.subject.in_(list(subjects)))
        with self._store.writing() as connection:
            connection.execute(gone)

    def of(self, incident: str) -> list[str]:
        """What an incident is about."""
        c = tables.subjects.c
        with self._store.reading() as connection:
            wanted = select(c.subject).where(c.incident == incident).order_by(c.subject)
            return list(connection.execute(wanted).scalars())
