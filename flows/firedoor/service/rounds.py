"""The resident's rounds: what was cut off or answered goes on, later checks are made when due.

A journal that nobody writes to is not read: the anchors' files tell which were written.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from firedoor.chain import Entry
from firedoor.engine.alerting import alert_broken
from firedoor.engine.running import Outcome, alone, start
from firedoor.engine.verifying import verify
from firedoor.errors import FiredoorError, NotFound, RunFailed
from firedoor.service.changes import Changes
from firedoor.service.job import Job
from firedoor.service.post import BY, Post
from firedoor.service.standing import Unended, answered, cut_off, due, look_again

EVERY_SECONDS = 0.5
TRIES = 6
AGAIN = timedelta(seconds=10)
"""After a failure it is tried again, each time twice as late; then it is left to people."""

Choose = Callable[[Sequence[Entry]], list[Unended]]
Work = Callable[[Job], list[Outcome]]


class Rounds:
    """Looks after the incidents of one home, in one thread."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._changes = Changes(post)
        self._wake: dict[str, datetime] = {}
        self._failed: dict[tuple[str, str], tuple[int, datetime]] = {}
        self._cut_off: set[str] = set()
        self._lock = threading.Lock()

    def first(self) -> None:
        """Go on with what was cut off when the last resident, or anybody, was killed."""
        self._changes.look()
        for incident in self._post.incidents():
            entries = self._read(incident)
            busy = self._post.job_of(incident) is not None
            runs = cut_off(entries)
            if runs and not busy:
                self._post.log(f"{incident}: {', '.join(run for run, _, _ in runs)} was cut off")
                self._cut_off.add(incident)
            self._look(incident, entries, busy=busy)

    def once(self) -> None:
        """One round."""
        now = _now()
        with self._lock:
            woken = [incident for incident, at in self._wake.items() if at <= now]
            for incident in woken:
                del self._wake[incident]
        for incident in dict.fromkeys([*self._changes.look(), *woken]):
            entries = self._read(incident)
            if entries:
                self._look(incident, entries, busy=self._post.job_of(incident) is not None)

    def run(self) -> None:
        """The first round, then one after the other until the gate is shut."""
        step = self.first
        while not self._post.gate.is_shut:
            try:
                step()
            except Exception as error:  # noqa: BLE001 (one failed round must not be the last)
                self._post.log(f"a round failed: {type(error).__name__}: {error}")
            step = self.once
            time.sleep(EVERY_SECONDS)

    def _look(self, incident: str, entries: Sequence[Entry], *, busy: bool) -> None:
        now = _now()
        if busy:
            # Whoever works it writes: it is looked at again then.
            self._at(incident, now + timedelta(seconds=2 * EVERY_SECONDS))
            return
        self._at(incident, look_again(entries, now))
        # Only those found at the start: later on, whoever runs one may be at work on it.
        if incident in self._cut_off and cut_off(entries):
            self._begin(incident, "cut off", self._going(incident, cut_off))
        elif answered(entries, now):
            # Another answer is another reason to try.
            why = f"answered, #{_last_word(entries)}"
            self._begin(incident, why, self._going(incident, _answered_by_now))
        elif due(entries, now):
            self._begin(incident, "due", lambda job: self._verifying(job, incident))

    def _begin(self, incident: str, why: str, work: Work) -> None:
        tries, not_before = self._failed.get((incident, why), (0, _now()))
        if tries >= TRIES:
            return
        if not_before > _now():
            self._at(incident, not_before)
            return
        job = Job(BY)
        job.incident = incident

        def counted(job: Job) -> list[Outcome]:
            try:
                with self._post.at_work(job):
                    done = work(job)
            except FiredoorError as error:
                self._fail(incident, why, error)
                raise
            for each in done:
                self._post.log(f"{incident} {each.run}: {each.status}")
            self._failed.pop((incident, why), None)
            self._cut_off.discard(incident)
            self._at(incident, _now())
            return done

        job.begin(counted, self._post.log)

    def _going(self, incident: str, choose: Choose) -> Work:
        return lambda job: self._going_on(job, incident, choose)

    def _going_on(self, job: Job, incident: str, choose: Choose) -> list[Outcome]:
        with self._post.turns.taking(incident):
            desk = self._post.desk_of(incident, job, by=BY)
            with alone(desk):
                # Read under the lease: what somebody else has just ended is not begun again.
                return [
                    start(desk, program, inputs, run=run, on_progress=job.say)
                    for run, program, inputs in choose(desk.recorder.entries())
                ]

    def _verifying(self, job: Job, incident: str) -> list[Outcome]:
        with self._post.turns.taking(incident):
            desk = self._post.desk_of(incident, job, by=BY)
            if not due(desk.recorder.entries(), desk.aws.now()):
                return []
            found = verify(desk)
            if found.holds is False:
                broken = [each for each in found.steps if each["holds"] is False]
                if broken:
                    places = ", ".join(f"{each['run']}/{each['id']}" for each in broken)
                    self._post.log(f"{incident}: does not hold any more: {places}")
                    alert_broken(desk, broken)
            if due(desk.recorder.entries(), desk.aws.now()):
                raise RunFailed("what was contained could not be read back")
        return []

    def _fail(self, incident: str, why: str, error: FiredoorError) -> None:
        tries = self._failed.get((incident, why), (0, _now()))[0] + 1
        again = _now() + AGAIN * 2 ** (tries - 1)
        self._failed[incident, why] = (tries, again)
        if tries >= TRIES:
            self._post.log(f"{incident}: {error}; left to people: `firedoor status {incident}`")
            return
        self._post.log(f"{incident}: {error}; tried again later")
        self._at(incident, again)

    def _at(self, incident: str, moment: datetime | None) -> None:
        with self._lock:
            if moment is None:
                self._wake.pop(incident, None)
            else:
                self._wake[incident] = moment

    def _read(self, incident: str) -> list[Entry]:
        try:
            return self._post.known(incident)
        except NotFound:
            # Its first anchor stands, and its first entry is being written.
            return []
        except FiredoorError as error:
            self._post.log(f"{incident}: {error}")
            return []


def _last_word(entries: Sequence[Entry]) -> int:
    """The number of the last question or answer."""
    return max((entry.seq for entry in entries if entry.kind.startswith("approval.")), default=0)


def _answered_by_now(entries: Sequence[Entry]) -> list[Unended]:
    return answered(entries, _now())


def _now() -> datetime:
    return datetime.now(UTC)
