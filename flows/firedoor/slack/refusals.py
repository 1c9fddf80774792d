"""What Slack's refusals mean: wait, say it otherwise, leave it out, or tell people what to mend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from firedoor.outbox import Letter

METHODS = {
    "open": "conversations.create",
    "invite": "conversations.invite",
    "topic": "conversations.setTopic",
    "bookmark": "bookmarks.add",
    "post": "chat.postMessage",
    "edit": "chat.update",
    "pin": "pins.add",
    "archive": "conversations.archive",
}
ADORNS = ("invite", "topic", "bookmark", "pin")
THERE_ALREADY = {
    "pin": {"already_pinned"},
    "invite": {"already_in_channel", "cant_invite_self", "cant_invite"},
    "archive": {"already_archived"},
}
UNEDITABLE = {
    "edit_window_closed",
    "cant_update_message",
    "message_not_found",
    "is_inactive",
}
SPOILED = {
    "invalid_blocks",
    "invalid_blocks_format",
    "msg_blocks_too_long",
    "msg_too_long",
    "invalid_arguments",
    "invalid_attachments",
    "no_text",
    "metadata_too_large",
    "invalid_metadata_format",
}
HALF = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
"""After which it may have got through all the same."""

BUSY = {"ratelimited", "rate_limited", "message_limit_exceeded"}


def code_of(error: SlackApiError) -> str:
    """Slack's code for what went wrong; "" when it gave none."""
    response = error.response
    return str(response.get("error") or "") if hasattr(response, "get") else ""


def is_slacks_own(response: Any) -> bool:
    """Whether the answer has an error code of Slack's, or is a page of something in between."""
    code = str(response.get("error") or "") if hasattr(response, "get") else ""
    return bool(code) and code.replace("_", "").isalnum()


def for_all(code: str) -> bool:
    """Whether nothing at all can be said: what adorns a channel waits with the rest."""
    return code in HALF or code in (
        "invalid_auth",
        "not_authed",
        "token_revoked",
        "token_expired",
        "account_inactive",
        "is_archived",
        "channel_not_found",
        "not_in_channel",
    )


def why_of(letter: Letter, code: str, response: Any) -> str:
    """What was refused, and what to do about it."""
    told = f"Slack: {letter.incident}: {METHODS[letter.kind]}: {code}"
    if code == "missing_scope":
        told += f"; add the scope {response.get('needed') or '?'} to the app and install it again"
    elif code in ("invalid_auth", "token_revoked", "token_expired", "account_inactive"):
        told += "; set FIREDOOR_SLACK_BOT_TOKEN anew"
    elif code == "is_archived":
        told += "; unarchive the channel"
    elif code in ("not_in_channel", "channel_not_found"):
        told += "; invite the app to the channel again"
    return told


def seconds_to_wait(headers: Mapping[str, Any]) -> float:
    """What Retry-After says, 30 s where it says nothing of use."""
    for key, said in headers.items():
        if key.lower() == "retry-after":
            text = str(said[0] if isinstance(said, list) else said)
            return float(text) if text.isdecimal() else 30.0
    return 30.0
