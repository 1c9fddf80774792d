"""The post of a resident: its home, its store, who may come, whose turn it is, what is at work."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firedoor.chain import Entry
from firedoor.engine.case import connect_for, home_of
from firedoor.engine.desk import Desk, Office, open_desk
from firedoor.engine.gate import Gate
from firedoor.errors import NotFound, Refused
from firedoor.kinds import time_text
from firedoor.service.job import Caller, Job
from firedoor.service.surroundings import Surroundings, here
from firedoor.service.turns import Turns

BY = "resident"
"""Who goes on with runs that were cut off or answered, in the journal."""

MOST_JOBS = 200
"""Requests at work or waiting for their turn; more are refused."""

Log = Callable[[str], None]


class Post:
    """Everything that requests and rounds share. Safe for threads."""

    def __init__(self, home: Path, log: Log, *, group: int | None = None) -> None:
        self.home = home
        self.log = log
        self.group = group
        self.gate = Gate()
        self.turns = Turns(self.gate)
        self.ready = threading.Event()
        self.placing = threading.Lock()
        """Held while a finding is given its incident: two about one thing must not open two."""
        self.since = time_text(datetime.now(UTC))
        self._office = Office.open(home)
        self._lock = threading.Lock()
        self._jobs: list[Job] = []

    @property
    def owner(self) -> int:
        """The user whose home it is."""
        return self.home.stat().st_uid

    def surroundings(self) -> Surroundings:
        """Its own, as they are now."""
        return here(self.home)

    def office(self) -> Office:
        """The home's office with a journal of its own: what it has read goes when it does."""
        from firedoor.journal import Journal  # lazy: the database

        return dataclasses.replace(self._office, journal=Journal(self._office.journal.store))

    def known(self, incident: str) -> list[Entry]:
        """The entries of an incident of this home; another home's is refused."""
        if home_of(incident) != self.home:
            raise Refused(
                f"{incident} is not of this resident's home: drills and exercises have their own"
            )
        return self.office().journal.entries(incident)

    def desk(
        self, office: Office, aws: Any, target: Any, incident: str, job: Job, *, by: str = ""
    ) -> Desk:
        """The desk of a job: it writes under the caller's name and tells whoever watches."""
        job.incident = incident
        return self.at(
            open_desk(
                office,
                aws,
                target,
                incident=incident,
                people=self.people(job),
                listeners=(job.hear,),
                by=by or job.by,
            )
        )

    def at(self, desk: Desk) -> Desk:
        """A desk in this process: one of several, and through its gate."""
        return dataclasses.replace(desk, shared=True, gate=self.gate)

    def people(self, job: Job) -> Caller | None:
        """Whoever can be asked; None where nobody sits there."""
        if not job.asks:
            return None
        return Caller(job, self.turns.resting, lambda: self.gate.is_shut)

    def desk_of(self, incident: str, job: Job, *, by: str = "") -> Desk:
        """The desk of an incident that exists, with AWS as it was opened in."""
        office = self.office()
        entries = self.known(incident)
        aws, target = connect_for(entries)
        return self.desk(office, aws, target, incident, job, by=by)

    @contextmanager
    def at_work(self, job: Job) -> Iterator[None]:
        """Count a job while it is at work. Refused when there are too many."""
        with self._lock:
            if len(self._jobs) >= MOST_JOBS:
                raise Refused(
                    f"the resident has {MOST_JOBS} requests at work already; "
                    "FIREDOOR_RESIDENT=off runs without it"
                )
            self._jobs.append(job)
        try:
            yield
        finally:
            with self._lock:
                self._jobs.remove(job)

    def job_of(self, incident: str) -> Job | None:
        """The job that works an incident now."""
        with self._lock:
            return next((job for job in self._jobs if job.incident == incident), None)

    def jobs(self) -> list[Job]:
        """All that are at work."""
        with self._lock:
            return list(self._jobs)

    def incidents(self) -> list[str]:
        """The incidents of the home."""
        with contextlib.suppress(NotFound):
            return self.office().journal.incidents()
        return []
