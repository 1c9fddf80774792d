"""What attackers write in our messages is shown, and does nothing."""

from __future__ import annotations

import pytest

from firedoor.slack import wording
from tests.slack.conftest import ASKS, Room, text_of
from tests.slack.fake import check_message

HOSTILE = [
    "<!channel> <!here> <@U0CAROL01> @channel @everyone",
    "*bold* _slanted_ ~gone~ `code` ```block```",
    "http://evil.example/<a|b> mailto:x@y.z www.evil.example",
    "line\nbreak\ttab\x00\x1b[31mred\u202egnitset",
    "&" * 10_000,
    "A" * 10_000,
    "\ue000 \U000e0001 x",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_neither_pings_nor_links_nor_breaks(room: Room, text: str) -> None:
    step = {**ASKS, "approve": {"by": "incident_commander", "within": "15m"}}
    incident = room.incident(title=text, step=step)
    room.post.office().journal.append(
        incident, "note.added", {"section": "timeline", "text": text}, by="os:c", at=room.now()
    )
    room.turn()
    shown = "\n".join(text_of(each) for each in room.channel().messages)

    assert room.slack.refused == []
    assert not any("form" in line for line in room.lines)
    assert not any(letter in shown for letter in "\x00\x1b\u202e")


@pytest.mark.parametrize("text", HOSTILE)
def test_prose_and_names_are_cut_with_a_mark(text: str) -> None:
    for made in (wording.said(text, 100), wording.name(text, 100), wording.flat(text, 100)):
        check_message({"text": made})

        assert len(made) <= 102
        assert wording.CUT in made or len(text) < 100


def test_marks_of_slack_in_prose_are_letters_that_look_alike() -> None:
    assert wording.said("*b* _i_ ~s~ `c` a_b") == "∗b∗ ˍiˍ ∼s∼ ˋcˋ a_b"


def test_names_keep_every_letter() -> None:
    assert wording.name("ci_deployer*2") == "`ci_deployer*2`"


def test_key_ids_are_shortened_and_secrets_masked() -> None:
    told = wording.said("AKIAIOSFODNN7EXAMPLE password=hunter2hunter2")

    assert "AKIAIOSFODNN7EXAMPLE" not in told
    assert "hunter2" not in told
