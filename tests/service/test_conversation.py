"""Whatever comes over the socket ends its own connection, and nothing else."""

from __future__ import annotations

import json
import socket
import threading
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firedoor.service import conversation
from firedoor.service.conversation import converse
from firedoor.service.peer import Peer
from firedoor.service.post import Post
from firedoor.service.protocol import MAX_BYTES, ResumeWanted
from firedoor.service.surroundings import here
from tests.service.conftest import Line


def told(line: Line) -> dict[str, Any]:
    """The last thing that is heard."""
    return line.heard()[-1]


def resume(post: Post, incident: str = "INC-2026-0001", **other: Any) -> bytes:
    surroundings = msgspec.structs.replace(here(post.home), **other)
    return msgspec.json.encode(ResumeWanted(surroundings=surroundings, incident=incident)) + b"\n"


def test_a_resident_says_first_which_version_it_is(line: Line) -> None:
    line.say(b"x\n")
    first = line.heard()[0]

    assert (first["type"], first["version"]) == ("here", 1)


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"{}\n",
        b'{"type": "run"}\n',
        b'{"type": "agreed", "digest": "x", "how": ""}\n',
        b"\xff\xfe\x00\n",
        b"[" * 50_000 + b"\n",
        b"null\n",
    ],
)
def test_garbage_is_answered_with_what_is_wrong_and_the_end(line: Line, garbage: bytes) -> None:
    line.say(garbage)
    found = told(line)

    assert (found["type"], found["kind"], found["exit_code"]) == ("failed", "bad_input", 2)
    assert line.over()


def test_a_line_without_end_is_not_held_for_ever(line: Line) -> None:
    line.say(b"x" * MAX_BYTES)
    found = told(line)

    assert f"more than {MAX_BYTES} bytes" in found["message"]


def test_half_a_message_ends_with_its_connection(line: Line) -> None:
    line.say(b'{"type": "run", "runb')
    line.connection.close()

    assert line.over()


def test_one_who_says_nothing_is_not_waited_for(
    line: Line, monkeypatch: pytest.MonkeyPatch, post: Post
) -> None:
    monkeypatch.setattr(conversation, "REQUEST_SECONDS", 0.2)
    mine, theirs = socket.socketpair()
    thread = threading.Thread(target=converse, args=(post, theirs))
    thread.start()
    thread.join(3)
    mine.close()

    assert not thread.is_alive()


def test_one_who_says_a_letter_at_a_time_is_not_waited_for_either(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "REQUEST_SECONDS", 0.4)
    mine, theirs = socket.socketpair()
    thread = threading.Thread(target=converse, args=(post, theirs))
    thread.start()
    began = time.monotonic()
    while thread.is_alive() and time.monotonic() - began < 5:
        try:
            mine.sendall(b"{")
        except OSError:
            break
        time.sleep(0.05)
    thread.join(1)
    mine.close()

    assert not thread.is_alive()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda each: (
            st.lists(each, max_size=3)
            | st.dictionaries(st.sampled_from(["type", "version", "runbook", "incident"]), each)
        ),
        max_leaves=8,
    ).map(lambda each: json.dumps(each).encode())
)
def test_nothing_that_is_sent_goes_through_as_a_fault(post: Post, sent: bytes) -> None:
    mine, theirs = socket.socketpair()
    mine.sendall(sent + b"\n")
    mine.shutdown(socket.SHUT_WR)
    converse(post, theirs)
    mine.close()


def test_a_stranger_is_refused_and_that_is_logged(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "peer_of", lambda _: Peer(pid=7, uid=4242, gid=4242))
    mine, theirs = socket.socketpair()
    converse(post, theirs)
    heard = [json.loads(line) for line in mine.recv(65536).splitlines()]
    mine.close()

    assert [each["type"] for each in heard] == ["failed"]
    assert heard[0]["kind"] == "refused"
    assert post.lines == ["refused os:4242 (uid 4242, pid 7): not of the group"]  # type: ignore[attr-defined]


def test_a_shell_that_is_set_up_for_something_else_is_refused_with_what_to_do(
    line: Line, post: Post
) -> None:
    line.say(resume(post, profile="prod"))
    found = told(line)

    assert found["kind"] == "refused"
    assert "AWS_PROFILE is prod here and not set there" in found["message"]
    assert "FIREDOOR_RESIDENT=off" in found["message"]


@pytest.mark.parametrize("incident", ["DRILL-2026-0001", "EX-2026-0001"])
def test_what_was_played_is_not_of_this_home(line: Line, post: Post, incident: str) -> None:
    line.say(resume(post, incident))
    found = told(line)

    assert (found["kind"], found["exit_code"]) == ("refused", 3)
    assert "drills and exercises have their own" in found["message"]


def test_an_incident_that_is_not_there_is_not_found(line: Line, post: Post) -> None:
    line.say(resume(post))
    found = told(line)

    assert (found["kind"], found["exit_code"]) == ("not_found", 2)


def test_one_who_comes_while_it_stops_is_told_that_nothing_was_begun(
    line: Line, post: Post
) -> None:
    office = post.office()
    office.journal.open_incident("INC", at=datetime.now(UTC), by="os:x")
    year = office.journal.incidents()[0]
    post.gate.shut()
    post.turns.wake()
    line.say(resume(post, year))
    found = told(line)

    assert (found["kind"], found["exit_code"]) == ("parked", 3)
    assert "nothing was begun" in found["message"]
