"""A pushpin under a message puts it on the incident's timeline: its words, who wrote it, when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from slack_sdk import WebClient

from firedoor.errors import NotFound, Refused
from firedoor.kinds import time_text
from firedoor.outbox import Outbox
from firedoor.service.post import Post
from firedoor.slack.answering import Plan, person_of

REACTIONS = ("pushpin", "round_pushpin")
LONGEST = 4000


class Pins:
    """Takes reactions in; only those of the plan's people, only in incidents' channels."""

    def __init__(self, post: Post, outbox: Outbox, client: WebClient, plan: Plan) -> None:
        self._post = post
        self._outbox = outbox
        self._client = client
        self._plan = plan

    def take(self, event: Mapping[str, Any]) -> str:
        """Note the message that an event `reaction_added` is about; "" when it is not for us.

        A message is noted once, whoever pins it. Raises what slack_sdk raises.
        """
        item = event.get("item") or {}
        channel, ts = str(item.get("channel") or ""), str(item.get("ts") or "")
        room = self._outbox.room_of(channel)
        if event.get("reaction") not in REACTIONS or room is None or not ts:
            return ""
        user = str(event.get("user") or "")
        person_of(self._plan(), user)
        entries = self._post.known(room.incident)
        if any(e.kind == "note.added" and e.data.get("message") == ts for e in entries):
            return ""
        message = self._message(channel, ts)
        if message.get("bot_id") or message.get("metadata"):
            raise Refused("what firedoor says stands in the journal already")
        data = {
            "section": "timeline",
            "text": _written(str(message.get("text") or ""))[:LONGEST].strip() or "(no text)",
            "author": f"slack:{message.get('user') or '?'}",
            "when": time_text(datetime.fromtimestamp(float(ts), UTC)),
            "message": ts,
        }
        journal = self._post.office().journal
        now = datetime.now(UTC)
        entry = journal.append(room.incident, "note.added", data, by=f"slack:{user}", at=now)
        return f"Noted as #{entry.seq}."

    def _message(self, channel: str, ts: str) -> Mapping[str, Any]:
        page = self._client.conversations_replies(channel=channel, ts=ts, limit=10)
        for each in page["messages"]:
            if str(each["ts"]) == ts:
                return dict(each)
        raise NotFound("that message is gone")


def _written(text: str) -> str:
    """A text as it was typed: Slack escapes three letters, and only those."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
