"""An incident in a real journal, a stand-in for Slack, and what firedoor does between the two."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from firedoor.chain import Entry
from firedoor.engine.desk import Desk, Office
from firedoor.engine.running import start
from firedoor.outbox import Outbox
from firedoor.response_plan import Person, ResponsePlan
from firedoor.service.post import Post
from firedoor.slack.answering import Answers
from firedoor.slack.commands import Commands
from firedoor.slack.handling import Handling
from firedoor.slack.pinned import Pins
from firedoor.slack.sending import Sender
from firedoor.slack.settings import Connection
from firedoor.slack.watching import Watcher
from tests.engine.conftest import SHUT, Cloud, desk_for, program_of
from tests.slack.fake import APP, BOT, SECRET, Channel, FakeSlack

CAROL, DAVE, MALLORY = "U0CAROL01", "U0DAVE001", "U0MALLORY"
PLAN = ResponsePlan(
    people={
        "incident_commander": (
            Person(name="Carol", os_user="carol", slack=CAROL),
            Person(name="Dave", slack=DAVE),
        ),
        "responder": (Person(name="Tester", os_user="tester", slack="U0TESTER1"),),
    }
)
ASKS = {**SHUT, "approve": {"by": "incident_commander", "within": "15m", "ask": "Shut it?"}}


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    """An empty workspace."""
    found = FakeSlack()
    yield found
    found.close()


@dataclass
class Room:
    """firedoor's side: a home, what reads its journals, what sends, a clock that can be moved."""

    slack: FakeSlack
    post: Post
    lines: list[str]
    plan: ResponsePlan = PLAN
    ahead: timedelta = timedelta()
    desks: dict[str, Desk] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin anew, as after a restart: nothing is remembered but what is on disk."""
        there = self.connection
        self.outbox = Outbox(self.post.office().journal.store)
        client = there.client()
        self.watcher = Watcher(self.post, self.outbox, lambda: self.plan)
        self.sender = Sender(
            self.outbox, client, self.lines.append, told=self.watcher.heard, now=self.now
        )
        self.answers = Answers(self.post, self.outbox, lambda: self.plan)
        commands = Commands(self.post, self.outbox, self.answers, lambda: self.plan)
        pins = Pins(self.post, self.outbox, client, lambda: self.plan)
        self.handling = Handling(
            there, client, self.outbox, self.answers, commands, pins, self.lines.append
        )

    @property
    def connection(self) -> Connection:
        """To the stand-in."""
        return Connection(
            bot_token=BOT, app_token=APP, signing_secret=SECRET, base_url=self.slack.base_url
        )

    def now(self) -> datetime:
        """The time, as the sender sees it."""
        return datetime.now(UTC) + self.ahead

    def turn(self) -> None:
        """Read what is new, and send until nothing moves."""
        for incident in self.post.incidents():
            self.watcher.tell(incident, datetime.now(UTC))
        while self.sender.once():
            pass

    def incident(self, *, title: str = "Fire", step: dict[str, Any] = ASKS) -> str:
        """An incident whose run, begun by os:tester, waits for an approval."""
        cloud = Cloud(front="open", back="open", cellar="shut")
        cloud.clock = datetime.now(UTC)
        office = Office.open(self.post.home)
        name = ""
        if title != "Fire":
            name = office.journal.open_incident(
                "INC", at=cloud.now(), by="t", title=title, severity="high", target={}
            )
        desk = desk_for(office, cloud, incident=name)
        start(desk, program_of(step), {"doors": ["front"]}, break_glass=True)
        self.desks[desk.incident] = desk
        return desk.incident

    def resume(self, incident: str) -> None:
        """Go on with the run that waited."""
        program = program_of(ASKS)
        start(self.desks[incident], program, {"doors": ["front"]}, break_glass=True, run="r1")

    def entries(self, incident: str) -> list[Entry]:
        """Its journal."""
        return self.post.known(incident)

    def kinds(self, incident: str, kind: str) -> list[Entry]:
        """Its entries of a kind."""
        return [entry for entry in self.entries(incident) if entry.kind == kind]

    def channel(self) -> Channel:
        """The one channel that there is."""
        [found] = self.slack.channels.values()
        return found

    def asked(self) -> dict[str, Any]:
        """The message of the approval."""
        found = [m for m in self.channel().top() if "Approval" in m["blocks"][0]["text"]["text"]]
        return found[-1]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slack: FakeSlack) -> Room:
    """firedoor beside the stand-in."""
    monkeypatch.setenv("FIREDOOR_HOME", str(tmp_path / "home"))
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    lines: list[str] = []
    return Room(slack, Post(tmp_path / "home", lines.append), lines)


def text_of(message: dict[str, Any]) -> str:
    """All that a message shows."""
    parts = [message["text"]]
    for block in message.get("blocks") or ():
        if "text" in block:
            parts.append(block["text"]["text"])
        parts += [each["text"] for each in block.get("elements", ()) if block["type"] == "context"]
    return "\n".join(parts)


def until(holds: Callable[[], Any], seconds: float = 10.0) -> Any:
    """What it gives once that is something; the last of it after so many seconds."""
    ends = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < ends:
        time.sleep(0.05)
    return found


__all__ = ["ASKS", "CAROL", "DAVE", "MALLORY", "PLAN", "Room", "text_of", "until"]
