"""`/firedoor`: what people of the plan do from Slack."""

from __future__ import annotations

import pytest

from firedoor.approval import asked_of
from firedoor.freezing import frozen
from firedoor.summary import summarize
from tests.slack.conftest import CAROL, MALLORY, Room


@pytest.fixture
def incident(room: Room) -> str:
    """It waits, and has a channel."""
    made = room.incident()
    room.turn()
    return made


def say(room: Room, text: str, user: str = CAROL, channel: str = "") -> str:
    """Type `/firedoor text` in the incident's channel; what one is told."""
    before = len(room.slack.whispers)
    room.handling.work("command", room.slack.command(text, user, channel or room.channel().id))
    [(who, told)] = room.slack.whispers[before:]

    assert who == user
    return told


def test_without_words_it_says_what_there_is(room: Room, incident: str) -> None:
    assert "`approve APPROVAL [REASON]`" in say(room, "")


def test_whoever_is_not_in_the_plan_learns_nothing(room: Room, incident: str) -> None:
    told = say(room, f"status {incident}", MALLORY)

    assert "names nobody with that id" in told
    assert "Fire" not in told


def test_status_of_the_channel_and_of_all(room: Room, incident: str) -> None:
    assert f"`{incident}-A1` Shut it?" in say(room, "status")
    assert f"{incident}: waiting, 1 waiting" in say(room, "status", channel="C0OTHER")


def test_approve_and_deny_go_through_the_door(room: Room, incident: str) -> None:
    refused = say(room, f"approve {incident}-A1", "U0TESTER1")
    wordless = say(room, f"deny {incident}-A1")
    said = say(room, f"deny {incident}-A1 don't, the cellar first")

    assert "for incident_commander to answer" in refused
    assert "say why" in wordless
    assert "is denied" in said
    assert asked_of(room.entries(incident))[0].denied == (
        f"slack:{CAROL} said no: don't, the cellar first"
    )


def test_severity_role_note_and_update_are_journalled_under_the_slack_id(
    room: Room, incident: str
) -> None:
    say(room, "severity low only a drill of the doors")
    say(room, "role scribe <@U0DAVE001|dave>")
    say(room, "note the back door was open too")
    say(room, "update two doors open; shutting them; a locksmith")
    found = {entry.kind: entry for entry in room.entries(incident)}

    assert summarize(room.entries(incident)).severity == "low"
    assert found["role.assigned"].data == {"role": "scribe", "to": "slack:U0DAVE001"}
    assert found["note.added"].data["text"] == (
        "Conditions: two doors open. Actions: shutting them. Needs: a locksmith."
    )
    assert {entry.by for entry in found.values() if entry.kind == "note.added"} == {
        f"slack:{CAROL}"
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("frobnicate", "no command"),
        ("severity dreadful", "say one of"),
        ("role king", "say one of"),
        ("role scribe dave", "name somebody with @"),
        ("note", "a note needs a text"),
        ("update all well", "three parts"),
        ("close", "say why it is over"),
        ("status INC-2020-0001", "no incident"),
        ("approve", "name the approval"),
        ("approve x", "no approval"),
    ],
)
def test_what_cannot_be_done_is_said(room: Room, incident: str, text: str, why: str) -> None:
    assert why in say(room, text)


def test_freeze_stops_automatic_change_and_says_who_did(room: Room, incident: str) -> None:
    say(room, "freeze a wrong playbook")
    state = frozen(room.post.home)

    assert state is not None
    assert (state.by, state.reason) == (f"slack:{CAROL}", "a wrong playbook")


def test_an_incident_that_waits_is_not_closed(room: Room, incident: str) -> None:
    assert "waits for an answer" in say(room, "close it is over")


def test_closed_it_is_exported_verified_and_archived(room: Room, incident: str) -> None:
    say(room, f"deny {incident}-A1 no fire at all")
    room.resume(incident)
    say(room, "close false_positive no fire at all")
    room.turn()
    last = room.channel().top()[-1]

    assert room.channel().archived
    assert "pieces of evidence verify" in last["text"]
    assert (room.post.home / "exports" / f"{incident}.jsonl").is_file()


def test_what_does_not_verify_keeps_its_channel(room: Room, incident: str) -> None:
    say(room, f"deny {incident}-A1 no fire at all")
    room.resume(incident)
    say(room, "close false_positive no fire at all")
    anchors = room.post.office().journal.anchors(incident)
    anchors.write_text("".join(anchors.read_text().splitlines(keepends=True)[:-4]))
    room.turn()

    assert not room.channel().archived
    assert "This channel stays open" in room.channel().top()[-1]["text"]


def test_worked_again_it_gets_another_channel(room: Room, incident: str) -> None:
    say(room, f"deny {incident}-A1 no fire at all")
    room.resume(incident)
    say(room, "close false_positive no fire at all")
    room.turn()
    again = {"from": "closed", "to": "open", "reason": "fire after all"}
    room.post.office().journal.append(incident, "status.changed", again, by="t", at=room.now())
    room.turn()
    room.turn()
    first, second = room.slack.channels.values()

    assert (first.archived, second.archived) == (True, False)
    assert second.name != first.name
    assert room.outbox.waits().count == 0
