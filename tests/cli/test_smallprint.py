"""What new users stumbled over: small things that commands say, keep or refuse."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from firedoor.actions.cloudtrail._events import Found, sweep
from tests.cli.conftest import USER, Firedoor, World
from tests.cli.test_aftercare import open_again


def test_a_second_freeze_keeps_who_and_when_and_takes_the_new_reason(firedoor: Firedoor) -> None:
    first = firedoor("freeze", "--reason", "a deployment runs", "--json").json["frozen"]
    again = firedoor("freeze")
    changed = firedoor("freeze", "--reason", "the deployment failed")
    state = firedoor("freeze", "--json").json["frozen"]

    assert "It was frozen already; the reason stays." in again.out
    assert "the reason is new (it was: a deployment runs)" in changed.out
    assert state == {**first, "reason": "the deployment failed"}


def test_an_account_that_is_none_is_bad_input(firedoor: Firedoor) -> None:
    ended = firedoor("plan", "compromised-credentials", "user=x", "--account", "12")

    assert ended.code == 2
    assert "12 digits" in ended.err


def test_help_says_what_an_interruption_ends_with(firedoor: Firedoor) -> None:
    assert "130 interrupted" in firedoor("--help").out


@pytest.fixture
def incident(firedoor: Firedoor, world: World) -> str:
    """A user who was shut out."""
    told = firedoor(
        "run", "compromised-credentials", f"user={USER}", "--yes", "--break-glass", "--json"
    )
    return str(told.json["incident"])


def test_undo_says_how_what_stays_shut_is_opened(firedoor: Firedoor, incident: str) -> None:
    assert '--reopen "WHY"' in firedoor("undo", incident, "--yes").err


def test_a_journal_is_exported_as_one_document_too(
    firedoor: Firedoor, incident: str, tmp_path: Path
) -> None:
    whole = firedoor("journal", "export", incident, "--json").json
    path = tmp_path / "journal.jsonl"
    told = firedoor("journal", "export", incident, "-o", str(path), "--json").json

    assert whole["incident"] == incident
    assert whole["head"] == whole["entries"][-1]["hash"]
    assert told == {
        "incident": incident,
        "head": whole["head"],
        "path": str(path),
        "entries": len(whole["entries"]),
    }
    assert firedoor("journal", "verify", str(path)).code == 0


def test_a_proof_that_a_later_look_overtook_is_marked_in_status(
    firedoor: Firedoor, world: World, incident: str
) -> None:
    open_again(world)
    firedoor("verify", incident)

    steps = firedoor("status", incident, "--json").json["runs"][0]["steps"]

    assert [each["id"] for each in steps if each.get("superseded")] == ["keys"]
    assert "NOT at a later look" in firedoor("status", incident).out


def test_a_journal_that_was_touched_is_told_wherever_it_is_relied_on(
    firedoor: Firedoor, incident: str, tmp_path: Path
) -> None:
    connection = sqlite3.connect(tmp_path / "home" / "firedoor.db")
    with connection:
        connection.execute("update entries set by = 'os:nobody' where kind = 'step.finished'")
    connection.close()

    for words in (
        ("status", incident),
        ("report", incident),
        ("note", incident, "nothing was lost"),
    ):
        assert "THE JOURNAL DOES NOT VERIFY" in firedoor(*words).err
    told = firedoor("status", incident, "--json").json

    assert told["journal"]["holds"] is False


def test_regions_that_could_not_be_read_are_summed_up() -> None:
    def refused(region: str) -> Found:
        note = f"CloudTrail in {region} could not be read: AccessDenied"
        return Found(unread={region: "AccessDenied"}, unknown=[note])

    one = sweep(["eu-west-1"], refused)
    many = sweep([f"eu-west-{number}" for number in range(1, 8)], refused)

    assert one.unknown == ["CloudTrail in eu-west-1 could not be read: AccessDenied"]
    assert many.unknown == [
        "CloudTrail in 7 Regions could not be read: AccessDenied "
        "(eu-west-1, eu-west-2, eu-west-3, eu-west-4, …)"
    ]
