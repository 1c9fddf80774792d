"""The webhooks: a request is answered with 202 when what it brought is on disk, never before."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from firedoor.errors import NotAFinding, StoreUnavailable
from firedoor.inbox import Full, Inbox, Note
from firedoor.service.arriving import arrivals
from firedoor.web.keys import given_key, keys_in, known
from firedoor.web.reading import Turned, body_of, refusal
from firedoor.web.sns import Signatures, Untrue, confirm

RETRY_SECONDS = 5
WRITTEN_SECONDS = 20.0
"""How long a sender waits for the disk before he is told to come again."""

Work = Callable[[Request, Note], Awaitable[Response]]


@dataclass
class Hooks:
    """The webhooks of one inbox. Keys and topics are read at each request: they can be changed."""

    inbox: Inbox
    log: Callable[[str], None]
    signatures: Signatures = field(default_factory=Signatures)
    confirmed: Callable[[dict[str, Any]], None] = confirm

    async def eventbridge(self, request: Request) -> Response:
        """An event of an EventBridge API destination."""
        return await self._guarded("eventbridge", request, self._eventbridge)

    async def sns(self, request: Request) -> Response:
        """A message of SNS."""
        return await self._guarded("sns", request, self._sns)

    async def _guarded(self, door: str, request: Request, work: Work) -> Response:
        note = Note(door=door, remote=request.client.host if request.client else "")
        try:
            return await work(request, note)
        except Turned as turned:
            self.inbox.note(_told(note, turned))
            return refusal(turned)

    async def _eventbridge(self, request: Request, note: Note) -> Response:
        sender = authorised(request, "FIREDOOR_HOOK_KEYS")
        note = msgspec.structs.replace(note, sender=sender)
        try:
            body = await body_of(request, ("application/json",))
            return await self._taken(_json(body), note)
        except Turned as turned:
            self.inbox.note(_told(note, turned))
            return refusal(turned)

    async def _sns(self, request: Request, note: Note) -> Response:
        topics = keys_in(os.environ.get("FIREDOOR_SNS_TOPICS", ""))
        if not topics:
            raise Turned(403, "off", "no topics are allowed here (FIREDOOR_SNS_TOPICS)")
        body = await body_of(request, ("text/plain", "application/json"))
        if request.headers.get("x-amz-sns-rawdelivery", "").lower() == "true":
            return await self._raw(request, body, topics, note)
        message = _json(body)
        if not isinstance(message, dict):
            raise Turned(400, "malformed", "it is no message of SNS")
        topic = str(message.get("TopicArn") or "")
        if topic not in topics:
            raise Turned(403, "topic", "its topic is not among FIREDOOR_SNS_TOPICS")
        said = request.headers.get("x-amz-sns-message-type")
        if said is not None and said != message.get("Type"):
            raise Turned(400, "malformed", "its header and its body are of different types")
        note = msgspec.structs.replace(note, sender=topic[:300])
        try:
            await asyncio.to_thread(self.signatures.verify, message)
        except Untrue as error:
            raise Turned(403, "signature", str(error)) from None
        if message["Type"] == "Notification":
            return await self._taken(message, note)
        return await self._subscription(message, topic)

    async def _subscription(self, message: dict[str, Any], topic: str) -> Response:
        if message["Type"] == "UnsubscribeConfirmation":
            self.log(f"SNS says that {topic} does not send here any more; subscribe it again")
            return JSONResponse({"status": "noted"})
        try:
            await asyncio.to_thread(self.confirmed, message)
        except Untrue as error:
            raise Turned(502, "subscription", str(error)) from None
        self.log(f"the subscription of {topic} is confirmed")
        return JSONResponse({"status": "confirmed"})

    async def _raw(
        self, request: Request, body: bytes, topics: tuple[str, ...], note: Note
    ) -> Response:
        """Raw delivery has no signature: it counts only where it was allowed, and with a key."""
        if os.environ.get("FIREDOOR_SNS_RAW", "") != "allow":
            why = (
                "raw delivery carries no signature; switch it off for the subscription, or set "
                "FIREDOOR_SNS_RAW=allow and send a hook key"
            )
            raise Turned(403, "raw", why)
        if request.headers.get("x-amz-sns-topic-arn", "") not in topics:
            raise Turned(403, "topic", "its topic is not among FIREDOOR_SNS_TOPICS")
        sender = authorised(request, "FIREDOOR_HOOK_KEYS")
        return await self._taken(_json(body), msgspec.structs.replace(note, sender=sender))

    async def _taken(self, document: Any, note: Note) -> Response:
        """Take a document in; 202 when it is on disk."""
        try:
            items = arrivals(document)
        except NotAFinding as error:
            where = f" ({error.where})" if error.where else ""
            raise Turned(422, "not_a_finding", f"{error.message}{where}") from None
        try:
            written = self.inbox.offer(items, msgspec.structs.replace(note, code=202))
            new = await asyncio.wait_for(asyncio.wrap_future(written), WRITTEN_SECONDS)
        except Full:
            raise _later("too much waits here already") from None
        except (StoreUnavailable, TimeoutError) as error:
            self.log(f"what came in could not be written: {error}")
            raise _later("it could not be written to disk") from None
        return JSONResponse({"findings": len(items), "new": new}, status_code=202)


def authorised(request: Request, setting: str) -> str:
    """The fingerprint of the sender's key; Turned when he has none that counts."""
    keys = keys_in(os.environ.get(setting, ""))
    given = given_key(request.headers)
    found = known(given, keys)
    if found:
        return found
    if not keys:
        raise Turned(401, "unauthorised", f"no keys are set here ({setting})")
    why = "the key is none of ours" if given else "a key is needed (X-Api-Key or a Bearer token)"
    raise Turned(401, "unauthorised", why, {"WWW-Authenticate": "Bearer"})


def _later(why: str) -> Turned:
    return Turned(503, "later", f"{why}; come again", {"Retry-After": str(RETRY_SECONDS)})


def _told(note: Note, turned: Turned) -> Note:
    return msgspec.structs.replace(
        note,
        code=turned.code,
        outcome="full" if turned.code == 503 else "refused",
        why=turned.message[:400],
    )


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Turned(400, "malformed", "the body is not JSON") from None
