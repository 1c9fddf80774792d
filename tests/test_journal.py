"""The journal keeps every entry, and shows when somebody has touched one."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firedoor.errors import BadInput, NotFound
from firedoor.journal import Journal, verify_file
from firedoor.store import Store

NOW = datetime(2026, 3, 1, 4, 5, 6, 789000, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(Store.open(tmp_path / "home"))


def opened(journal: Journal, notes: int = 3) -> str:
    incident = journal.open_incident("INC", at=NOW, by="os:tester", title="A leaked key")
    for number in range(notes):
        journal.append(incident, "note.added", {"text": f"note {number}"}, by="os:tester", at=NOW)
    return incident


def tamper(journal: Journal, statement: str) -> None:
    with sqlite3.connect(journal.home / "firedoor.db") as connection:
        connection.execute(statement)


def test_incidents_are_numbered_by_year_and_prefix(journal: Journal) -> None:
    ids = [
        journal.open_incident("INC", at=NOW, by="x"),
        journal.open_incident("INC", at=NOW, by="x"),
        journal.open_incident("DRILL", at=NOW, by="x"),
        journal.open_incident("INC", at=NOW.replace(year=2027), by="x"),
    ]

    assert ids == ["INC-2026-0001", "INC-2026-0002", "DRILL-2026-0001", "INC-2027-0001"]


def test_an_entry_comes_back_as_it_was_written(journal: Journal) -> None:
    incident = opened(journal, 1)

    entry = Journal(Store.open(journal.home)).entries(incident)[1]

    assert (entry.seq, entry.at, entry.kind, entry.data) == (
        2,
        "2026-03-01T04:05:06.789Z",
        "note.added",
        {"text": "note 0"},
    )


def test_an_untouched_journal_holds(journal: Journal) -> None:
    found = journal.verify(opened(journal))

    assert (found.holds, found.entries, found.problems, found.notes) == (True, 4, (), ())


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ('update entries set data=\'{"text":"another"}\' where seq=2', "#2 (note.added) was chan"),
        ("update entries set data='not json' where seq=2", "#2 (note.added) was changed"),
        ("update entries set \"by\"='somebody' where seq=3", "#3 (note.added) was changed"),
        ("delete from entries where seq=2", "entry #2 is missing"),
        ("delete from entries where seq=4", "entry #4 was written and is gone"),
    ],
)
def test_a_touched_journal_does_not_hold(journal: Journal, statement: str, says: str) -> None:
    incident = opened(journal)

    tamper(journal, statement)
    found = journal.verify(incident)

    assert not found.holds
    assert any(says in problem for problem in found.problems), found.problems


def test_a_missing_anchor_file_is_said(journal: Journal) -> None:
    incident = opened(journal)

    (journal.home / "anchors" / f"{incident}.txt").unlink()

    assert "a cut-off end could not be seen" in journal.verify(incident).notes[0]


def test_secrets_are_masked_before_they_are_written(journal: Journal) -> None:
    incident = opened(journal, 0)
    secret = {"credentials": {"secretAccessKey": "wJalrXUtnFEMI", "accessKeyId": "AKIAIOSFODNN7"}}

    entry = journal.append(incident, "error", secret, by="x", at=NOW)

    assert entry.data["credentials"] == {
        "secretAccessKey": "«secret»",
        "accessKeyId": "AKIAIOSFODNN7",
    }
    assert b"wJalrXUtnFEMI" not in (journal.home / "firedoor.db").read_bytes()


def test_threads_append_to_one_chain(journal: Journal) -> None:
    incident = opened(journal, 0)

    def append() -> None:
        for _ in range(20):
            journal.append(incident, "note.added", {}, by="x", at=NOW)

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = journal.verify(incident)

    assert (found.holds, found.entries) == (True, 81)


def test_an_exported_journal_verifies_by_itself(journal: Journal, tmp_path: Path) -> None:
    incident = opened(journal)
    file = tmp_path / "journal.jsonl"

    file.write_bytes(journal.export(incident))
    whole = verify_file(file)
    file.write_bytes(journal.export(incident).replace(b"note 1", b"note 7"))
    changed = verify_file(file)

    assert (whole.incident, whole.holds, whole.head) == (
        incident,
        True,
        journal.entries(incident)[-1].hash,
    )
    assert not changed.holds


def test_a_file_that_is_no_journal_is_bad_input(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(b'{"seq": 1}\n')

    with pytest.raises(BadInput, match="not a journal entry"):
        verify_file(file)


def test_an_unknown_incident_is_not_found(journal: Journal) -> None:
    with pytest.raises(NotFound, match="INC-2026-0009"):
        journal.entries("INC-2026-0009")
