"""Reads requests as they come from outside: bounded in size and time, of one type, or refused."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

MOST_BYTES = 1024 * 1024
"""EventBridge sends 256 KiB at most, SNS the same."""

BODY_SECONDS = 10.0


class Turned(Exception):
    """A request that is refused: with which status, which kind of error, and why."""

    def __init__(
        self, code: int, kind: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind
        self.message = message
        self.headers = headers or {}


def refusal(turned: Turned) -> JSONResponse:
    """The answer to a refused request: `{"error": {"kind", "message"}}`."""
    told = {"error": {"kind": turned.kind, "message": turned.message}}
    return JSONResponse(told, status_code=turned.code, headers=turned.headers)


async def body_of(request: Request, types: Collection[str]) -> bytes:
    """The body of a request; Turned when it is of another type, too large or too slow."""
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said not in types:
        wanted = " or ".join(sorted(types))
        raise Turned(415, "content_type", f"the content type is {said or 'not said'}, not {wanted}")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Turned(415, "content_encoding", "compressed bodies are not taken")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MOST_BYTES:
        raise _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise _too_large()
    except TimeoutError:
        raise Turned(408, "too_slow", f"the body took more than {BODY_SECONDS:g} s") from None
    except ClientDisconnect:
        raise Turned(400, "broken_off", "the connection ended within the body") from None
    return bytes(body)


def _too_large() -> Turned:
    return Turned(413, "too_large", "the body is larger than 1 MiB: no finding is")
