"""The application: which address answers what. Only `/healthz` and `/readyz` answer anybody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from firedoor.slack.working import Slack
from firedoor.web.hooks import Hooks, authorised
from firedoor.web.openapi import document
from firedoor.web.reading import Turned, refusal
from firedoor.web.slack import SlackRequests

Ready = Callable[[], tuple[bool, dict[str, str]]]


def application(
    hooks: Hooks, ready: Ready, metrics: Callable[[], bytes], slack: Slack | None = None
) -> Starlette:
    """The service over HTTP. `ready`: whether findings can be taken in, and what else to tell.
    `slack` None: it is off, and what comes in its name is refused."""
    chat = SlackRequests(slack)

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        there, told = await asyncio.to_thread(ready)
        word = "ready" if there else "not ready"
        return JSONResponse({"status": word, **told}, status_code=200 if there else 503)

    async def measured(request: Request) -> Response:
        try:
            authorised(request, "FIREDOOR_METRICS_KEYS")
        except Turned as turned:
            return refusal(turned)
        text = await asyncio.to_thread(metrics)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def openapi(request: Request) -> Response:
        try:
            authorised(request, "FIREDOOR_METRICS_KEYS")
        except Turned as turned:
            return refusal(turned)
        return JSONResponse(document())

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", measured),
            Route("/openapi.json", openapi),
            Route("/hooks/eventbridge", hooks.eventbridge, methods=["POST"]),
            Route("/hooks/sns", hooks.sns, methods=["POST"]),
            Route("/slack/events", chat.events, methods=["POST"]),
            Route("/slack/interactions", chat.interactions, methods=["POST"]),
            Route("/slack/commands", chat.commands, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _plainly, Exception: _fault},
    )


async def _plainly(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told = {404: "there is nothing here", 405: "not with this method"}
    turned = Turned(
        error.status_code,
        "http",
        told.get(error.status_code, error.detail),
        dict(error.headers or {}),
    )
    return refusal(turned)


async def _fault(_: Request, error: Exception) -> Response:
    return refusal(Turned(500, "fault", f"a fault in firedoor itself: {type(error).__name__}"))
