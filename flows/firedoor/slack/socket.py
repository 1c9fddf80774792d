"""Socket Mode: Slack reaches us through a connection that we open; no public address is needed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from firedoor.slack.arriving import Arrivals, Sort
from firedoor.slack.sending import FAULTS
from firedoor.slack.settings import SECONDS, Connection

AGAIN = (1.0, 60.0)
"""Seconds between tries to connect: at first, and at most."""

PING_SECONDS = 5.0

SORTS: dict[str, Sort] = {
    "slash_commands": "command",
    "interactive": "interaction",
    "events_api": "event",
}


@contextmanager
def connected(
    connection: Connection, arrivals: Arrivals, log: Callable[[str], None]
) -> Iterator[None]:
    """Take in what Slack sends through a socket, for the block; it connects again by itself."""
    ends = threading.Event()
    quiet = logging.getLogger("firedoor.slack.socket")
    quiet.setLevel(logging.CRITICAL)
    client = SocketModeClient(
        app_token=connection.app_token,
        web_client=WebClient(base_url=connection.base_url, timeout=SECONDS, logger=quiet),
        ping_interval=PING_SECONDS,
        logger=quiet,
    )

    def take(there: BaseSocketModeClient, request: SocketModeRequest) -> None:
        sort = SORTS.get(request.type)
        # What there is no room for is not acknowledged: Slack sends it again.
        if sort is None or arrivals.take(sort, request.payload):
            there.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    client.socket_mode_request_listeners.append(take)

    def keep() -> None:
        wait, said = AGAIN[0], ""
        while not ends.is_set():
            try:
                client.connect()
                log("Slack is connected by Socket Mode")
                return
            except FAULTS as error:
                why = f"Socket Mode does not connect: {_why(error)}"
                if why != said:
                    log(f"Slack: {why}; it is tried again")
                said = why
            ends.wait(wait)
            wait = min(AGAIN[1], wait * 2)

    thread = threading.Thread(target=keep, name="slack-socket", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join(SECONDS + 1)
        client.close()


def _why(error: Exception) -> str:
    response = getattr(error, "response", None)
    if response is not None and hasattr(response, "get"):
        code = str(response.get("error"))
        if code == "missing_scope":
            return "missing_scope; the app token needs connections:write"
        return code
    return f"{type(error).__name__}: {error}"
