"""Figures of a resident's home: what was made of its incidents, read once and kept up to date."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from firedoor.approval import asked_of
from firedoor.chain import Entry
from firedoor.errors import FiredoorError
from firedoor.kinds import parse_time
from firedoor.service.post import Post
from firedoor.summary import summarize


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One incident in figures. `seconds`: from its opening to its containment, None before."""

    status: str
    severity: str
    findings: int
    waiting: int
    seconds: float | None


class Figures:
    """Of all incidents of a home. Safe for threads; reads again only what was written to."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._lock = threading.Lock()
        self._known: dict[str, tuple[tuple[int, int], Figure]] = {}

    def read(self) -> list[Figure]:
        """The figures as they are now."""
        with self._lock:
            journal = self._post.office().journal
            for incident in self._post.incidents():
                stamp = (0, 0)
                with contextlib.suppress(OSError):
                    told = journal.anchors(incident).stat()
                    stamp = (told.st_mtime_ns, told.st_size)
                if incident in self._known and self._known[incident][0] == stamp != (0, 0):
                    continue
                with contextlib.suppress(FiredoorError):
                    entries = self._post.office().journal.entries(incident)
                    self._known[incident] = (stamp, _figure(entries))
            return [figure for _, figure in self._known.values()]


def counted(figures: Sequence[Figure]) -> Counter[tuple[str, str]]:
    """How many incidents there are by status and severity."""
    return Counter((each.status, each.severity) for each in figures)


def _figure(entries: Sequence[Entry]) -> Figure:
    found = summarize(entries)
    took = None
    if found.contained_at:
        took = (parse_time(found.contained_at) - parse_time(found.opened)).total_seconds()
    return Figure(
        status=found.status,
        severity=found.severity,
        findings=found.findings,
        waiting=sum(each.open for each in asked_of(entries, datetime.now(UTC))),
        seconds=took,
    )
