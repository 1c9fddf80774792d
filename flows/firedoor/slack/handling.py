"""Works what people did in Slack: a button, a window that was sent, a command, a channel back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient

from firedoor.errors import FiredoorError
from firedoor.outbox import Outbox
from firedoor.slack import wording
from firedoor.slack.answering import Answers
from firedoor.slack.arriving import Sort
from firedoor.slack.asking import APPROVE, DENY, REASON, reason_view
from firedoor.slack.commands import Commands
from firedoor.slack.pinned import Pins
from firedoor.slack.settings import SECONDS, Connection

ANSWER = 2900
"""Characters of an answer that only one person reads."""


class Handling:
    """Works one thing after the other; whatever is refused is told to whoever did it, privately."""

    def __init__(
        self,
        connection: Connection,
        client: WebClient,
        outbox: Outbox,
        answers: Answers,
        commands: Commands,
        pins: Pins,
        log: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._client = client
        self._outbox = outbox
        self._answers = answers
        self._commands = commands
        self._pins = pins
        self._log = log

    def work(self, sort: Sort, payload: Mapping[str, Any]) -> None:
        """One thing that came from Slack."""
        if sort == "command":
            self._command(payload)
        elif sort == "interaction":
            self._interaction(payload)
        else:
            self._event(payload.get("event") or {})

    def _command(self, form: Mapping[str, Any]) -> None:
        user, channel = str(form.get("user_id") or ""), str(form.get("channel_id") or "")
        try:
            told = self._commands.run(str(form.get("text") or ""), user, channel)
        except FiredoorError as error:
            told = wording.said(error, ANSWER)
        self._tell(user, channel, str(form.get("response_url") or ""), told)

    def _interaction(self, payload: Mapping[str, Any]) -> None:
        user = str((payload.get("user") or {}).get("id") or "")
        if payload.get("type") == "view_submission":
            self._submitted(payload.get("view") or {}, user)
            return
        channel = str((payload.get("channel") or {}).get("id") or "")
        ts = str((payload.get("container") or {}).get("message_ts") or "")
        url = str(payload.get("response_url") or "")
        for action in payload.get("actions") or ():
            if action.get("action_id") not in (APPROVE, DENY):
                continue
            yes = action["action_id"] == APPROVE
            try:
                letter = self._answers.asked_by(str(action.get("value") or ""), channel, ts)
                if not yes:
                    self._ask_why(letter.token, str(letter.body["approval"]), payload)
                    continue
                told = wording.said(self._answers.by_token(letter, user, yes=True), ANSWER)
            except FiredoorError as error:
                told = wording.said(error, ANSWER)
            self._tell(user, channel, url, told)

    def _ask_why(self, token: str, id_: str, payload: Mapping[str, Any]) -> None:
        user = str((payload.get("user") or {}).get("id") or "")
        channel = str((payload.get("channel") or {}).get("id") or "")
        try:
            self._client.views_open(
                trigger_id=str(payload.get("trigger_id") or ""), view=reason_view(token, id_)
            )
        except (SlackClientError, OSError) as error:
            self._log(f"Slack: the window for the words of a denial did not open: {_why(error)}")
            told = f"The window did not open. `/firedoor deny {id_} REASON` says no as well."
            self._tell(user, channel, str(payload.get("response_url") or ""), told)

    def _submitted(self, view: Mapping[str, Any], user: str) -> None:
        if view.get("callback_id") != DENY:
            return
        values = ((view.get("state") or {}).get("values") or {}).get(REASON) or {}
        reason = str((values.get(REASON) or {}).get("value") or "").strip()
        channel = ""
        try:
            letter = self._answers.asked_by(str(view.get("private_metadata") or ""))
            room = self._outbox.room(letter.incident)
            channel = room.channel if room else ""
            told = self._answers.by_token(letter, user, yes=False, reason=reason)
        except FiredoorError as error:
            told = str(error)
        self._tell(user, channel, "", wording.said(told, ANSWER))

    def _event(self, event: Mapping[str, Any]) -> None:
        """The app is in a channel (again), or it is no longer archived: what waits goes on."""
        if event.get("type") == "reaction_added":
            self._pinned(event)
            return
        channel = event.get("channel")
        channel = channel.get("id") if isinstance(channel, Mapping) else channel
        if event.get("type") in ("member_joined_channel", "channel_unarchive", "group_unarchive"):
            room = self._outbox.room_of(str(channel or ""))
            if room is not None:
                self._outbox.wake(room.incident)

    def _pinned(self, event: Mapping[str, Any]) -> None:
        user = str(event.get("user") or "")
        channel = str((event.get("item") or {}).get("channel") or "")
        try:
            told = self._pins.take(event)
        except (SlackClientError, OSError) as error:
            told = f"Not noted: {_why(error)}. `/firedoor note` takes the words as well."
        except FiredoorError as error:
            told = str(error)
        if told:
            self._tell(user, channel, "", wording.said(told, ANSWER))

    def _tell(self, user: str, channel: str, url: str, text: str) -> None:
        """Tell one person, privately; what cannot be told is in the log."""
        try:
            if url and self._connection.answerable(url):
                answered = WebhookClient(url, timeout=SECONDS).send(
                    text=text, response_type="ephemeral", replace_original=False
                )
                if answered.status_code == 200:
                    return
            if channel and user:
                self._client.chat_postEphemeral(channel=channel, user=user, text=text)
        except (SlackClientError, OSError, ValueError) as error:
            self._log(f"Slack: {user} could not be told: {_why(error)}")


def _why(error: Exception) -> str:
    if isinstance(error, SlackApiError) and hasattr(error.response, "get"):
        return str(error.response.get("error"))
    return f"{type(error).__name__}"
