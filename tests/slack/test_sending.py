"""What waits is said once and in order, whatever Slack does meanwhile."""

from __future__ import annotations

from datetime import timedelta

from firedoor.outbox import Draft
from firedoor.outbox import Room as Place
from tests.slack.conftest import ASKS, Room, text_of
from tests.slack.fake import Fault


def test_an_incident_has_a_private_channel_with_a_pinned_status_and_its_people(room: Room) -> None:
    incident = room.incident()
    room.turn()
    channel = room.channel()
    status = channel.top()[0]

    assert channel.private
    assert incident.lower() not in channel.name
    assert channel.pins == [status["ts"]]
    assert incident in text_of(status)
    assert set(channel.members) == {"U0CAROL01", "U0DAVE001", "U0TESTER1"}
    assert channel.topic.startswith("high · waiting · commander: nobody yet")
    assert room.slack.refused == []


def test_what_changes_edits_the_one_status_message(room: Room) -> None:
    incident = room.incident()
    room.turn()
    room.post.office().journal.append(
        incident,
        "severity.changed",
        {"from": "high", "to": "low", "why": "w"},
        by="os:c",
        at=room.now(),
    )
    room.turn()
    status, *others = room.channel().top()

    assert "low" in status["blocks"][0]["text"]["text"]
    assert status["edits"] >= 1
    assert sum("Severity is *low* now" in text_of(each) for each in others) == 1


def test_the_same_entries_are_said_once_also_after_a_restart(room: Room) -> None:
    room.incident()
    room.turn()
    before = [each["ts"] for each in room.channel().messages]
    room.start()
    room.turn()

    assert [each["ts"] for each in room.channel().messages][: len(before)] == before
    assert len(room.slack.channels) == 1
    assert sum("Approval" in text_of(each) for each in room.channel().top()) == 1


def test_a_message_whose_reply_was_lost_is_not_posted_twice(room: Room) -> None:
    room.slack.faults.append(Fault("chat.postMessage", after=True, cut=True))
    room.incident()
    room.turn()
    room.ahead = timedelta(seconds=60)
    room.turn()
    headings = [each["blocks"][0]["text"]["text"] for each in room.channel().top()]

    assert len(headings) == len(set(headings))
    assert room.channel().pins == [room.channel().top()[0]["ts"]]


def test_a_channel_whose_reply_was_lost_is_not_made_twice(room: Room) -> None:
    room.slack.faults.append(Fault("conversations.create", status=502, after=True))
    room.incident()
    room.turn()
    room.ahead = timedelta(seconds=60)
    room.turn()

    assert room.channel().pins


def test_a_taken_name_gets_a_number(room: Room) -> None:
    room.incident()
    room.turn()
    name = room.channel().name
    room.outbox.put(
        Place(incident="INC-2026-0999"), [Draft(key="x", kind="open", body={"name": name})]
    )
    while room.sender.once():
        pass

    assert sorted(each.name for each in room.slack.channels.values()) == [name, f"{name}-2"]


def test_asked_to_wait_it_waits_as_long_as_it_is_told(room: Room) -> None:
    limit = Fault("chat.postMessage", status=429, code="ratelimited", headers={"Retry-After": "30"})
    room.slack.faults.append(limit)
    room.incident()
    room.turn()
    tried = [method for method, _ in room.slack.calls].count("chat.postMessage")
    room.turn()
    again = [method for method, _ in room.slack.calls].count("chat.postMessage")
    room.ahead = timedelta(seconds=31)
    room.turn()

    assert (tried, again) == (1, 1)
    assert room.channel().pins


def test_with_slack_gone_everything_waits_and_comes_in_order(room: Room) -> None:
    room.slack.down = True
    incident = room.incident()
    room.turn()
    waits = room.outbox.waits()
    room.start()
    room.slack.down = False
    room.ahead = timedelta(minutes=10)
    room.turn()
    headings = [each["blocks"][0]["text"]["text"] for each in room.channel().top()]

    assert "Slack is not reached" in waits.why
    assert headings[0].startswith(incident)
    assert headings[1] == f"Approval {incident}-A1"
    assert room.outbox.waits().count == 0
    assert any("messages wait in the outbox, runs go on" in line for line in room.lines)


def test_an_archived_channel_holds_its_messages_until_it_is_back(room: Room) -> None:
    incident = room.incident()
    room.turn()
    room.channel().archived = True
    for number in (1, 2):
        told = {"role": "scribe", "to": f"os:p{number}"}
        journal = room.post.office().journal
        journal.append(incident, "role.assigned", told, by="os:c", at=room.now())
        room.turn()
    held = room.outbox.waits()
    room.channel().archived = False
    room.handling.work(
        "event", {"event": {"type": "group_unarchive", "channel": room.channel().id}}
    )
    room.turn()
    news = [text_of(each) for each in room.channel().top() if "scribe" in text_of(each)][-2:]

    assert "unarchive the channel" in held.why
    assert ["p1" in news[0], "p2" in news[1]] == [True, True]


def test_a_missing_scope_is_named_and_what_only_adorns_is_left_out(room: Room) -> None:
    for _ in range(3):
        room.slack.faults.append(
            Fault("pins.add", code="missing_scope", more={"needed": "pins:write"})
        )
    room.incident()
    for _ in range(3):
        room.turn()
        room.ahead += timedelta(minutes=6)

    assert any("add the scope pins:write" in line for line in room.lines)
    assert "Approval" in text_of(room.asked())


def test_blocks_that_slack_does_not_take_are_said_as_text(room: Room) -> None:
    room.slack.faults.append(Fault("chat.postMessage", code="invalid_blocks"))
    incident = room.incident()
    room.turn()
    first = room.channel().top()[0]

    assert first["blocks"] == []
    assert first["text"].startswith(incident)
    assert "Approval" in text_of(room.channel().top()[1])


def test_a_status_message_that_cannot_be_edited_is_posted_anew_and_pinned(room: Room) -> None:
    incident = room.incident()
    room.turn()
    first = room.channel().pins[0]
    room.slack.faults.append(Fault("chat.update", code="edit_window_closed"))
    journal = room.post.office().journal
    journal.append(
        incident, "role.assigned", {"role": "scribe", "to": "os:p"}, by="c", at=room.now()
    )
    room.turn()
    pins = room.channel().pins
    journal.append(
        incident, "role.assigned", {"role": "scribe", "to": "os:q"}, by="c", at=room.now()
    )
    room.turn()
    [status] = [each for each in room.channel().messages if each["ts"] == pins[0]]

    assert len(pins) == 1
    assert pins[0] != first
    assert "q" in text_of(status)


def test_an_incident_is_contained_while_slack_takes_no_message(room: Room) -> None:
    room.slack.down = True
    step = {key: value for key, value in ASKS.items() if key != "approve"}
    incident = room.incident(step=step)
    room.turn()

    assert room.kinds(incident, "run.finished")
    assert room.outbox.waits().count > 0


def test_that_an_approval_was_told_is_journalled_and_that_it_could_not_be(room: Room) -> None:
    room.slack.faults += [Fault("chat.postMessage", code="not_in_channel") for _ in range(1)]
    incident = room.incident()
    room.turn()
    room.ahead = timedelta(minutes=6)
    room.turn()
    [told] = room.kinds(incident, "alert.sent")

    assert told.data == {"id": f"{incident}-A1", "channel": "slack"}
