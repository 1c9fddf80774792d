"""Listens for HTTP in a thread of the resident."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from firedoor.errors import BadInput, Refused
from firedoor.inbox import Inbox
from firedoor.service.post import Post
from firedoor.slack.working import Slack
from firedoor.web.app import application
from firedoor.web.hooks import Hooks
from firedoor.web.keys import SHORT, keys_in
from firedoor.web.metrics import Metrics

STOP_SECONDS = 10
CONNECTIONS = 1000


@dataclass(frozen=True)
class Address:
    """Where to listen; with `certificate` and `key` (files) over TLS."""

    host: str = "127.0.0.1"
    port: int = 8420
    certificate: str = ""
    key: str = ""


@contextmanager
def listening(
    post: Post, inbox: Inbox, address: Address, slack: Slack | None = None
) -> Iterator[None]:
    """Answer HTTP for the block. Refused when the address is taken; BadInput when it is none."""
    bound = _bound(address)
    number = bound.getsockname()[1]
    metrics = Metrics(post, inbox)

    def ready() -> tuple[bool, dict[str, str]]:
        why = inbox.writable()
        prefect = "warm" if post.ready.is_set() else "starting"
        return not why, {"prefect": prefect, **({"why": why} if why else {})}

    app = application(Hooks(inbox, post.log), ready, metrics.text, slack)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            limit_concurrency=CONNECTIONS,
            timeout_graceful_shutdown=STOP_SECONDS,
            ssl_certfile=address.certificate or None,
            ssl_keyfile=address.key or None,
        )
    )
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [bound]}, name="http", daemon=True
    )
    thread.start()
    scheme = "https" if address.certificate else "http"
    post.log(f"listens at {scheme}://{address.host}:{number}")
    for line in _warnings(address):
        post.log(line)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS + 5)
        bound.close()


def _bound(address: Address) -> socket.socket:
    if bool(address.certificate) != bool(address.key):
        raise BadInput("TLS takes both a certificate and its key")
    for file in (address.certificate, address.key):
        if file and not os.access(file, os.R_OK):
            raise BadInput("cannot be read", where=file)
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, place = found[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(place)
        bound.listen(512)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Refused(
            f"cannot listen at {address.host}:{address.port}: {why}. Another port: "
            "firedoor serve --port NUMBER"
        ) from None
    return bound


def _warnings(address: Address) -> Iterator[str]:
    hooks = keys_in(os.environ.get("FIREDOOR_HOOK_KEYS", ""))
    if not hooks:
        yield "FIREDOOR_HOOK_KEYS is not set: nothing is taken in at /hooks/eventbridge"
    if any(len(key) < SHORT for key in hooks):
        yield f"a key of FIREDOOR_HOOK_KEYS is shorter than {SHORT} characters: it can be guessed"
    if address.host not in ("127.0.0.1", "::1", "localhost") and not address.certificate:
        yield "keys go over the network in the clear: use --tls-cert and --tls-key, or a proxy"
