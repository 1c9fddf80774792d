"""A pushpin puts a message on the timeline, once, by people of the plan."""

from __future__ import annotations

import pytest

from tests.slack.conftest import CAROL, DAVE, MALLORY, Room, text_of


@pytest.fixture
def incident(room: Room) -> str:
    """With a channel in which Dave has said something."""
    made = room.incident()
    room.turn()
    room.channel().messages.append(
        {"ts": "1795575000.000100", "text": "a &lt;b&gt; &amp;amp; <!channel> door", "user": DAVE}
    )
    return made


def pin(room: Room, user: str, ts: str = "1795575000.000100", reaction: str = "pushpin") -> None:
    """Somebody reacts to a message."""
    item = {"type": "message", "channel": room.channel().id, "ts": ts}
    event = {"type": "reaction_added", "user": user, "reaction": reaction, "item": item}
    room.handling.work("event", {"event": event})


def test_a_pinned_message_is_noted_once_with_its_author_and_its_time(
    room: Room, incident: str
) -> None:
    pin(room, CAROL)
    pin(room, DAVE)
    room.turn()
    [note] = room.kinds(incident, "note.added")
    lines = "\n".join(text_of(m) for m in room.channel().messages if m.get("thread_ts"))

    assert note.by == f"slack:{CAROL}"
    assert note.data["author"] == f"slack:{DAVE}"
    assert note.data["when"] == "2026-11-25T02:50:00.000Z"
    assert "a &lt;b&gt; &amp;amp; &lt;!channel&gt; door" in lines
    assert note.data["text"] == "a <b> &amp; <!channel> door"
    assert [who for who, _ in room.slack.whispers] == [CAROL]


@pytest.mark.parametrize(
    ("user", "reaction", "ts", "told"),
    [
        (MALLORY, "pushpin", "1795575000.000100", "names nobody"),
        (CAROL, "thumbsup", "1795575000.000100", ""),
        (CAROL, "pushpin", "1795575000.999999", "that message is gone"),
    ],
)
def test_what_is_not_to_be_noted_is_not(
    room: Room, incident: str, user: str, reaction: str, ts: str, told: str
) -> None:
    pin(room, user, ts, reaction)

    assert room.kinds(incident, "note.added") == []
    assert told in "".join(text for _, text in room.slack.whispers)


def test_what_firedoor_says_itself_is_not_noted_again(room: Room, incident: str) -> None:
    pin(room, CAROL, room.channel().top()[0]["ts"])

    assert "stands in the journal already" in room.slack.whispers[-1][1]
