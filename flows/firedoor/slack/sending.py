"""Sends the letters of the outbox: each once, those of a channel in order, whatever Slack does.

A reply that is lost says nothing: before a message is posted again it is looked for by the opaque
id in its metadata, and a channel by its name among our own. What Slack refuses for good is said
more plainly, or left out, so that one bad letter does not silence the rest; everything else waits.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from firedoor.kinds import parse_time
from firedoor.outbox import Letter, Outbox
from firedoor.slack.asking import TOKEN
from firedoor.slack.refusals import (
    ADORNS,
    BUSY,
    HALF,
    METHODS,
    SPOILED,
    THERE_ALREADY,
    UNEDITABLE,
    code_of,
    for_all,
    is_slacks_own,
    seconds_to_wait,
    why_of,
)

LONGEST = timedelta(minutes=5)
"""Between two tries."""

TRIES = 3
"""Tries of what only adorns a channel (topic, pin, invitation, link) before it is left out."""

NAMES = 20
"""Names that are tried for a channel: `…`, `…-2`, `…-3`."""

EVENT = "firedoor"
"""The type of our messages' metadata."""

SKEW = 300
"""Seconds that Slack's clock and ours may differ by."""

PAGES = 20

FAULTS = (SlackClientError, OSError, http.client.HTTPException, ssl.SSLError, ValueError)

Delivered = Callable[[Letter, str], None]
"""Told of a letter that has gone, or (with why) of one that Slack has refused several times."""


class Sender:
    """Sends what waits, in one thread. `told` hears what became of letters."""

    def __init__(
        self,
        outbox: Outbox,
        client: WebClient,
        log: Callable[[str], None],
        *,
        told: Delivered = lambda letter, why: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._outbox = outbox
        self._client = client
        self._log = log
        self._told = told
        self._now = now
        self._held: dict[str, datetime] = {}
        self._said = ""
        self._me = ""

    def once(self) -> bool:
        """Try the first letter of each channel; whether anything has moved."""
        moved = False
        for letter in self._outbox.heads(self._now()):
            if self._held.get(METHODS[letter.kind], self._now()) <= self._now():
                moved = self._try(letter) or moved
        return moved

    def _try(self, letter: Letter) -> bool:
        self._outbox.begin(letter)
        try:
            ts = self._send(letter)
        except SlackApiError as error:
            return self._refused(letter, error)
        except FAULTS as error:
            why = f"Slack is not reached: {type(error).__name__}: {error}"
            self._later(letter, why, doubtful=True)
            return False
        except (KeyError, TypeError, AttributeError) as error:
            self._later(letter, f"Slack answers strangely: {error!r}", doubtful=True)
            return False
        if self._said:
            self._said = ""
            self._log("Slack takes messages again")
        self._outbox.sent(letter, ts)
        self._told(letter, "")
        return True

    def _send(self, letter: Letter) -> str:
        if letter.kind == "open":
            return self._open(letter)
        room = self._outbox.room(letter.incident)
        channel = room.channel if room else ""
        body = letter.body
        if letter.kind == "post":
            return self._post(letter, channel)
        if letter.kind == "edit":
            return self._edit(letter, channel)
        if letter.kind == "topic":
            self._client.conversations_setTopic(channel=channel, topic=body["topic"])
        elif letter.kind == "invite":
            self._client.conversations_invite(channel=channel, users=body["users"], force=True)
        elif letter.kind == "bookmark":
            self._client.bookmarks_add(
                channel_id=channel, title=body["title"], type="link", link=body["url"]
            )
        elif letter.kind == "pin":
            self._client.pins_add(channel=channel, timestamp=self._ts(body["of"]))
        else:
            self._client.conversations_archive(channel=channel)
        return ""

    def _open(self, letter: Letter) -> str:
        """A private channel; the id is what counts from now on. A taken name gets a number."""
        wanted = str(letter.body["name"])
        if letter.doubtful and (found := self._own_channel(wanted)):
            self._outbox.opened(letter.incident, *found)
            return ""
        for number in range(1, NAMES + 1):
            name = wanted if number == 1 else f"{wanted}-{number}"
            try:
                made = self._client.conversations_create(name=name, is_private=True)
            except SlackApiError as error:
                if code_of(error) != "name_taken" or number == NAMES:
                    raise
                continue
            self._outbox.opened(letter.incident, made["channel"]["id"], name)
            return ""
        return ""

    def _own_channel(self, wanted: str) -> tuple[str, str] | None:
        """The channel that an earlier try made, whose reply was lost: ours, and not in use."""
        me = self._me or str(self._client.auth_test()["user_id"])
        self._me = me
        cursor = ""
        for _ in range(PAGES):
            page = self._client.users_conversations(
                types="private_channel", exclude_archived=True, limit=200, cursor=cursor
            )
            for each in page["channels"]:
                stem, _, number = str(each["name"]).removeprefix(wanted).partition("-")
                ours = (
                    each["name"].startswith(wanted)
                    and not stem
                    and (number.isdecimal() or each["name"] == wanted)
                )
                if ours and each.get("creator") == me and not self._outbox.room_of(each["id"]):
                    return str(each["id"]), str(each["name"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return None

    def _post(self, letter: Letter, channel: str) -> str:
        thread = self._ts(letter.body["thread"]) if letter.body.get("thread") else ""
        if letter.doubtful and (found := self._posted(letter, channel, thread)):
            return found
        made = self._client.chat_postMessage(
            channel=channel,
            thread_ts=thread or None,
            unfurl_links=False,
            unfurl_media=False,
            metadata={"event_type": EVENT, "event_payload": {"id": letter.token}},
            **_content(letter.body, letter.token),
        )
        return str(made["ts"])

    def _posted(self, letter: Letter, channel: str, thread: str) -> str:
        """What Slack calls the message, where an earlier try got through."""
        oldest = str(parse_time(letter.at).timestamp() - SKEW)
        cursor = ""
        for _ in range(PAGES):
            given: dict[str, Any] = {
                "channel": channel,
                "oldest": oldest,
                "limit": 200,
                "include_all_metadata": True,
                "cursor": cursor or None,
            }
            if thread:
                page = self._client.conversations_replies(ts=thread, **given)
            else:
                page = self._client.conversations_history(**given)
            for each in page["messages"]:
                payload = (each.get("metadata") or {}).get("event_payload") or {}
                if payload.get("id") == letter.token:
                    return str(each["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return ""

    def _edit(self, letter: Letter, channel: str) -> str:
        of = self._outbox.letter(key=str(letter.body["of"]))
        if of is None or not of.ts:
            # What it would change was never said; it says itself.
            return self._post(letter, channel)
        try:
            self._client.chat_update(channel=channel, ts=of.ts, **_content(letter.body, of.token))
        except SlackApiError as error:
            if code_of(error) not in UNEDITABLE:
                raise
            return self._anew(letter, of, channel)
        return of.ts

    def _anew(self, letter: Letter, of: Letter, channel: str) -> str:
        """Post what cannot be edited any more; pinned, where the old one was."""
        found = self._posted(letter, channel, "") if letter.doubtful else ""
        if not found:
            made = self._client.chat_postMessage(
                channel=channel,
                metadata={"event_type": EVENT, "event_payload": {"id": letter.token}},
                **_content(letter.body, of.token),
            )
            found = str(made["ts"])
        self._outbox.moved(of.key, found)
        if of.key.endswith("/status"):
            for move, ts in ((self._client.pins_add, found), (self._client.pins_remove, of.ts)):
                try:
                    move(channel=channel, timestamp=ts)
                except SlackApiError as error:
                    self._log(f"Slack: {letter.incident}: the pin was not moved: {code_of(error)}")
        return found

    def _ts(self, key: str) -> str:
        of = self._outbox.letter(key=key)
        return of.ts if of else ""

    def _refused(self, letter: Letter, error: SlackApiError) -> bool:
        code, response = code_of(error), error.response
        status = int(getattr(response, "status_code", 0) or 0)
        if status == 429 or code in BUSY:
            wait = seconds_to_wait(getattr(response, "headers", {}) or {})
            self._held[METHODS[letter.kind]] = until = self._now() + timedelta(seconds=wait)
            self._outbox.later(letter, until, "Slack asks to wait", doubtful=False)
            return False
        if status >= 500 or not is_slacks_own(response):
            self._later(letter, f"Slack answers {status}", doubtful=True)
            return False
        if code in THERE_ALREADY.get(letter.kind, ()):
            self._outbox.sent(letter)
            return True
        why = why_of(letter, code, response)
        if code in SPOILED and letter.kind in ("post", "edit"):
            if "blocks" in letter.body:
                self._log(f"{why}; it is said without its form")
                kept = {key: each for key, each in letter.body.items() if key != "blocks"}
                self._outbox.rewrite(letter, kept)
                return True
            self._outbox.drop(letter, why)
            self._log(f"{why}; it is left out")
            return True
        if letter.kind in ADORNS and letter.tries + 1 >= TRIES and not for_all(code):
            self._outbox.drop(letter, why)
            self._log(f"{why}; the channel does without")
            return True
        self._later(letter, why, doubtful=code in HALF)
        return False

    def _later(self, letter: Letter, why: str, *, doubtful: bool) -> None:
        wait = min(LONGEST, timedelta(seconds=2 ** min(letter.tries, 9)))
        self._outbox.later(letter, self._now() + wait, why, doubtful=doubtful)
        if why != self._said:
            self._said = why
            self._log(f"{why}; messages wait in the outbox, runs go on")
        if letter.tries + 1 == TRIES:
            self._told(letter, why)


def _content(body: Mapping[str, Any], token: str) -> dict[str, Any]:
    """Text and blocks of a body, the buttons with their token."""
    if "blocks" not in body:
        # An edit that leaves the blocks away would keep the old ones, and their buttons.
        return {"text": body["text"], "blocks": []}
    blocks = [
        {
            **block,
            "elements": [
                {**each, "value": token} if each.get("value") == TOKEN else each
                for each in block["elements"]
            ],
        }
        if block["type"] == "actions"
        else block
        for block in body["blocks"]
    ]
    return {"text": body["text"], "blocks": blocks}
