"""`serve`: the resident of this home."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING

import click

from firedoor.masking import masked_text

if TYPE_CHECKING:
    from firedoor.inbox import Inbox
    from firedoor.service.post import Post


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen for HTTP.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8420,
    show_default=True,
    help="The port; 0: any that is free, and the log says which.",
)
@click.option("--tls-cert", "certificate", metavar="FILE", default="", help="Certificate (PEM).")
@click.option("--tls-key", "key", metavar="FILE", default="", help="Its private key (PEM).")
def serve_command(host: str, port: int, certificate: str, key: str) -> None:
    """Stay, take findings in, keep Prefect warm, and take runs over from `firedoor` here.

    Findings come by POST /hooks/eventbridge (a key of FIREDOOR_HOOK_KEYS in X-Api-Key, or as a
    Bearer token), POST /hooks/sns (topics in FIREDOOR_SNS_TOPICS) and out of the queue
    FIREDOOR_SQS_QUEUE_URL. 202 means: on disk. GET /healthz and /readyz answer anybody, /metrics a
    key of FIREDOOR_METRICS_KEYS. Lists of keys are comma-separated: set two to change one.

    With FIREDOOR_SLACK_BOT_TOKEN every incident gets a channel in Slack, and approvals buttons
    there: by Socket Mode (FIREDOOR_SLACK_APP_TOKEN) or POST /slack/events, /slack/interactions and
    /slack/commands (FIREDOOR_SLACK_SIGNING_SECRET). `firedoor deploy slack` prints the app.

    `run`, `resume` and `ingest` hand over to it through a Unix socket in FIREDOOR_HOME
    (resident.sock), which its owner alone can reach, or a group that FIREDOOR_SOCKET_GROUP names;
    FIREDOOR_RESIDENT=off keeps them from it.

    It acts with its own AWS account and its own runbooks and playbooks, shows the plan to whoever
    calls and asks him at his terminal. What was cut off goes on when it starts; what waited goes on
    when it is approved; the checks after a containment are made when they are due.

    SIGTERM and Ctrl-C end it: steps at work come to their end, the rest goes on at the next start.
    Exit 0 then; 3 when a step had to be broken off or a resident of this home runs already.
    """
    from firedoor import settings
    from firedoor.service.resident import serve  # lazy: the engine
    from firedoor.slack.working import beside
    from firedoor.web.server import Address, listening

    address = Address(host=host, port=port, certificate=certificate, key=key)

    stopping = threading.Event()

    def stop(number: int, _: FrameType | None) -> None:
        if stopping.is_set():
            # Asked twice: now, and what was at work goes on from the journal.
            os._exit(128 + number)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)

    @contextmanager
    def faces(post: Post, inbox: Inbox) -> Iterator[None]:
        with beside(post) as slack, listening(post, inbox, address, slack):
            yield

    ended = serve(
        settings.home(),
        stopping,
        _say,
        group=os.environ.get("FIREDOOR_SOCKET_GROUP", ""),
        faces=faces,
    )
    sys.stderr.flush()
    if not ended:
        # A thread that is still at work must not keep the process from its end.
        os._exit(3)
    sys.exit(0)


def _say(text: str) -> None:
    """One line on stderr, in UTC, without secrets and control characters; as JSON where
    FIREDOOR_LOG is `json`."""
    line = "".join(letter if letter.isprintable() else "?" for letter in masked_text(text))
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if os.environ.get("FIREDOOR_LOG") == "json":
        line = json.dumps({"at": moment, "message": line})
    else:
        line = f"{moment} {line}"
    print(line, file=sys.stderr, flush=True)
