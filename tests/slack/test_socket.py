"""Socket Mode: a real WebSocket, acknowledged at once, opened again when it ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from firedoor.slack import socket
from firedoor.slack.arriving import Arrivals
from firedoor.slack.settings import Connection
from firedoor.slack.socket import connected
from tests.slack.conftest import until
from tests.slack.fake import APP, BOT, FakeSlack, Fault


class Heard:
    """What was worked, and a brake on working it."""

    def __init__(self) -> None:
        self.came: list[tuple[str, Any]] = []
        self.go = threading.Event()
        self.go.set()
        self.lines: list[str] = []

    def work(self, sort: str, payload: Any) -> None:
        """One thing."""
        self.go.wait(10)
        self.came.append((sort, payload))


@contextmanager
def listening(slack: FakeSlack, heard: Heard) -> Iterator[None]:
    arrivals = Arrivals(heard.work, heard.lines.append)
    there = Connection(bot_token=BOT, app_token=APP, base_url=slack.base_url)
    with connected(there, arrivals, heard.lines.append):
        assert until(lambda: slack.sockets)
        yield
    heard.go.set()
    arrivals.close()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    return Heard()


def test_what_comes_is_acknowledged_first_and_worked_once_however_often_slack_sends_it(
    slack: FakeSlack, heard: Heard
) -> None:
    heard.go.clear()
    with listening(slack, heard):
        ids = [
            slack.push("slash_commands", {"text": "status", "trigger_id": "t1"}),
            slack.push("interactive", {"type": "block_actions", "trigger_id": "t2"}),
            slack.push("events_api", {"event_id": "e1", "event": {"type": "x"}}),
            slack.push("events_api", {"event_id": "e1", "event": {"type": "x"}}),
        ]
        acked = until(lambda: all(each in slack.acks for each in ids), 3)
        worked = list(heard.came)
        # Announced, as Slack does it every few hours.
        slack.push("disconnect", {})
        until(lambda: len(slack.sockets) > 1, 10)
        heard.go.set()
        slack.push("events_api", {"event_id": "e1", "event": {"type": "x"}})
        slack.push("events_api", {"event_id": "e2", "event": {"type": "x"}})
        until(lambda: len(heard.came) >= 4)

    assert acked
    assert worked == []
    assert [sort for sort, _ in heard.came] == ["command", "interaction", "event", "event"]


def test_it_connects_again_when_it_cannot_at_first_and_when_it_is_cut_off(
    slack: FakeSlack, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "PING_SECONDS", 0.3)
    slack.faults.append(Fault("apps.connections.open", code="missing_scope"))
    with listening(slack, heard):
        slack.sockets[-1].shutdown(2)
        assert until(lambda: len(slack.sockets) > 1, 20)
        slack.push("events_api", {"event_id": "e1", "event": {}})
        until(lambda: heard.came)

    assert len(heard.came) == 1
    assert any("connections:write" in line for line in heard.lines)
