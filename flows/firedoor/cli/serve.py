"""`serve`: the resident of this home."""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import UTC, datetime
from types import FrameType

import click

from firedoor.masking import masked_text


@click.command("serve")
def serve_command() -> None:
    """Stay, keep Prefect warm, and take runs over from `firedoor` on this machine.

    It listens on a Unix socket in FIREDOOR_HOME (resident.sock), which its owner alone can reach,
    or a group that FIREDOOR_SOCKET_GROUP names, and on nothing else: no HTTP port, no webhooks, no
    Slack. `run`, `resume` and `ingest` hand over to it; FIREDOOR_RESIDENT=off keeps them from it.

    It acts with its own AWS account and its own runbooks and playbooks, shows the plan to whoever
    calls and asks him at his terminal. What was cut off goes on when it starts; what waited goes on
    when it is approved; the checks after a containment are made when they are due.

    SIGTERM and Ctrl-C end it: steps at work come to their end, the rest goes on at the next start.
    Exit 0 then; 3 when a step had to be broken off or a resident of this home runs already.
    """
    from firedoor import settings
    from firedoor.service.resident import serve  # lazy: the engine

    stopping = threading.Event()

    def stop(number: int, _: FrameType | None) -> None:
        if stopping.is_set():
            # Asked twice: now, and what was at work goes on from the journal.
            os._exit(128 + number)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    ended = serve(
        settings.home(), stopping, _say, group=os.environ.get("FIREDOOR_SOCKET_GROUP", "")
    )
    sys.stderr.flush()
    if not ended:
        # A thread that is still at work must not keep the process from its end.
        os._exit(3)
    sys.exit(0)


def _say(text: str) -> None:
    """One line on stderr, in UTC, without secrets and control characters."""
    line = "".join(letter if letter.isprintable() else "?" for letter in masked_text(text))
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    print(f"{moment} {line}", file=sys.stderr, flush=True)
