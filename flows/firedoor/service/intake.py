"""Works what is in the inbox: place it, confirm it, contain what may be contained, run its runbook.

The worst comes first. What is preauthorised is done at once by threads of its own; the rest of a
run waits for its turn with Prefect. A finding that cannot be worked is tried again, each time
later, and then parked with the reason: it stays on disk, and people are told.
"""

from __future__ import annotations

import gc
import queue
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from firedoor.engine.alerting import alert_parked
from firedoor.engine.confirming import confirm
from firedoor.engine.desk import Desk
from firedoor.engine.first import contain_first
from firedoor.engine.gate import Parked
from firedoor.engine.intake import ran_already, take_in
from firedoor.engine.placing import Place, place
from firedoor.engine.policy import policy_in_force
from firedoor.engine.running import alone, next_run, program_of, start
from firedoor.errors import FiredoorError, StoreUnavailable
from firedoor.finding import Finding
from firedoor.inbox import Inbox, Item
from firedoor.inputs import read_inputs
from firedoor.library import Library
from firedoor.program import Program
from firedoor.routing import Route, route
from firedoor.runbook import Json
from firedoor.service.job import Job
from firedoor.service.post import BY, Post

AT_ONCE = 8
"""Findings placed and contained at once. Most of the time each waits for AWS."""

RUNS = 3
"""Runs at once, as many as have a turn with Prefect."""

TRIES = 6
AGAIN_SECONDS = 5.0
"""After a failure it is tried again, each time twice as late."""

LOOK_SECONDS = 1.0

OPENED_LATELY = 200
"""Incidents, newest last, that may have been opened for what was at work when it was killed."""


@dataclass(frozen=True)
class _Taken:
    """A finding that has its incident, and the run to begin there or to go on with ("": none)."""

    desk: Desk
    program: Program
    given: Mapping[str, Json]
    run: str
    unasked: tuple[str, ...]


@dataclass(frozen=True)
class _Run:
    """A run that waits for its turn."""

    item: Item
    incident: str
    program: Program
    given: Mapping[str, Json]
    run: str


class Intake:
    """The worker of one inbox."""

    def __init__(self, post: Post, inbox: Inbox) -> None:
        self._post = post
        self.inbox = inbox
        self._lock = threading.Lock()
        self._looked_at: set[str] = set()
        self._opened: dict[str, str] = {}
        self._held: set[int] = set()
        self._placed = 0
        self._later: dict[int, float] = {}
        self._runs: queue.PriorityQueue[tuple[int, int, _Run | None]] = queue.PriorityQueue()

    def run(self) -> None:
        """Work until the gate is shut."""
        runners = [threading.Thread(target=self._run_runs, daemon=True) for _ in range(RUNS)]
        for each in runners:
            each.start()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="intake") as pool:
            while not self._post.gate.is_shut:
                try:
                    begun = self._round(pool)
                except StoreUnavailable as error:
                    self._post.log(f"the inbox cannot be read: {error}")
                    begun = False
                    time.sleep(LOOK_SECONDS)
                if not begun:
                    self.inbox.arrived.wait(LOOK_SECONDS)
                    self.inbox.arrived.clear()
        for number, _ in enumerate(runners):
            self._runs.put((0, -number, None))

    def _round(self, pool: ThreadPoolExecutor) -> bool:
        now = time.monotonic()
        with self._lock:
            beside = [*self._held, *(id_ for id_, at in self._later.items() if at > now)]
            room = AT_ONCE - self._placed
        items = self.inbox.open_items(room, beside=beside) if room > 0 else []
        for item in items:
            with self._lock:
                self._held.add(item.id)
                self._placed += 1
                self._later.pop(item.id, None)
            pool.submit(self._one, item)
        return bool(items)

    def _one(self, item: Item) -> None:
        queued = False
        try:
            queued = self._place(item)
        except Parked:
            return
        except FiredoorError as error:
            self._failed(item, str(error))
        except Exception as error:  # noqa: BLE001 (one finding must not be the end of the others)
            self._failed(item, f"a fault in firedoor itself: {type(error).__name__}: {error}")
        finally:
            with self._lock:
                self._placed -= 1
            if not queued:
                self._let_go(item)
            self.inbox.arrived.set()

    def _place(self, item: Item) -> bool:
        """Place a finding and contain what may be contained; whether a run is left to do."""
        self._post.gate.check()
        finding = item.finding
        library = Library.open()
        routed = route(finding, library)
        if routed.ignored or not routed.runbook:
            why = f"ignored: {routed.ignored}" if routed.ignored else f"no route: {routed.why}"
            self._post.log(f"{finding.type} {finding.id}: {why}")
            self.inbox.end(item, "done", why)
            return False
        program = library.program(routed.runbook)
        given = read_inputs(program.main, routed.inputs)
        taken = self._taken(item, finding, routed, program, given, library)
        incident = taken.desk.incident
        if not taken.run:
            self.inbox.end(item, "done", "its runbook has run there, or is at work", incident)
            return False
        if taken.unasked:
            job = Job(BY)
            job.incident = incident
            with self._post.at_work(job), alone(taken.desk):
                contain_first(taken.desk, taken.program, taken.given, taken.run, taken.unasked)
        waits = _Run(item, incident, taken.program, taken.given, taken.run)
        self._runs.put((-item.rank, item.id, waits))
        return True

    def _run_runs(self) -> None:
        while not self._post.gate.is_shut:
            _, _, waits = self._runs.get()
            if waits is None:
                return
            try:
                self._run(waits)
            except Parked:
                return
            except FiredoorError as error:
                self._failed(waits.item, str(error))
            except Exception as error:  # noqa: BLE001 (one run must not be the end of the others)
                why = f"a fault in firedoor itself: {type(error).__name__}: {error}"
                self._failed(waits.item, why)
            finally:
                self._let_go(waits.item)
                # A run leaves clients and flows behind that hold each other.
                gc.collect()

    def _run(self, waits: _Run) -> None:
        job = Job(BY)
        job.incident = waits.incident
        with self._post.at_work(job), self._post.turns.taking(waits.incident):
            desk = self._post.desk_of(waits.incident, job, by=BY)
            done = start(desk, waits.program, waits.given, run=waits.run, on_progress=job.say)
        self.inbox.end(waits.item, "done", f"run {waits.run}: {done.status}", waits.incident)
        self._post.log(f"{done.incident} {done.run}: {done.status}")

    def _let_go(self, item: Item) -> None:
        with self._lock:
            self._held.discard(item.id)
        self.inbox.arrived.set()

    def _taken(
        self,
        item: Item,
        finding: Finding,
        routed: Route,
        program: Program,
        given: Mapping[str, Json],
        library: Library,
    ) -> _Taken:
        from firedoor.engine.reach import reach  # lazy: botocore

        aws = reach(finding.account or None, finding.region or None, doing=[(program, given)])
        target = aws.target
        policy = policy_in_force(target)
        rules = library.rules()
        unasked: tuple[Any, ...] = routed.unasked
        doubt = ""
        if unasked:
            confirmed = confirm(aws, finding)
            if confirmed.status != "confirmed":
                unasked, doubt = (), f"nothing runs unasked: {confirmed.why}"
        office = self._post.office()
        with self._post.placing:
            joins = place(office, finding, rules, aws.now()) or self._left_behind(item)
            desk = self._post.at(
                take_in(
                    office,
                    aws,
                    target,
                    finding,
                    routed,
                    finding.raw,
                    unasked=unasked,
                    joins=joins,
                    policy=policy,
                    by=BY,
                    arrival=item.key,
                )
            )
        if doubt:
            desk.recorder.write("note.added", {"section": "finding", "text": doubt, "author": BY})
        run, begun = self._run_of(desk, program, given)
        how = "extended" if joins else "opened"
        self._post.log(f"{desk.incident} {how} for {finding.type} ({item.door})")
        return _Taken(desk, begun or program, given, run, tuple(each.step for each in unasked))

    def _run_of(
        self, desk: Desk, program: Program, given: Mapping[str, Json]
    ) -> tuple[str, Program | None]:
        """The run to begin, or to go on with as it was begun; "" when there is nothing to do."""
        entries = desk.recorder.entries()
        earlier = ran_already(entries, program.name, given)
        if earlier is None:
            return next_run(entries), None
        if earlier["status"] == "running" and self._post.job_of(desk.incident) is None:
            return earlier["run"], program_of(entries, earlier["run"])
        return "", None

    def _left_behind(self, item: Item) -> Place | None:
        """The incident that was opened for this very arrival just before the process was killed."""
        if not item.tries and item.at > self._post.since:
            return None
        incident = self._opened_for(item.key)
        return (
            Place(incident=incident, why="it was opened for it", again=True) if incident else None
        )

    def _opened_for(self, key: str) -> str:
        """The incident of an arrival; each incident's first entry is read once."""
        journal = self._post.office().journal
        for incident in journal.incidents()[-OPENED_LATELY:]:
            if incident in self._looked_at:
                continue
            for first in journal.remembered(incident)[:1]:
                self._looked_at.add(incident)
                self._opened[str(first.data.get("arrival") or "")] = incident
        return self._opened.get(key, "")

    def _failed(self, item: Item, why: str) -> None:
        tries = item.tries + 1
        try:
            if tries >= TRIES:
                self.inbox.end(item, "parked", why)
                told = f"a finding could not be worked and is parked: {item.finding.type}: {why}"
                self._post.log(told)
                self._tell(item, why)
                return
            self.inbox.failed(item, why)
        except StoreUnavailable as error:
            self._post.log(f"the inbox cannot be written: {error}")
        pause = AGAIN_SECONDS * 2 ** (tries - 1)
        self._post.log(f"{item.finding.type} {item.finding.id}: {why}; again in {pause:g} s")
        with self._lock:
            self._later[item.id] = time.monotonic() + pause

    def _tell(self, item: Item, why: str) -> None:
        """On the second channel: a finding that nobody works is what nobody must overlook."""
        from firedoor.aws import connect  # lazy: botocore

        found = item.finding
        for problem in alert_parked(Library.open().rules().alert, connect, found, why):
            self._post.log(problem)
