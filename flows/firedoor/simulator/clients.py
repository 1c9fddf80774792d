"""One boto3 client of each service and Region, for whoever calls and whichever simulated AWS.

To make a client takes longer than dozens of calls with it. So there is one in the process, and who
signs, from where, and to which port are looked up at each call, in the calling thread. A client
that nobody has said this for speaks to a port of this machine where nothing listens.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials

from firedoor.aws.session import service_models
from firedoor.errors import BadInput
from firedoor.simulator.credentials import Credentials

_NOWHERE = "http://127.0.0.1:9"
_lock = threading.Lock()


@dataclass(frozen=True)
class Asking:
    """Who makes a call, from which address, with which program, to where. `probe`: see Callers."""

    who: Credentials
    ip: str
    agent: str
    probe: bool
    endpoint: str


class _Here(threading.local):
    asking: Asking | None = None


_here = _Here()


@contextmanager
def asking(said: Asking) -> Iterator[None]:
    """Meanwhile calls of this thread are made like this."""
    before, _here.asking = _here.asking, said
    try:
        yield
    finally:
        _here.asking = before


def client(service: str, region: str) -> Any:
    """The client of a service in a Region; BadInput when AWS has no such service."""
    with _lock:
        return _client(service, region)


@functools.cache
def session() -> Any:
    """The botocore session of all of them: it belongs to no profile and has no credentials."""
    made = botocore.session.Session()
    made.register_component("data_loader", service_models(None))
    return made


@functools.cache
def services() -> frozenset[str]:
    """The names of all services that boto3 knows."""
    return frozenset(session().get_available_services())


@functools.cache
def _client(service: str, region: str) -> Any:
    if service not in services():
        raise BadInput(f"AWS has no service {service!r}", where="the scenario")
    made = session().create_client(
        service,
        region_name=region,
        endpoint_url=_NOWHERE,
        aws_access_key_id="AKIANOBODY0000000000",
        aws_secret_access_key="nobody",
        config=Config(
            retries={"total_max_attempts": 1},
            connect_timeout=5,
            read_timeout=20,
            proxies={},
            user_agent="simulated",
        ),
    )
    made._request_signer._credentials = _Credentials()
    made.meta.events.register_first("choose-signer.*", _signs)
    made.meta.events.register_first("before-sign.*", _send_there)
    return made


class _Credentials:
    """Stands in a client where its credentials stand: those of whoever calls."""

    method = "simulated"

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        asked = _here.asking
        assert asked is not None
        who = asked.who
        return ReadOnlyCredentials(who.access_key_id, who.secret_access_key, who.session_token)


def _signs(**_: Any) -> Any:
    """Nobody's requests are not signed."""
    asked = _here.asking
    return UNSIGNED if asked is not None and not asked.who.access_key_id else None


def _send_there(request: Any, **_: Any) -> None:
    asked = _here.asking
    assert asked is not None
    there, said = urlsplit(asked.endpoint), urlsplit(request.url)
    request.url = urlunsplit((there.scheme, there.netloc, said.path, said.query, ""))
    request.headers["User-Agent"] = asked.agent
    request.headers["X-Firedoor-Source-Ip"] = asked.ip
    if asked.probe:
        request.headers["X-Firedoor-Probe"] = "yes"
