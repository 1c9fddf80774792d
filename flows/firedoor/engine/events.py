"""Prefect tells its server of task runs from a thread of its own; here is the end of that.

A process whose server is gone would wait for the thread at its end, ten seconds for each event, and
write of it between our lines. `_instances`, `_remove_instance` and `_queue` are Prefect's own: a
test fails when a process whose server was killed does not end in time.
"""

from __future__ import annotations

import contextlib
import queue

from prefect.events.worker import EventsWorker

_told = ""


def tell(api_url: str) -> None:
    """From here on task runs are told to this server.

    Prefect keeps one teller for a process, whatever its server: one that was started for another
    server, which has ended since, would go on telling nobody.
    """
    global _told
    if _told not in ("", api_url):
        forget()
        for worker in _tellers():
            worker._remove_instance()  # type: ignore[no-untyped-call]
    _told = api_url


async def delivered(seconds: float) -> None:
    """Return when the server has been told everything, or after so many seconds."""
    waiting = EventsWorker.drain_all(timeout=seconds, at_exit=False)
    if not isinstance(waiting, tuple):
        await waiting


def forget() -> None:
    """Let go of what was to be told."""
    for worker in _tellers():
        with contextlib.suppress(queue.Empty):
            while True:
                worker._queue.get_nowait()


def _tellers() -> list[EventsWorker]:
    instances: dict[int, EventsWorker] = EventsWorker._instances  # type: ignore[misc]
    return [worker for worker in list(instances.values()) if isinstance(worker, EventsWorker)]
