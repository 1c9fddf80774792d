"""Whatever somebody does to a journal in the database, or to its anchors, is found."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from firedoor.anchors import Anchoring
from firedoor.chain import START, Entry, hash_of
from firedoor.errors import NotFound, StoreUnavailable
from firedoor.journal import Journal, Verification, verify_file
from firedoor.store import Store

NOW = datetime(2026, 3, 1, 4, 5, 6, 789000, tzinfo=UTC)
INCIDENT = "INC-2026-0001"


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """An incident of seven entries."""
    made = Journal(Store.open(tmp_path / "home"))
    made.open_incident("INC", at=NOW, by="os:tester", title="A leaked key")
    for number in range(2, 8):
        note(made, f"note {number}")
    return made


def note(journal: Journal, text: str) -> Entry:
    return journal.append(INCIDENT, "note.added", {"text": text}, by="os:tester", at=NOW)


def sql(journal: Journal, *statements: str) -> None:
    connection = sqlite3.connect(journal.home / "firedoor.db")
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def verified(journal: Journal) -> Verification:
    """As another process finds it."""
    return Journal(Store.open(journal.home)).verify(INCIDENT)


def write(journal: Journal, entries: list[Entry]) -> None:
    """Put entries into the database in place of those that are there."""
    sql(journal, "delete from entries")
    connection = sqlite3.connect(journal.home / "firedoor.db")
    with connection:
        for entry in entries:
            told = {**msgspec.structs.asdict(entry), "incident": INCIDENT}
            told["data"] = msgspec.json.encode(entry.data, order="sorted").decode()
            names = ", ".join(f'"{name}"' for name in told)
            marks = ", ".join("?" for _ in told)
            connection.execute(
                f"insert into entries ({names}) values ({marks})", tuple(told.values())
            )
    connection.close()


def rechained(entries: list[Entry]) -> list[Entry]:
    """Entries with numbers and hashes that fit each other."""
    made: list[Entry] = []
    for number, entry in enumerate(entries, start=1):
        prev = made[-1].hash if made else START
        draft = msgspec.structs.replace(entry, seq=number, prev=prev, hash="")
        made.append(msgspec.structs.replace(draft, hash=hash_of(draft)))
    return made


@pytest.mark.parametrize(
    "statements",
    [
        ('update entries set data=\'{"text":"another"}\' where seq=3',),
        ("update entries set at='2026-03-01T00:00:00.000Z' where seq=3",),
        ("update entries set kind='step.receipt' where seq=3",),
        ("delete from entries where seq=1",),
        ("delete from entries where seq=3",),
        (
            "delete from entries where seq=3",
            "update entries set seq=seq-1 where seq>3",
        ),
        ("delete from entries where seq=7",),
        ("delete from entries where seq>3",),
        (
            "update entries set seq=100 where seq=3",
            "update entries set seq=3 where seq=4",
            "update entries set seq=4 where seq=100",
        ),
        (
            "update entries set seq=seq+100 where seq>3",
            "insert into entries select incident, 4, at, wall, kind, by, run, step, data, prev, "
            "hash from entries where seq=3",
            "update entries set seq=seq-99 where seq>100",
        ),
    ],
    ids=[
        "data",
        "time",
        "kind",
        "first gone",
        "middle gone",
        "middle gone and renumbered",
        "last gone",
        "tail cut off",
        "two swapped",
        "one put in",
    ],
)
def test_what_was_changed_dropped_inserted_or_reordered_is_found(
    journal: Journal, statements: tuple[str, ...]
) -> None:
    assert verified(journal).holds

    sql(journal, *statements)

    assert not verified(journal).holds


FORGERIES: dict[str, Callable[[list[Entry]], list[Entry]]] = {
    "one changed": lambda old: [
        msgspec.structs.replace(each, by="os:nobody") if each.seq == 3 else each for each in old
    ],
    "one dropped": lambda old: [each for each in old if each.seq != 3],
    "one inserted": lambda old: [*old[:3], old[2], *old[3:]],
    "two swapped": lambda old: [*old[:2], old[3], old[2], *old[4:]],
    "tail cut off": lambda old: old[:4],
    "one added at the end": lambda old: [*old, old[-1]],
}


@pytest.mark.parametrize("forged", FORGERIES)
def test_a_chain_written_anew_with_hashes_that_fit_is_caught_by_the_anchors(
    journal: Journal, forged: str, tmp_path: Path
) -> None:
    write(journal, rechained(FORGERIES[forged](journal.entries(INCIDENT))))
    other = Journal(Store.open(journal.home))
    file = tmp_path / "export.jsonl"
    file.write_bytes(other.export(INCIDENT))

    assert verify_file(file).holds, "the chain by itself fits"
    assert not other.verify(INCIDENT).holds


def test_a_journal_that_was_removed_as_a_whole_is_missed(journal: Journal) -> None:
    sql(journal, "delete from entries")

    assert "entry #1 was written and is gone" in verified(journal).problems


def anchors(journal: Journal) -> Path:
    return journal.anchors(INCIDENT)


def test_removed_anchors_are_a_note(journal: Journal) -> None:
    anchors(journal).unlink()

    found = verified(journal)

    assert found.holds
    assert "no anchors" in found.notes[0]


def test_entries_after_the_anchors_were_removed_are_anchored_again(journal: Journal) -> None:
    anchors(journal).unlink()
    note(journal, "later")

    assert verified(journal).problems == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (" ended", " endet"),
        ("3 ", "9 "),
        ("\n", "\nnonsense\n"),
    ],
)
def test_edited_anchors_are_a_problem(journal: Journal, old: str, new: str) -> None:
    text = anchors(journal).read_text()
    anchors(journal).write_text(text.replace(old, new, 1))

    assert not verified(journal).holds


def test_an_anchor_whose_hash_was_edited_is_a_problem(journal: Journal) -> None:
    lines = anchors(journal).read_text().splitlines(keepends=True)
    number, digest, rest = lines[3].split(" ", 2)
    lines[3] = f"{number} {digest[::-1]} {rest}"
    anchors(journal).write_text("".join(lines))

    assert verified(journal).problems == ("entry #4 is not the one that was written",)


def test_an_entry_without_its_anchor_was_not_written_by_firedoor(journal: Journal) -> None:
    lines = anchors(journal).read_text().splitlines(keepends=True)
    anchors(journal).write_text("".join(lines[:-1]))

    assert "entry #7 has no anchor" in verified(journal).problems[0]


def test_a_crash_before_the_commit_leaves_a_journal_that_holds(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Anchoring.begin

    def begin(self: Anchoring, *words: object) -> None:
        whole(self, *words)  # type: ignore[arg-type]
        raise Killed

    monkeypatch.setattr(Anchoring, "begin", begin)
    with pytest.raises(Killed):
        note(journal, "never committed")
    monkeypatch.undo()
    crashed = verified(journal)
    note(journal, "after it")

    assert (crashed.problems, crashed.entries) == ((), 7)
    assert (verified(journal).problems, verified(journal).entries) == ((), 8)


def test_a_crash_after_the_commit_leaves_a_journal_that_holds(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(self: Anchoring) -> None:
        raise Killed

    monkeypatch.setattr(Anchoring, "end", end)
    with pytest.raises(Killed):
        note(journal, "committed")
    monkeypatch.undo()

    assert (verified(journal).problems, verified(journal).entries) == ((), 8)


def test_an_anchor_that_cannot_be_written_lets_nothing_be_committed(journal: Journal) -> None:
    path = anchors(journal)
    path.unlink()
    path.mkdir()

    with pytest.raises(StoreUnavailable, match="cannot be written"):
        note(journal, "nowhere")

    path.rmdir()
    assert verified(journal).entries == 7


def test_an_incident_whose_number_was_taken_when_it_crashed_is_not_listed(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def append(*_: object, **__: object) -> Entry:
        raise Killed

    monkeypatch.setattr(journal, "append", append)
    with pytest.raises(Killed):
        journal.open_incident("INC", at=NOW, by="x")
    monkeypatch.undo()

    assert journal.incidents() == [INCIDENT]
    assert journal.open_incident("INC", at=NOW, by="x") == "INC-2026-0003"


def test_an_exported_journal_in_another_order_does_not_hold(
    journal: Journal, tmp_path: Path
) -> None:
    file = tmp_path / "export.jsonl"
    lines = journal.export(INCIDENT).splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:2], lines[3], lines[2], *lines[4:]]))

    assert not verify_file(file).holds


def test_an_export_tells_its_head_so_that_a_cut_off_end_can_be_seen(
    journal: Journal, tmp_path: Path
) -> None:
    file = tmp_path / "export.jsonl"
    file.write_bytes(b"".join(journal.export(INCIDENT).splitlines(keepends=True)[:-1]))

    found = verify_file(file)

    assert found.head != journal.verify(INCIDENT).head
    assert "compare the head hash" in found.notes[0]


def test_an_export_verifies_where_there_is_no_database(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "export.jsonl"
    file.write_bytes(journal.export(INCIDENT))
    head = journal.entries(INCIDENT)[-1].hash
    monkeypatch.setattr(Store, "open", lambda *_: pytest.fail("a store was opened"))

    assert (verify_file(file).holds, verify_file(file).head) == (True, head)
    assert json.loads(file.read_text().splitlines()[0])["data"]["id"] == INCIDENT


def test_an_unknown_incident_cannot_be_verified(journal: Journal) -> None:
    with pytest.raises(NotFound):
        journal.verify("INC-2026-0099")
