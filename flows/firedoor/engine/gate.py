"""A gate that steps go through one by one: shut, no further step begins, and those inside end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Result = TypeVar("Result")


class Parked(Exception):
    """The run stops between two steps; the journal has all it takes to go on later.

    Not a FiredoorError: no step has failed, and no step may be marked so.
    """


class Gate:
    """Open until it is shut. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._inside = 0
        self._shut = False

    def check(self) -> None:
        """Parked when no further step may begin."""
        if self._shut:
            raise Parked

    @contextmanager
    def inside(self) -> Iterator[None]:
        """A step at work; Parked when none may begin any more."""
        with self._lock:
            self.check()
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                self._lock.notify_all()

    @property
    def is_shut(self) -> bool:
        """Whether no further step may begin."""
        return self._shut

    def shut(self) -> None:
        """Let no further step begin."""
        with self._lock:
            self._shut = True

    def empty(self, seconds: float) -> bool:
        """Wait for the steps inside; False when some are still at work after so long."""
        with self._lock:
            return self._lock.wait_for(lambda: self._inside == 0, timeout=seconds)


def through(gate: Gate, work: Callable[[], Result]) -> Callable[[], Result]:
    """The work of a step, done inside the gate."""

    def going() -> Result:
        with gate.inside():
            return work()

    return going
