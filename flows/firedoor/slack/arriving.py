"""What Slack sends: acknowledged at once, worked after that, the same thing only once.

Both ways in, HTTP and Socket Mode, end here. A full queue is said, so that Slack comes again.
"""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Literal

from firedoor.errors import FiredoorError

MOST_WAITING = 500
REMEMBERED = 5000

Sort = Literal["command", "interaction", "event"]
Work = Callable[[Sort, Mapping[str, Any]], None]


class Arrivals:
    """A bounded queue and the one thread that works it."""

    def __init__(self, work: Work, log: Callable[[str], None]) -> None:
        self._work = work
        self._log = log
        self._queue: queue.Queue[tuple[Sort, Mapping[str, Any]] | None] = queue.Queue(MOST_WAITING)
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="slack-arrivals", daemon=True)
        self._thread.start()

    def take(self, sort: Sort, payload: Mapping[str, Any]) -> bool:
        """Take something in; False when there is no room. What is known already is taken, and not
        worked again."""
        name = _name(sort, payload)
        with self._lock:
            if name and name in self._known:
                return True
            try:
                self._queue.put_nowait((sort, payload))
            except queue.Full:
                return False
            if name:
                self._known[name] = None
                if len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        return True

    def close(self) -> None:
        """Work what waits, and end."""
        self._queue.put(None)
        self._thread.join(10)

    def _run(self) -> None:
        while (each := self._queue.get()) is not None:
            try:
                self._work(*each)
            except FiredoorError as error:
                self._log(f"Slack: {error}")
            except Exception as error:  # noqa: BLE001 (one bad message must not be the last)
                self._log(f"Slack: a fault in firedoor itself: {type(error).__name__}: {error}")


def _name(sort: Sort, payload: Mapping[str, Any]) -> str:
    """What is the same when Slack sends the same thing again."""
    if sort == "event":
        return str(payload.get("event_id") or "")
    return str(payload.get("trigger_id") or "")
