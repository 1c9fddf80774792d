"""Faults of the simulated AWS, for drills and tests: throttling, refusals, lost replies, slowness.

A fault waits for calls of one operation (`iam:PutUserPolicy`, `iam:*` or `*`), lets the first
`after` of them pass, and then befalls the next `times` (None: all).
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Literal

FaultKind = Literal["throttle", "deny", "lost_reply", "slow", "error500"]
KINDS: tuple[FaultKind, ...] = ("throttle", "deny", "lost_reply", "slow", "error500")


class Fault:
    """One fault. `lost_reply`: the change is made and the connection is closed without an answer;
    `slow`: the clock moves on by `seconds` before the call is carried out.

    `principal` is an ARN, a user's or role's name, or an access key id; None means anybody.
    """

    def __init__(
        self,
        operation: str,
        kind: FaultKind,
        *,
        principal: str | None = None,
        times: int | None = None,
        after: int = 0,
        seconds: float = 30.0,
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f"no fault {kind!r}; there are {', '.join(KINDS)}")
        self.operation = operation
        self.kind: FaultKind = kind
        self.principal = principal
        self.times = times
        self.after = after
        self.seconds = seconds
        self.seen = 0
        self.befell = 0

    def takes(self, operation: str, names: Collection[str]) -> bool:
        """Whether it befalls this call; counts the call."""
        if not fnmatchcase(operation.lower(), self.operation.lower()):
            return False
        if self.principal is not None and self.principal not in names:
            return False
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.befell >= self.times):
            return False
        self.befell += 1
        return True


class Faults:
    """The faults in force; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Put a fault in force."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """End a fault; one that is not in force is ignored."""
        with self._lock:
            if fault in self._faults:
                self._faults.remove(fault)

    def clear(self) -> None:
        """End all faults."""
        with self._lock:
            self._faults.clear()

    def befalling(self, operation: str, names: Collection[str]) -> Fault | None:
        """The first fault that befalls a call, if any."""
        with self._lock:
            return next((fault for fault in self._faults if fault.takes(operation, names)), None)
