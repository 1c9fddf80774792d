"""What a team sets up: the app's manifest, and what the environment says."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from firedoor.cli.main import cli
from firedoor.slack.settings import BASE_URL, connection


def manifest() -> dict[str, Any]:
    """As `firedoor deploy slack` prints it."""
    printed = CliRunner().invoke(cli, ["deploy", "slack"])
    found: dict[str, Any] = yaml.safe_load(printed.output)
    return found


def test_the_manifest_asks_for_what_the_app_uses_and_no_more() -> None:
    scopes = set(manifest()["oauth_config"]["scopes"]["bot"])

    assert scopes == {
        "bookmarks:write",
        "chat:write",
        "commands",
        "groups:history",
        "groups:read",
        "groups:write",
        "pins:write",
        "reactions:read",
    }
    assert "user" not in manifest()["oauth_config"]["scopes"]


def test_the_manifest_names_the_command_and_socket_mode() -> None:
    made = manifest()

    assert [each["command"] for each in made["features"]["slash_commands"]] == ["/firedoor"]
    assert made["settings"]["socket_mode_enabled"]
    assert made["settings"]["interactivity"]["is_enabled"]


def test_without_a_bot_token_slack_is_off() -> None:
    assert (
        connection({"FIREDOOR_SLACK_APP_TOKEN": "xapp-1", "FIREDOOR_SLACK_BOT_TOKEN": ""}) is None
    )


def test_the_tokens_are_not_shown() -> None:
    found = connection({"FIREDOOR_SLACK_BOT_TOKEN": "xoxb-1-secret"})

    assert found is not None
    assert found.base_url == BASE_URL
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://hooks.slack.com/commands/T1/2/x", True),
        ("http://hooks.slack.com/commands/T1/2/x", False),
        ("https://hooks.slack.com.evil.example/x", False),
        ("https://evil.example/.slack.com", False),
        ("http://169.254.169.254/latest", False),
        ("file:///etc/passwd", False),
    ],
)
def test_answers_go_to_slack_alone(url: str, ours: bool) -> None:
    found = connection({"FIREDOOR_SLACK_BOT_TOKEN": "xoxb-1"})

    assert found is not None
    assert found.answerable(url) is ours
