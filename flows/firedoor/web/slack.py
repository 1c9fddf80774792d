"""Slack's requests over HTTP: signed, not older than five minutes, acknowledged before any work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from firedoor.slack.arriving import Sort
from firedoor.slack.working import Slack
from firedoor.web.reading import Turned, body_of, refusal

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


class SlackRequests:
    """The three addresses that Slack posts to; `slack` None: it is off."""

    def __init__(self, slack: Slack | None) -> None:
        self._slack = slack

    async def events(self, request: Request) -> Response:
        """What happened: `POST /slack/events`."""
        return await self._guarded(request, "event")

    async def interactions(self, request: Request) -> Response:
        """A button, a window: `POST /slack/interactions`."""
        return await self._guarded(request, "interaction")

    async def commands(self, request: Request) -> Response:
        """`/firedoor …`: `POST /slack/commands`."""
        return await self._guarded(request, "command")

    async def _guarded(self, request: Request, sort: Sort) -> Response:
        try:
            return await self._taken(request, sort)
        except Turned as turned:
            return refusal(turned)

    async def _taken(self, request: Request, sort: Sort) -> Response:
        slack = self._slack
        if slack is None or not slack.connection.signing_secret:
            why = "Slack is off here (FIREDOOR_SLACK_BOT_TOKEN, FIREDOOR_SLACK_SIGNING_SECRET)"
            raise Turned(403, "off", why)
        body = await body_of(request, (JSON if sort == "event" else FORM,))
        if not signed(slack.connection.signing_secret, body, request.headers):
            raise Turned(401, "signature", "the signature is not Slack's, or older than 5 minutes")
        payload = _payload(sort, body)
        if sort == "event" and payload.get("type") == "url_verification":
            return JSONResponse({"challenge": str(payload.get("challenge") or "")})
        if not slack.arrivals.take(sort, payload):
            if sort == "command":
                return JSONResponse(
                    {"response_type": "ephemeral", "text": "Too much waits here; say it again."}
                )
            raise Turned(503, "later", "too much waits here already", {"Retry-After": "5"})
        return Response(status_code=200)


def signed(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether a request is Slack's. Whatever the verifier cannot read is not."""
    try:
        return SignatureVerifier(secret).is_valid_request(body, dict(headers))
    except (ValueError, TypeError):
        # Also UnicodeDecodeError: a time that is no number, a signature or a body that is no text.
        return False


def _payload(sort: Sort, body: bytes) -> Mapping[str, Any]:
    try:
        if sort == "event":
            found = json.loads(body)
        else:
            form = {key: values[-1] for key, values in parse_qs(body.decode()).items()}
            found = json.loads(form.get("payload", "")) if sort == "interaction" else form
    except (ValueError, RecursionError):
        raise Turned(400, "malformed", "the body cannot be read") from None
    if not isinstance(found, dict):
        raise Turned(400, "malformed", "the body is no object")
    return found
