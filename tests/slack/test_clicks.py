"""Buttons: whoever clicks goes through the same door as anybody else; over Slack's signed HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from firedoor.approval import asked_of
from firedoor.inbox import Inbox
from firedoor.response_plan import ResponsePlan
from firedoor.slack.arriving import Arrivals
from firedoor.slack.asking import APPROVE, DENY, REASON
from firedoor.slack.working import Slack
from firedoor.web.app import application
from firedoor.web.hooks import Hooks
from tests.slack.conftest import ASKS, CAROL, DAVE, MALLORY, Room, text_of, until
from tests.slack.fake import form_of, signed


@dataclass
class Service:
    """The service over HTTP, in front of firedoor's side."""

    client: TestClient
    room: Room
    arrivals: Arrivals

    def post(self, way: str, body: bytes, headers: dict[str, str] | None = None) -> Any:
        """As Slack posts it."""
        sort = "application/json" if way == "events" else "application/x-www-form-urlencoded"
        given = {"Content-Type": sort, **(signed(body) if headers is None else headers)}
        return self.client.post(f"/slack/{way}", content=body, headers=given)

    def click(self, action: str, user: str, message: dict[str, Any] | None = None) -> None:
        """Press a button of the approval's message."""
        slack, channel = self.room.slack, self.room.channel()
        payload = slack.click(channel, message or self.room.asked(), action, user)
        assert self.post("interactions", form_of(payload, interaction=True)).status_code == 200

    def whispered(self, user: str) -> str:
        """What one person alone was told."""
        told = until(lambda: [text for who, text in self.room.slack.whispers if who == user])
        return "\n".join(told)


@pytest.fixture
def service(room: Room) -> Iterator[Service]:
    """With an incident that waits for Carol or Dave."""
    inbox = Inbox(room.post.office().journal.store)
    arrivals = Arrivals(lambda sort, payload: room.handling.work(sort, payload), room.lines.append)
    there = Slack(connection=room.connection, arrivals=arrivals)
    app = application(Hooks(inbox, room.lines.append), lambda: (True, {}), lambda: b"", there)
    with TestClient(app) as client:
        yield Service(client, room, arrivals)
    arrivals.close()
    inbox.close()


@pytest.fixture
def incident(room: Room) -> str:
    """It waits, and its channel shows it."""
    made = room.incident()
    room.turn()
    return made


def agreed(room: Room, incident: str) -> bool:
    return asked_of(room.entries(incident))[0].agreed


def test_one_who_has_the_role_approves_and_the_buttons_go(service: Service, incident: str) -> None:
    room = service.room
    service.click(APPROVE, CAROL)
    told = service.whispered(CAROL)
    room.turn()
    [given] = room.kinds(incident, "approval.given")

    assert "is approved" in told
    assert (given.by, given.data["how"], given.data["person"]) == (
        f"slack:{CAROL}",
        "slack",
        "Carol",
    )
    assert "*Approved* by Carol at <!date^" in text_of(room.asked())
    assert not any(block["type"] == "actions" for block in room.asked()["blocks"])


def test_the_message_says_what_would_change_and_carries_an_opaque_id(
    service: Service, incident: str
) -> None:
    message = service.room.asked()
    shown = text_of(message)
    [buttons] = [block for block in message["blocks"] if block["type"] == "actions"]

    assert "`front` state: `open` → `shut`" in shown
    for word in ("*On*: `front`", "*Reversible*", "*Evidence kept before*", "*Expires*"):
        assert word in shown
    assert all(incident not in each["value"] for each in buttons["elements"])


def test_one_who_has_not_the_role_is_told_so_alone(service: Service, incident: str) -> None:
    room = service.room
    service.click(APPROVE, MALLORY)
    told = service.whispered(MALLORY)
    service.click(APPROVE, MALLORY)
    until(lambda: len(room.slack.whispers) > 1)
    room.turn()

    assert "for incident_commander to answer (Carol, Dave)" in told
    assert len(room.kinds(incident, "approval.refused")) == 1
    assert not agreed(room, incident)
    assert not any(MALLORY in text_of(each) for each in room.channel().messages)


def test_who_asked_for_it_cannot_approve_it_from_slack(service: Service, incident: str) -> None:
    people = {"incident_commander": service.room.plan.people["responder"]}
    service.room.plan = ResponsePlan(people=people)
    service.room.start()
    service.click(APPROVE, "U0TESTER1")

    assert "asked for by os:tester, which is you" in service.whispered("U0TESTER1")
    assert not agreed(service.room, incident)


def test_a_role_of_nobody_cannot_be_exercised_from_slack(service: Service, incident: str) -> None:
    service.room.plan = ResponsePlan()
    service.room.start()
    service.click(APPROVE, MALLORY)

    assert "names nobody for it" in service.whispered(MALLORY)
    assert not agreed(service.room, incident)


def test_buttons_work_after_a_restart(service: Service, incident: str) -> None:
    service.room.start()
    service.click(APPROVE, DAVE)
    service.whispered(DAVE)

    assert agreed(service.room, incident)


def test_a_denial_is_asked_for_its_words(service: Service, incident: str) -> None:
    room = service.room
    service.click(DENY, CAROL)
    [view] = until(lambda: room.slack.views)
    before = room.kinds(incident, "approval.denied")
    payload = room.slack.submit(view, REASON, "the *cellar* first <!channel>", CAROL)
    service.post("interactions", form_of(payload, interaction=True))
    service.whispered(CAROL)
    room.turn()
    [denied] = room.kinds(incident, "approval.denied")

    assert before == []
    assert denied.data["reason"] == "the *cellar* first <!channel>"
    assert "*Denied* by Carol at <!date^" in text_of(room.asked())
    assert ": the ∗cellar∗ first &lt;!channel&gt;" in text_of(room.asked())


def test_a_quorum_takes_two_people(service: Service, room: Room) -> None:
    step = {**ASKS, "approve": {"by": "incident_commander", "within": "15m", "quorum": 2}}
    incident = room.incident(step=step)
    room.turn()
    service.click(APPROVE, CAROL)
    service.whispered(CAROL)
    room.turn()
    shown = text_of(room.asked())
    still = agreed(room, incident)
    service.click(APPROVE, DAVE)
    service.whispered(DAVE)

    assert "approved by Carol; 1 more needed" in shown
    assert (still, agreed(room, incident)) == (False, True)


def test_the_first_answer_counts_and_the_second_is_told(service: Service, incident: str) -> None:
    message = json.loads(json.dumps(service.room.asked()))
    service.click(APPROVE, CAROL)
    service.whispered(CAROL)
    service.room.turn()
    service.click(APPROVE, DAVE, message)

    assert "was approved by" in service.whispered(DAVE)
    assert len(service.room.kinds(incident, "approval.given")) == 1


def test_the_same_click_sent_twice_is_worked_once(service: Service, incident: str) -> None:
    slack, room = service.room.slack, service.room
    body = form_of(slack.click(room.channel(), room.asked(), APPROVE, MALLORY), interaction=True)
    for _ in range(3):
        service.post("interactions", body)
    service.arrivals.close()

    assert len(slack.whispers) == 1


def test_a_button_in_another_channel_or_of_no_message_of_ours_is_refused(
    service: Service, incident: str
) -> None:
    room = service.room
    payload = room.slack.click(room.channel(), room.asked(), APPROVE, CAROL)
    payload["channel"]["id"] = "C0ELSEWHERE"
    service.post("interactions", form_of(payload, interaction=True))
    made_up = room.slack.click(room.channel(), room.asked(), APPROVE, DAVE)
    made_up["actions"][0]["value"] = f"{incident}-A1"
    service.post("interactions", form_of(made_up, interaction=True))

    assert "not in its incident's channel" in service.whispered(CAROL)
    assert "none that firedoor knows" in service.whispered(DAVE)
    assert not agreed(room, incident)


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("none", lambda body: {}),
        ("of another secret", lambda body: signed(body, "0" * 32)),
        ("too old", lambda body: signed(body, at=time.time() - 301)),
        ("of tomorrow", lambda body: signed(body, at=time.time() + 301)),
        ("of another body", lambda body: signed(body + b"x")),
        ("no number", lambda body: {**signed(body), "X-Slack-Request-Timestamp": "abc"}),
        ("no text", lambda body: {**signed(body), "X-Slack-Signature": b"v0=\xff\xfe"}),
    ],
)
def test_what_is_not_signed_by_slack_is_refused(
    service: Service, incident: str, name: str, headers: Callable[[bytes], dict[str, str]]
) -> None:
    room = service.room
    body = form_of(room.slack.click(room.channel(), room.asked(), APPROVE, CAROL), interaction=True)
    answered = service.post("interactions", body, headers(body))

    assert answered.status_code == 401
    assert not agreed(room, incident)


@pytest.mark.parametrize("way", ["events", "interactions", "commands"])
def test_bodies_that_cannot_be_read_are_no_fault(service: Service, way: str) -> None:
    bodies = (b"", b"\xff\xfe", b"payload=[", b"[1]", b"payload=[1]", b"{" * 100_000)
    codes = {service.post(way, body).status_code for body in bodies}

    assert codes <= {200, 400, 401}


def test_slack_s_question_whether_it_is_us_is_answered(service: Service) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()

    assert service.post("events", body).json() == {"challenge": "abc"}


def test_it_is_acknowledged_before_any_work_is_done(service: Service, incident: str) -> None:
    service.room.slack.down = True
    began = time.monotonic()
    for number in range(20):
        body = form_of({"text": "status", "trigger_id": f"t{number}"}, interaction=False)
        assert service.post("commands", body).status_code == 200

    assert time.monotonic() - began < 3
