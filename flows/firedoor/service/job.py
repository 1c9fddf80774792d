"""A piece of work that goes on whether somebody watches it or not, and tells those who do."""

from __future__ import annotations

import contextlib
import gc
import os
import queue
import threading
from collections.abc import Callable
from typing import Any

import msgspec

from firedoor.approval import Answer, Question
from firedoor.chain import Entry
from firedoor.engine.gate import Parked
from firedoor.engine.running import Outcome
from firedoor.errors import FiredoorError
from firedoor.service.protocol import (
    Answered,
    Asks,
    Ended,
    Failed,
    Heard,
    Told,
    failed,
)

MOST_WAITING = 5000
"""Messages for one watcher that has not taken them; more, and it is not told any more."""

LOOK_SECONDS = 0.5


class Outbox:
    """Messages for one watcher. `reader` becomes readable when there are some."""

    def __init__(self) -> None:
        self._messages: queue.Queue[Any] = queue.Queue(MOST_WAITING)
        self.reader, self._writer = os.pipe()
        os.set_blocking(self.reader, False)
        os.set_blocking(self._writer, False)
        self._lock = threading.Lock()
        self.lost = False

    def put(self, message: Any) -> None:
        """Hold a message for the watcher. Never waits: a run does not stand still for a watcher."""
        with self._lock:
            if self._writer < 0 or self.lost:
                return
            try:
                self._messages.put_nowait(message)
            except queue.Full:
                self.lost = True
            # A full pipe has woken him already.
            with contextlib.suppress(BlockingIOError):
                os.write(self._writer, b".")

    def take(self) -> list[Any]:
        """All that is held."""
        with contextlib.suppress(BlockingIOError):
            while len(os.read(self.reader, 4096)) == 4096:
                pass
        found = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._messages.get_nowait())
        return found

    def close(self) -> None:
        """Nobody watches any more."""
        with self._lock:
            os.close(self.reader)
            os.close(self._writer)
            self._writer = -1


class Job:
    """One request at work in a thread of its own. `by`: for whom, as the journal names him."""

    def __init__(self, by: str, *, asks: bool = False) -> None:
        self.by = by
        self.asks = asks
        self.incident = ""
        self.result: Ended | Failed | None = None
        self.over = threading.Event()
        self._lock = threading.Lock()
        self._watchers: list[Outbox] = []
        self._answers: queue.Queue[Answered] = queue.Queue()
        self._asked: Outbox | None = None

    def watch(self, outbox: Outbox, *, answers: bool = False) -> None:
        """Tell it from now on; `answers`: it is the one whose user is asked."""
        with self._lock:
            self._watchers.append(outbox)
            if answers:
                self._asked = outbox
        if self.over.is_set():
            outbox.put(None)

    def leave(self, outbox: Outbox) -> None:
        """It has gone; the work goes on."""
        with self._lock:
            if outbox in self._watchers:
                self._watchers.remove(outbox)
            if self._asked is outbox:
                self._asked = None

    def tell(self, message: Any) -> None:
        """Tell whoever watches."""
        with self._lock:
            for each in self._watchers:
                each.put(message)

    def hear(self, entry: Entry) -> None:
        """A listener of the journal. The program of a run is not told: it is long, and kept."""
        if "program" in entry.data:
            data = {key: value for key, value in entry.data.items() if key != "program"}
            entry = msgspec.structs.replace(entry, data=data)
        self.tell(Heard(entry=entry))

    def say(self, text: str) -> None:
        """Tell a line that is not in the journal."""
        self.tell(Told(text=text))

    def answer(self, answered: Answered) -> None:
        """What the asking terminal said."""
        self._answers.put(answered)

    def ask(self, question: Question, stopped: Callable[[], bool]) -> Answer | None:
        """Ask at the terminal that has the work; None when nobody is (or stays) there."""
        with self._lock:
            if self._asked is None:
                return None
            self._asked.put(Asks(question=question))
        while self._asked is not None and not stopped():
            try:
                said = self._answers.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                continue
            if said.id != question.id:
                continue
            if said.said == "later":
                return None
            how = said.how or "terminal"
            return Answer(yes=said.said == "yes", by=self.by, how=how, reason=said.reason)
        return None

    def begin(self, work: Callable[[Job], list[Outcome]], log: Callable[[str], None]) -> None:
        """Start the work; `result` is there when `over` is set."""
        threading.Thread(target=self._go, args=(work, log), daemon=True).start()

    def _go(self, work: Callable[[Job], list[Outcome]], log: Callable[[str], None]) -> None:
        try:
            self.result = Ended(outcomes=work(self))
        except Parked:
            self.result = _parked(self.incident)
        except FiredoorError as error:
            self.result = failed(error)
        except Exception as error:  # noqa: BLE001 (the last door: a fault of ours is told, and logged)
            log(f"a fault in firedoor itself: {type(error).__name__}: {error}")
            self.result = _fault(error)
        finally:
            self.over.set()
            self.tell(None)
            # A run leaves clients and flows behind that hold each other, and the command line has
            # the collector look seldom.
            gc.collect()


class Caller:
    """The people of a job: whoever sits at the caller's terminal, while he stays there."""

    def __init__(self, job: Job, resting: Callable[[], Any], stopped: Callable[[], bool]) -> None:
        self._job = job
        self._resting = resting
        self._stopped = stopped

    def ask(self, question: Question) -> Answer | None:
        """His answer, under the name that the kernel gave of him."""
        with self._resting():
            return self._job.ask(question, self._stopped)


def _parked(incident: str) -> Failed:
    if incident:
        message = (
            f"the resident is stopping; {incident} is parked in the journal and goes on when the "
            f"resident starts again, or with `firedoor resume {incident}`"
        )
    else:
        message = "the resident is stopping; nothing was begun: give the same command again"
    return Failed(kind="parked", message=message, where=None, exit_code=3)


def _fault(error: Exception) -> Failed:
    message = (
        f"a fault in firedoor itself, in the resident: {type(error).__name__}: {error}. What was "
        "done is in the journal"
    )
    return Failed(kind="fault", message=message, where=None, exit_code=3)
