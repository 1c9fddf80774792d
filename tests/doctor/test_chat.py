"""doctor says what is wrong with Slack, and which scope to add."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from firedoor.doctor import chat
from firedoor.doctor.model import Look
from tests.slack.fake import APP, BOT, FakeSlack


@pytest.fixture
def slack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSlack]:
    """A workspace that the environment names."""
    found = FakeSlack()
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FIREDOOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FIREDOOR_SLACK_BOT_TOKEN", BOT)
    monkeypatch.setenv("FIREDOOR_SLACK_APP_TOKEN", APP)
    monkeypatch.setenv("FIREDOOR_SLACK_BASE_URL", found.base_url)
    monkeypatch.delenv("FIREDOOR_SLACK_SIGNING_SECRET", raising=False)
    yield found
    found.close()


def looks() -> dict[str, Look]:
    """What is seen, by name."""
    return {each.name: each for each in chat.slack()}


def test_a_good_token_with_every_scope_is_well(slack: FakeSlack) -> None:
    slack.scopes = ",".join(chat.wanted_scopes())

    assert looks()["Slack"].standing == "ok"


def test_a_missing_scope_is_named(slack: FakeSlack) -> None:
    slack.scopes = ",".join(chat.wanted_scopes() - {"pins:write"})
    found = looks()["Slack"]

    assert (found.standing, found.seen) == ("bad", "the app lacks pins:write")
    assert "Add pins:write" in found.fix


def test_a_wrong_token_is_told(slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREDOOR_SLACK_BOT_TOKEN", "xoxb-of-another")

    assert "invalid_auth" in looks()["Slack"].seen


def test_slack_that_is_not_reached_is_not_known(slack: FakeSlack) -> None:
    slack.down = True

    assert looks()["Slack"].standing == "unknown"


def test_without_a_way_for_clicks_it_says_so(
    slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIREDOOR_SLACK_APP_TOKEN")

    assert "FIREDOOR_SLACK_SIGNING_SECRET" in looks()["Slack clicks"].fix


def test_without_a_token_it_is_off(slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIREDOOR_SLACK_BOT_TOKEN")

    assert [each.standing for each in looks().values()] == ["off"]
