"""Slack: whether the token is good, which scopes the app lacks, what waits to be said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from slack_sdk.errors import SlackApiError

from firedoor.deploy.chat_side import manifest
from firedoor.doctor.model import Look
from firedoor.engine.desk import Office
from firedoor.library import Library
from firedoor.outbox import Outbox
from firedoor.slack.sending import FAULTS
from firedoor.slack.settings import Connection, connection
from firedoor.slack.telling import people_of

REINSTALL = "under OAuth & Permissions, and install it again (`firedoor deploy slack`)"


def slack() -> Iterator[Look]:
    """Everything about it; one line when it is off."""
    there = connection()
    if there is None:
        seen = "off (FIREDOOR_SLACK_BOT_TOKEN is not set here)"
        yield Look(name="Slack", standing="off", seen=seen, fix="firedoor deploy slack")
        return
    yield from _token(there)
    yield from _ways(there)
    if not people_of(Library.open().rules()):
        seen = "nobody in playbooks/plan.yaml has a Slack id: nobody is invited, nobody may answer"
        yield Look(name="Slack people", standing="warn", seen=seen, fix="Add slack: under people:")
    waits = Outbox(Office.open().journal.store).waits()
    if waits.count:
        seen = f"{waits.count} message(s) wait, since {waits.since}" + (
            f": {waits.why}" if waits.why else ""
        )
        yield Look(name="Slack outbox", standing="warn", seen=seen, fix="Nothing is lost by it")


def _token(there: Connection) -> Iterator[Look]:
    try:
        answered = there.client().auth_test()
    except SlackApiError as error:
        code = error.response.get("error") if hasattr(error.response, "get") else error
        fix = "Set FIREDOOR_SLACK_BOT_TOKEN to the app's bot token (xoxb-…)"
        yield Look(name="Slack", standing="bad", seen=f"the token is refused: {code}", fix=fix)
        return
    except FAULTS as error:
        seen = f"Slack is not reached: {error}"
        yield Look(name="Slack", standing="unknown", seen=seen, fix="Runs go on without it")
        return
    missing = sorted(wanted_scopes() - _granted(answered.headers))
    if missing:
        seen, fix = f"the app lacks {', '.join(missing)}", f"Add {', '.join(missing)} {REINSTALL}"
        yield Look(name="Slack", standing="bad", seen=seen, fix=fix)
        return
    yield Look(name="Slack", standing="ok", seen=f"works in {answered.get('team', 'a workspace')}")


def _ways(there: Connection) -> Iterator[Look]:
    if there.app_token or there.signing_secret:
        return
    seen = "clicks and commands do not come: neither Socket Mode nor signed requests are set up"
    fix = "Set FIREDOOR_SLACK_APP_TOKEN, or FIREDOOR_SLACK_SIGNING_SECRET"
    yield Look(name="Slack clicks", standing="warn", seen=seen, fix=fix)


def wanted_scopes() -> set[str]:
    """The bot's scopes that the manifest asks for."""
    return set(yaml.safe_load(manifest())["oauth_config"]["scopes"]["bot"])


def _granted(headers: Mapping[str, Any]) -> set[str]:
    """What Slack says that the token may do; everything, where it does not say."""
    for key, said in headers.items():
        if key.lower() == "x-oauth-scopes":
            text = ",".join(said) if isinstance(said, list) else str(said)
            return {each.strip() for each in text.split(",")}
    return wanted_scopes()
