"""A call, carried out by moto's in-process backends. Nothing here can reach a network."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from moto import backend_index, backends
from moto.core.base_backend import BackendDict
from moto.s3.models import S3Backend
from werkzeug.exceptions import HTTPException

from firedoor.simulator import accounts
from firedoor.simulator.wire import ApiError, Call, Reply, moto_request


def _no_log(*_: object) -> None:
    """moto writes access logs at once, into the bucket itself; S3 hours later, into another."""


S3Backend.log_incoming_request = _no_log  # type: ignore[assignment,method-assign]

Handler = Callable[[Any, str, Any], Any]
_HOSTS = {
    "iam": "iam.amazonaws.com",
    "s3": "s3.{region}.amazonaws.com",
    "ses": "email.{region}.amazonaws.com",
    "sesv2": "email.{region}.amazonaws.com",
    "s3control": "111122223333.s3-control.{region}.amazonaws.com",
}


def carry_out(call: Call, account: str, extra: dict[str, str]) -> Reply:
    """moto's answer to a call made in `account`, with `extra` form parameters (empty: left out)."""
    host = _HOSTS.get(call.service, f"{call.signing_name}.{{region}}.amazonaws.com")
    host = host.format(region=call.region)
    body = _form(call.body, extra) if extra else None
    request = moto_request(call, host, body)
    request.environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
    url = f"https://{host}{call.path}"
    for pattern, handler in _handlers(host):
        if not pattern.match(url):
            continue
        try:
            status, headers, content = handler(request, request.raw_url, request.headers)
        except HTTPException as error:
            status, headers = error.code or 500, dict(error.get_headers())
            content = error.get_body()
        except NotImplementedError as error:
            raise _missing(call) from error
        raw = content.encode() if isinstance(content, str) else bytes(content or b"")
        return Reply(int(status), {str(k): str(v) for k, v in dict(headers).items()}, raw)
    raise _missing(call)


def _form(body: bytes, extra: dict[str, str]) -> bytes:
    own = parse_qsl(body.decode(), keep_blank_values=True)
    kept = [(name, value) for name, value in own if name not in extra]
    return urlencode(kept + [(name, value) for name, value in extra.items() if value]).encode()


def _missing(call: Call) -> ApiError:
    return ApiError("NotImplemented", f"The simulated AWS has no {call.name}.", 501)


@cache
def _handlers(host: str) -> list[tuple[re.Pattern[str], Handler]]:
    """moto's handlers of a host, in the order in which they are tried."""
    found: list[tuple[re.Pattern[str], Handler]] = []
    for service, pattern in backend_index.backend_url_patterns:
        if not pattern.match(f"https://{host}/"):
            continue
        by_account: Any = backends.get_backend(service)  # type: ignore[call-overload]
        if not isinstance(by_account, BackendDict):
            continue
        by_region = by_account["111122223333"]
        backend = by_region["us-east-1" if "us-east-1" in by_region else "aws"]
        found += [(re.compile(url), handler) for url, handler in backend.urls.items()]
    # Some of moto's modules may have been loaded just now.
    accounts.patch_clocks()
    return found
