"""What connects firedoor to Slack, from the environment; without a bot token Slack is off."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
from slack_sdk import WebClient

BASE_URL = "https://slack.com/api/"
SECONDS = 10
"""How long Slack may take to answer one request."""

ANSWERS_AT = ".slack.com"
"""Where Slack lets commands and clicks be answered."""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """FIREDOOR_SLACK_BOT_TOKEN, _APP_TOKEN (Socket Mode), _SIGNING_SECRET (HTTP), _BASE_URL."""

    bot_token: str
    app_token: str = ""
    signing_secret: str = ""
    base_url: str = BASE_URL

    def __repr__(self) -> str:
        """Without the secrets."""
        return f"Connection({self.base_url})"

    def client(self) -> WebClient:
        """A client of the Web API. It repeats nothing by itself: what may have got through is
        looked for first."""
        return WebClient(
            token=self.bot_token, base_url=self.base_url, timeout=SECONDS, retry_handlers=[]
        )

    def answerable(self, url: str) -> bool:
        """Whether an address that came with a request is one of Slack's, or the stand-in's."""
        there, base = urlsplit(url), urlsplit(self.base_url)
        if (there.scheme, there.netloc) == (base.scheme, base.netloc):
            return True
        return there.scheme == "https" and (there.hostname or "").endswith(ANSWERS_AT)


def connection(environment: Mapping[str, str] = os.environ) -> Connection | None:
    """The connection that the environment describes; None: Slack is off."""
    token = environment.get("FIREDOOR_SLACK_BOT_TOKEN", "")
    if not token:
        return None
    base = environment.get("FIREDOOR_SLACK_BASE_URL") or BASE_URL
    return Connection(
        bot_token=token,
        app_token=environment.get("FIREDOOR_SLACK_APP_TOKEN", ""),
        signing_secret=environment.get("FIREDOOR_SLACK_SIGNING_SECRET", ""),
        base_url=base if base.endswith("/") else base + "/",
    )
