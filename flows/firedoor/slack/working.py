"""Slack beside a resident: one thread that reads journals and sends, one that works what comes.

Nothing of firedoor waits for these threads. What they cannot do now is on disk for later.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import msgspec

from firedoor.library import Library
from firedoor.outbox import Outbox
from firedoor.response_plan import ResponsePlan
from firedoor.service.post import Post
from firedoor.slack.answering import Answers
from firedoor.slack.arriving import Arrivals
from firedoor.slack.commands import Commands
from firedoor.slack.handling import Handling
from firedoor.slack.pinned import Pins
from firedoor.slack.sending import Sender
from firedoor.slack.settings import Connection, connection
from firedoor.slack.socket import connected
from firedoor.slack.watching import Watcher

EVERY_SECONDS = 0.5
ELSEWHERE_SECONDS = 10.0
"""Between looks whether another machine still sends what waits in a shared store."""


class Slack(msgspec.Struct, frozen=True, kw_only=True):
    """Slack as the web's ways in know it."""

    connection: Connection
    arrivals: Arrivals


@contextmanager
def working(post: Post, there: Connection) -> Iterator[Slack]:
    """Work with Slack for the block. It never raises for what Slack does."""
    outbox = Outbox(post.office().journal.store)
    client = there.client()
    answers = Answers(post, outbox, _plan)
    commands = Commands(post, outbox, answers, _plan)
    pins = Pins(post, outbox, client, _plan)
    handling = Handling(there, client, outbox, answers, commands, pins, post.log)
    arrivals = Arrivals(handling.work, post.log)
    watcher = Watcher(post, outbox, _plan)
    sender = Sender(outbox, client, post.log, told=watcher.heard)
    ends = threading.Event()
    # A new start is another reason to try at once.
    outbox.wake()

    def go() -> None:
        while not ends.is_set():
            with post.office().journal.store.alone("slack") as mine:
                while mine and not ends.is_set():
                    try:
                        watcher.once(datetime.now(UTC))
                        moved = sender.once()
                    except Exception as error:  # noqa: BLE001 (one failed round is not the last)
                        post.log(f"Slack: a round failed: {type(error).__name__}: {error}")
                        moved = False
                    if not moved:
                        ends.wait(EVERY_SECONDS)
            ends.wait(ELSEWHERE_SECONDS)

    thread = threading.Thread(target=go, name="slack", daemon=True)
    with ExitStack() as stack:
        if there.app_token:
            stack.enter_context(connected(there, arrivals, post.log))
        thread.start()
        post.log("works with Slack" + _how(there))
        try:
            yield Slack(connection=there, arrivals=arrivals)
        finally:
            ends.set()
            thread.join(12)
            arrivals.close()


@contextmanager
def beside(post: Post) -> Iterator[Slack | None]:
    """Work with Slack for the block, where the environment says how; None: it is off."""
    found = connection()
    if found is None:
        post.log("Slack is off: FIREDOOR_SLACK_BOT_TOKEN is not set")
        yield None
        return
    with working(post, found) as slack:
        yield slack


def _plan() -> ResponsePlan:
    return Library.open().rules()


def _how(there: Connection) -> str:
    ways = [
        name
        for name, given in (
            ("Socket Mode", there.app_token),
            ("POST /slack/…", there.signing_secret),
        )
        if given
    ]
    return (
        f"; takes clicks by {' and '.join(ways)}"
        if ways
        else (
            "; clicks and commands do not come: neither FIREDOOR_SLACK_APP_TOKEN nor "
            "FIREDOOR_SLACK_SIGNING_SECRET is set"
        )
    )
