"""Time as the engine, the simulator and the drills see it: real, or virtual and never waiting.

Only `now` and `wait` are asked of a clock. The virtual clock moves when somebody waits; things that
are due on the way (an attacker's next act) happen at their own time, in order, before `wait`
returns.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the rest of firedoor may ask about time."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""

    def wait(self, seconds: float) -> None:
        """Return when `seconds` have passed on this clock; zero or less returns at once."""


class RealClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)


class VirtualClock:
    """A clock that stands still until it is moved; safe to share between threads.

    Whoever moves it first drives it: he runs what is due, at its own due time and in order, in his
    own thread and without any lock held. A move made meanwhile (by what was run, or by another
    thread) only adds its seconds and returns, and the driver runs what has become due by it. So an
    act that calls back into whatever is moving the clock cannot wait for itself.
    """

    def __init__(self, start: datetime) -> None:
        """`start` must be aware; it is kept in UTC."""
        if start.tzinfo is None:
            raise ValueError("a virtual clock starts at an aware time, for example in UTC")
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()
        self._order = itertools.count()
        self._due: list[tuple[datetime, int, Callable[[datetime], object]]] = []
        self._watchers: list[Callable[[datetime], object]] = []
        self._driven = False

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def wait(self, seconds: float) -> None:
        self.advance(seconds)

    def at(self, when: datetime, call: Callable[[datetime], object]) -> Callable[[], None]:
        """Call `call(when)` once the clock has reached `when`; returns a function that cancels it.

        A time already past is run by the next movement, at that movement's start.
        """
        entry = (when.astimezone(UTC), next(self._order), call)
        with self._lock:
            heapq.heappush(self._due, entry)

        def cancel() -> None:
            with self._lock:
                if entry in self._due:
                    self._due.remove(entry)
                    heapq.heapify(self._due)

        return cancel

    def subscribe(self, call: Callable[[datetime], object]) -> Callable[[], None]:
        """Call `call(now)` after every movement of the clock; returns a function that ends it.

        A movement over several due times is several movements, one to each of them.
        """
        with self._lock:
            self._watchers.append(call)

        def end() -> None:
            with self._lock:
                if call in self._watchers:
                    self._watchers.remove(call)

        return end

    def advance(self, seconds: float) -> None:
        """Move the clock forward (zero or less only runs what is due already)."""
        with self._lock:
            target = self._now + timedelta(seconds=max(0.0, seconds))
            if self._driven:
                self._now = target
                return
            self._driven = True
        try:
            while self._step(target):
                pass
        finally:
            with self._lock:
                self._driven = False

    def _step(self, target: datetime) -> bool:
        """One movement: to the next due time, or to the target; False when that was the last."""
        with self._lock:
            limit = max(target, self._now)
            due = heapq.heappop(self._due) if self._due and self._due[0][0] <= limit else None
            before = self._now
            self._now = max(self._now, due[0]) if due else limit
            moved = self._now > before
            now, watchers = self._now, list(self._watchers)
        if due:
            due[2](now)
        if moved:
            for watcher in watchers:
                watcher(now)
        with self._lock:
            more = bool(self._due) and self._due[0][0] <= max(target, self._now)
            return more or self._now < target
