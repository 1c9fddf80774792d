"""Whose turn it is: a few runs at once, those of one incident one after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from firedoor.engine.gate import Gate

AT_ONCE = 3
"""Runs at once: with a server on SQLite two and four were slower, measured on a burst of 40."""


class Turns:
    """Safe for threads. Once the gate is shut nobody gets a turn any more: Parked."""

    def __init__(self, gate: Gate, at_once: int = AT_ONCE) -> None:
        self._gate = gate
        self._changed = threading.Condition()
        self._free = at_once
        self._worked: set[str] = set()

    @contextmanager
    def taking(self, incident: str = "") -> Iterator[None]:
        """A turn, and the incident for oneself; "" is one that is only to be opened."""
        if incident:
            self._wait_for(incident)
        try:
            self._take()
            try:
                yield
            finally:
                self._give()
        finally:
            with self._changed:
                self._worked.discard(incident)
                self._changed.notify_all()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Inside a turn: it is given to others while one waits for a person."""
        self._give()
        try:
            yield
        finally:
            with self._changed:
                # Not to be parked here: whoever leaves the turn gives it back.
                self._changed.wait_for(lambda: self._free > 0 or self._shut())
                self._free -= 1

    def wake(self) -> None:
        """Look again at the gate."""
        with self._changed:
            self._changed.notify_all()

    def _wait_for(self, incident: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: incident not in self._worked or self._shut())
            self._gate.check()
            self._worked.add(incident)

    def _take(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._free > 0 or self._shut())
            self._gate.check()
            self._free -= 1

    def _give(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    def _shut(self) -> bool:
        return self._gate.is_shut
