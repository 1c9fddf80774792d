"""The process of a resident: starts, listens, goes its rounds, and stops without breaking off."""

from __future__ import annotations

import importlib
import os
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from firedoor.engine import server
from firedoor.errors import FiredoorError, PrefectUnavailable
from firedoor.inbox import Inbox
from firedoor.service.address import SOCKET, listening
from firedoor.service.conversation import converse
from firedoor.service.intake import Intake
from firedoor.service.peer import group_number
from firedoor.service.post import Post
from firedoor.service.rounds import Rounds

MOST_CALLERS = 64
"""Connections at once; more wait until one ends."""

STOP_SECONDS = 90.0
"""How long steps at work may take to end when the process is to stop."""

END_SECONDS = 15.0
"""How long the runs may take to end after their last step."""

PREFECT_SECONDS = 1.0
PREFECT_AGAIN_SECONDS = 30.0

NEEDED = (
    "prefect.main",
    "firedoor.engine.events",
    "firedoor.engine.flow_run",
    "firedoor.engine.prefect_carrier",
    "firedoor.engine.prefect_run",
)
"""What the first run would import."""

Log = Callable[[str], None]
Faces = Callable[[Post, Inbox], AbstractContextManager[None]]
"""Opens other ways in, for as long as the block lasts."""


def serve(
    home: Path,
    stopping: threading.Event,
    log: Log,
    *,
    group: str = "",
    faces: Faces = lambda post, inbox: nullcontext(),
) -> bool:
    """Be the resident of a home until `stopping`; False when steps had to be broken off.

    `faces`: what else takes findings in meanwhile. Refused when the home has a resident already.
    What is broken off goes on from the journal, what was taken in from the inbox.
    """
    before = os.umask(0o077)
    try:
        number = group_number(group) if group else None
        with listening(home, number) as listener:
            post = Post(home, log, group=number)
            log(f"listens at {home / SOCKET}, for {_who(group)}")
            threading.Thread(target=_keep_prefect, args=(post,), daemon=True).start()
            threading.Thread(target=_say_account, args=(post,), daemon=True).start()
            inbox = Inbox(post.office().journal.store)
            with faces(post, inbox):
                threading.Thread(target=Rounds(post).run, daemon=True).start()
                threading.Thread(target=Intake(post, inbox).run, daemon=True).start()
                _poll(post, inbox)
                _accept(post, listener, stopping)
            ended = _stop(post)
            inbox.close()
        return ended
    finally:
        os.umask(before)
        server.cool(home)


def _poll(post: Post, inbox: Inbox) -> None:
    """Take findings out of the queue that FIREDOOR_SQS_QUEUE_URL names."""
    url = os.environ.get("FIREDOOR_SQS_QUEUE_URL", "")
    if not url:
        return
    from firedoor.aws import connect  # lazy: botocore
    from firedoor.service.sqs import Queue

    threading.Thread(
        target=Queue(url, inbox, post.gate, connect, post.log).run, daemon=True
    ).start()
    post.log(f"takes findings from the queue {url}")


def _accept(post: Post, listener: socket.socket, stopping: threading.Event) -> None:
    callers = threading.Semaphore(MOST_CALLERS)

    def one(connection: socket.socket) -> None:
        try:
            converse(post, connection)
        except Exception as error:  # noqa: BLE001 (one caller must not be the end of the others)
            post.log(f"a fault in firedoor itself: {type(error).__name__}: {error}")
        finally:
            callers.release()

    while not stopping.is_set():
        readable, _, _ = select.select([listener], [], [], 0.2)
        if not readable:
            continue
        if not callers.acquire(timeout=0.2):
            continue
        try:
            connection, _ = listener.accept()
        except OSError as error:
            callers.release()
            post.log(f"a connection could not be taken: {error}")
            time.sleep(0.2)
            continue
        threading.Thread(target=one, args=(connection,), daemon=True).start()


def _stop(post: Post) -> bool:
    """Let the steps at work end and begin no others; the runs are parked in the journal."""
    post.gate.shut()
    post.turns.wake()
    jobs = post.jobs()
    if jobs:
        post.log(f"stops: {len(jobs)} at work; steps that have begun come to their end")
    ended = post.gate.empty(STOP_SECONDS)
    until = time.monotonic() + END_SECONDS
    for job in jobs:
        job.over.wait(max(0.0, until - time.monotonic()))
    # Their callers are told before the process ends.
    time.sleep(0.2 if jobs else 0)
    if not ended:
        post.log("stopped with steps at work: they are observed again when it starts again")
    return ended


def _keep_prefect(post: Post) -> None:
    """Keep Prefect imported and its server answering; runs that come before wait for it."""
    from firedoor.engine.prefect_run import prefect_for  # lazy: beside all else

    while not post.gate.is_shut:
        try:
            running = server.server_for(post.home)
            with prefect_for(running):
                for name in NEEDED:
                    importlib.import_module(name)
            post.ready.set()
            post.log("Prefect is warm")
            while running.alive and not post.gate.is_shut:
                time.sleep(PREFECT_SECONDS)
            if not post.gate.is_shut:
                post.log("Prefect's server has ended; it is started again")
        except PrefectUnavailable as error:
            post.log(f"Prefect is not there ({error}); runs go on without it (break-glass)")
            time.sleep(PREFECT_AGAIN_SECONDS)
        finally:
            post.ready.clear()


def _say_account(post: Post) -> None:
    """Say once which account it acts in; that also reads what the first run would."""
    from firedoor.actions.registry import registry  # lazy: the actions
    from firedoor.aws import connect  # lazy: botocore

    registry()
    try:
        target = connect().target
    except FiredoorError as error:
        post.log(f"AWS is not reached now: {error}")
        return
    where = f"; NOT AWS'S OWN ENDPOINT: {target['endpoint']}" if target["endpoint"] else ""
    post.log(f"acts in {target['account']} {target['region']} as {target['principal']}{where}")


def _who(group: str) -> str:
    return f"its owner and the group {group}" if group else "its owner alone"
