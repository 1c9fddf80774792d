"""What waits for a person is told by a second way too, and that way may fail."""

from __future__ import annotations

import dataclasses
import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from firedoor.engine.desk import Desk, Office
from firedoor.engine.running import start
from firedoor.response_plan import Alert, ResponsePlan
from tests.engine.conftest import SHUT, Cloud, desk_for, program_of


def waits(office: Office, cloud: Cloud, **alert: str) -> Desk:
    """A run that asks, under a plan that names these ways."""
    desk = dataclasses.replace(desk_for(office, cloud), plan=ResponsePlan(alert=Alert(**alert)))
    start(desk, program_of(SHUT), {"doors": ["front"]}, break_glass=True)
    return desk


def told(desk: Desk) -> list[tuple[str, str]]:
    return [
        (entry.kind, entry.data["channel"])
        for entry in desk.recorder.entries()
        if entry.kind.startswith("alert.")
    ]


class Hook(ThreadingHTTPServer):
    """Keeps what is posted to it; answers with `code`."""

    code = 200

    def __init__(self) -> None:
        self.posted: list[Any] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/on-call"


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append(json.loads(body))
        self.send_response(self.server.code)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


class Mails(socketserver.ThreadingTCPServer):
    """Takes one mail a connection, as any mail server does."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        super().__init__(("127.0.0.1", 0), _Session)


class _Session(socketserver.StreamRequestHandler):
    server: Mails

    def handle(self) -> None:
        self._say("220 here")
        for _ in range(20):
            word = self.rfile.readline(1000).decode().strip()
            if word.upper().startswith("DATA"):
                self._say("354 go on")
                lines = []
                while (line := self.rfile.readline(2000).decode()) not in (".\r\n", ""):
                    lines.append(line)
                self.server.taken.append("".join(lines))
            elif word.upper().startswith("QUIT") or not word:
                self._say("221 bye")
                return
            self._say("250 fine")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


def test_a_webhook_is_told_what_waits_and_how_to_answer(
    office: Office, cloud: Cloud, hook: Hook
) -> None:
    desk = waits(office, cloud, webhook=hook.url)
    (posted,) = hook.posted

    assert told(desk) == [("alert.sent", "webhook")]
    assert posted["incident"] == desk.incident
    assert posted["approve"] == f"firedoor approve {posted['approval']}"
    assert posted["changes"] == [{"resource": "front", "what": "state"}]
    assert posted["approve"] in posted["text"]


def test_a_mail_is_sent(office: Office, cloud: Cloud) -> None:
    with Mails() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        smtp = f"127.0.0.1:{server.server_address[1]}"

        desk = waits(office, cloud, email="security@example.com", smtp=smtp)
        server.shutdown()

    assert told(desk) == [("alert.sent", "email")]
    assert f"Subject: {desk.incident}" in server.taken[0]
    assert "firedoor approve" in server.taken[0]


def test_a_topic_is_published_to_in_its_own_region(office: Office, cloud: Cloud) -> None:
    calls: list[dict[str, Any]] = []
    real = cloud.call

    def call(service: str, operation: str, /, **given: Any) -> dict[str, Any]:
        if service == "sns":
            calls.append({"operation": operation, **given})
            return {}
        return real(service, operation, **given)

    cloud.call = call  # type: ignore[method-assign]

    waits(office, cloud, sns="arn:aws:sns:eu-central-1:111122223333:on-call")

    (made,) = calls
    assert (made["operation"], made["region"]) == ("publish", "eu-central-1")
    assert len(made["Subject"]) <= 100


@pytest.mark.parametrize("code", [404, 500])
def test_a_way_that_fails_is_journalled_and_the_run_waits_all_the_same(
    office: Office, cloud: Cloud, hook: Hook, code: int
) -> None:
    hook.code = code

    desk = waits(office, cloud, webhook=hook.url, email="a@example.com", smtp="127.0.0.1:1")

    assert told(desk) == [("alert.failed", "webhook"), ("alert.failed", "email")]
    failed = [entry for entry in desk.recorder.entries() if entry.kind == "alert.failed"]
    assert str(code) in failed[0].data["why"]


def test_in_a_simulated_world_nobody_is_told(office: Office, cloud: Cloud, hook: Hook) -> None:
    plan = ResponsePlan(alert=Alert(webhook=hook.url))
    desk = desk_for(office, cloud)
    desk = dataclasses.replace(desk, plan=plan, target={**desk.target, "world": "simulated"})

    start(desk, program_of(SHUT), {"doors": ["front"]}, break_glass=True)

    assert hook.posted == []
