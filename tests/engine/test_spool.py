"""A full disk stops no containment in break-glass; what cannot be written down is not done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from firedoor.approval import AlwaysTheSame, Answer
from firedoor.engine.desk import Office
from firedoor.engine.merging import merge
from firedoor.engine.running import resume, start
from firedoor.engine.spool import Spool
from firedoor.engine.undo import plan_undo, undo
from firedoor.errors import StoreUnavailable
from firedoor.evidence import Vault
from firedoor.journal import Entry, Journal
from firedoor.ledger import LocalLedger
from tests.engine.conftest import LOOK, SHUT, Cloud, desk_for, program_of

YES = AlwaysTheSame(Answer(yes=True, by="os:commander", how="scripted"))
DOORS = {"doors": ["front", "back", "cellar"]}
SHUT_ALL = {"front": "shut", "back": "shut", "cellar": "shut"}


@pytest.fixture(autouse=True)
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "spool"
    monkeypatch.setenv("FIREDOOR_SPOOL", str(folder))
    return folder


@contextmanager
def full(office: Office) -> Iterator[None]:
    """Meanwhile SQLite cannot make the database any larger: it says that the disk is full."""
    taken = LocalLedger._taken

    def no_more(ledger: LocalLedger) -> Any:
        connection = taken(ledger)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    with pytest.MonkeyPatch.context() as filling:
        filling.setattr(LocalLedger, "_taken", no_more)
        yield
    for connection in office.journal.store._idle:
        connection.execute("PRAGMA max_page_count = 1073741823")


def begun(tmp_path: Path, cloud: Cloud, *, break_glass: bool) -> Any:
    """A desk of a home of its own."""
    return desk_for(Office.open(tmp_path / "home", break_glass=break_glass), cloud, people=YES)


def use_up(office: Office, now: datetime) -> None:
    """Use up what little room the last pages have."""
    for _ in range(200):
        office.journal.append("INC-0000-0000", "x", {"y": "z" * 500}, by="x", at=now)


def run_full(desk: Any, at: int) -> str:
    """Run with the disk full from the `at`-th entry on; how it ended."""
    office = Office(desk.recorder.journal.home, desk.recorder.journal, desk.recorder.vault)
    filled = full(office)

    def fill(entry: Entry) -> None:
        if entry.seq == at:
            filled.__enter__()
            with pytest.raises(StoreUnavailable):
                use_up(office, desk.aws.now())

    desk.recorder._listeners.append(fill)
    try:
        return start(desk, program_of(SHUT, LOOK), DOORS, break_glass=True).status
    except StoreUnavailable as error:
        return error.kind
    finally:
        filled.__exit__(None, None, None)


@pytest.mark.parametrize("at", range(2, 17))
def test_in_break_glass_a_disk_that_fills_up_at_any_entry_stops_nothing(
    tmp_path: Path, cloud: Cloud, at: int
) -> None:
    desk = begun(tmp_path, cloud, break_glass=True)

    ended = run_full(desk, at)

    assert (ended, cloud.doors) == ("contained", SHUT_ALL)
    assert sorted(cloud.moves) == [("back", "shut"), ("front", "shut")]


@pytest.mark.parametrize("at", [3, 6, 9])
def test_what_was_spooled_is_merged_into_the_journal_in_order_and_says_so(
    tmp_path: Path, cloud: Cloud, at: int
) -> None:
    whole = begun(tmp_path / "whole", Cloud(front="open", back="open"), break_glass=True)
    start(whole, program_of(SHUT, LOOK), {"doors": ["front", "back"]}, break_glass=True)
    desk = begun(tmp_path, cloud, break_glass=True)
    run_full(desk, at)

    office = Office.open(tmp_path / "home")
    entries = office.journal.entries(desk.incident)
    kinds = [entry.kind for entry in entries if entry.kind not in ("error", "spool.merged")]
    found = office.journal.verify(desk.incident)

    assert kinds == [entry.kind for entry in whole.recorder.entries()]
    assert found.problems == ()
    assert [bool(entry.data.get("spooled")) for entry in entries] == [
        *[False] * at,
        *[True] * (len(entries) - at - 1),
        False,
    ]
    assert entries[-1].kind == "spool.merged"
    assert entries[-1].data["problems"] == []


@pytest.mark.parametrize("at", range(2, 17))
def test_without_break_glass_nothing_is_changed_that_was_not_intended_in_the_journal(
    tmp_path: Path, cloud: Cloud, at: int
) -> None:
    desk = begun(tmp_path, cloud, break_glass=False)

    ended = run_full(desk, at)
    intended = {
        entry.data["change"]["resource"]
        for entry in desk.recorder.entries()
        if entry.kind == "step.intended"
    }

    assert ended == "store_unavailable"
    assert {door for door, _ in cloud.moves} <= intended
    assert len(cloud.moves) <= 1 or at > 9


def test_a_run_that_the_full_disk_ended_goes_on_when_there_is_room(
    tmp_path: Path, cloud: Cloud
) -> None:
    desk = begun(tmp_path, cloud, break_glass=False)
    run_full(desk, 8)

    again = desk_for(Office.open(tmp_path / "home"), cloud, people=YES, incident=desk.incident)
    done = resume(again, break_glass=True)

    assert [each.status for each in done] == ["contained"]
    assert sorted(cloud.moves) == [("back", "shut"), ("front", "shut")]


@pytest.mark.parametrize("at", range(2, 17))
def test_when_the_spool_cannot_be_written_either_nothing_unwritten_is_changed(
    tmp_path: Path, cloud: Cloud, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREDOOR_SPOOL", "/proc/nowhere")
    desk = begun(tmp_path, cloud, break_glass=True)

    ended = run_full(desk, at)
    intended = {
        entry.data["change"]["resource"]
        for entry in desk.recorder.entries()
        if entry.kind == "step.intended"
    }

    assert ended == "store_unavailable"
    assert {door for door, _ in cloud.moves} <= intended


def test_evidence_that_the_vault_cannot_take_is_kept_in_the_spool_and_merged(
    tmp_path: Path, cloud: Cloud
) -> None:
    desk = begun(tmp_path, cloud, break_glass=True)
    (tmp_path / "home" / "vault").write_text("in the way")

    done = start(desk, program_of(SHUT), DOORS, break_glass=True)
    (tmp_path / "home" / "vault").unlink()
    office = Office.open(tmp_path / "home")
    told = [
        entry.data
        for entry in office.journal.entries(desk.incident)
        if entry.kind == "evidence.kept"
    ]
    found = office.vault.verify(desk.incident, told)

    assert done.status == "contained"
    assert (found.problems, found.notes, found.artefacts) == ((), (), 1)
    assert told[0]["artefact"].startswith("S")


def test_without_a_spool_nothing_moves_when_the_state_before_cannot_be_kept(
    tmp_path: Path, cloud: Cloud
) -> None:
    desk = begun(tmp_path, cloud, break_glass=False)
    (tmp_path / "home" / "vault").write_text("in the way")

    with pytest.raises(StoreUnavailable, match="--break-glass"):
        start(desk, program_of(SHUT), DOORS, break_glass=True)
    last = desk.recorder.entries()[-1]

    assert cloud.moves == []
    assert (last.kind, last.data["kind"]) == ("error", "store_unavailable")


def test_a_store_that_is_down_from_the_start_stops_nothing_in_break_glass(
    tmp_path: Path, cloud: Cloud
) -> None:
    (tmp_path / "home").write_text("in the way")
    desk = begun(tmp_path, cloud, break_glass=True)

    done = start(desk, program_of(SHUT), DOORS, break_glass=True)
    (tmp_path / "home").unlink()
    office = Office.open(tmp_path / "home")

    assert done.status == "contained"
    assert office.journal.incidents() == [desk.incident]
    assert office.journal.verify(desk.incident).problems == ()
    assert office.vault.verify(desk.incident).artefacts == 1


def test_a_run_killed_while_it_spooled_goes_on_from_there(tmp_path: Path, cloud: Cloud) -> None:
    (tmp_path / "home").write_text("in the way")
    desk = begun(tmp_path, cloud, break_glass=True)

    class Killed(BaseException):
        pass

    def kill(entry: Entry) -> None:
        if entry.kind == "step.receipt":
            raise Killed

    desk.recorder._listeners.append(kill)
    with pytest.raises(Killed):
        start(desk, program_of(SHUT), DOORS, break_glass=True)
    assert desk.recorder.spool
    desk.recorder.spool.close()
    with desk.recorder.spool.file(desk.incident).open("a") as file:
        file.write('{"seq": 99, "half a li')
    office = Office.open(tmp_path / "home", break_glass=True)
    again = desk_for(office, cloud, people=YES, incident=desk.incident)
    done = resume(again, break_glass=True)

    assert done[-1].status == "contained"
    assert sorted(cloud.moves) == [("back", "shut"), ("front", "shut")]


def test_a_spool_that_somebody_has_changed_is_merged_and_said(
    tmp_path: Path, cloud: Cloud, spool: Path
) -> None:
    (tmp_path / "home").write_text("in the way")
    desk = begun(tmp_path, cloud, break_glass=True)
    start(desk, program_of(SHUT), DOORS, break_glass=True)
    desk.recorder.spool.close()
    file = next(spool.glob("*/*.jsonl"))
    file.write_text(file.read_text().replace("os:tester", "os:nobody", 1))
    (tmp_path / "home").unlink()

    office = Office.open(tmp_path / "home")
    last = office.journal.entries(desk.incident)[-1]

    assert last.data["problems"] == ["entry #2 (run.started) was changed after it was written"]


def test_a_merge_that_was_cut_off_goes_on_where_it_stopped(
    tmp_path: Path, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").write_text("in the way")
    desk = begun(tmp_path, cloud, break_glass=True)
    start(desk, program_of(SHUT), DOORS, break_glass=True)
    spooled = len(desk.recorder.entries())
    desk.recorder.spool.close()
    (tmp_path / "home").unlink()
    office = Office(tmp_path / "home", *_parts(tmp_path))
    whole = office.journal.append
    left = 5

    def append(*words: Any, **more: Any) -> Entry:
        nonlocal left
        left -= 1
        if left < 0:
            raise StoreUnavailable("the disk is full again")
        return whole(*words, **more)

    monkeypatch.setattr(office.journal, "append", append)
    with pytest.raises(StoreUnavailable):
        merge(office.journal, office.vault, Spool.of(tmp_path / "home"))
    entries = Office.open(tmp_path / "home").journal.entries(desk.incident)

    assert len(entries) == spooled + 1
    assert len({json.dumps(entry.data.get("spooled")) for entry in entries}) == len(entries)


def _parts(tmp_path: Path) -> tuple[Journal, Vault]:
    home = tmp_path / "home"
    return Journal(LocalLedger.open(home)), Vault(home / "vault")


def test_a_spool_folder_that_others_may_write_to_is_not_used(
    tmp_path: Path, cloud: Cloud, spool: Path
) -> None:
    spool.mkdir(mode=0o777)
    spool.chmod(0o777)
    (tmp_path / "home").write_text("in the way")

    with pytest.raises(StoreUnavailable, match="cannot be written either"):
        begun(tmp_path, cloud, break_glass=True)


def test_a_secret_that_was_sealed_into_the_spool_comes_back_after_the_merge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = Cloud(front="open, password=Winter-Wall-27")
    desk = begun(tmp_path, cloud, break_glass=True)

    def full(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("the evidence folder is full")

    with monkeypatch.context() as down:
        down.setattr(desk.recorder.vault, "keep", full)
        start(desk, program_of(SHUT), {"doors": ["front"]}, break_glass=True)
    cloud.wait(37 * 3600)
    office = Office.open(tmp_path / "home")
    later = desk_for(office, cloud, people=YES, incident=desk.incident)

    undo(later, plan_undo(later))

    assert cloud.doors == {"front": "open, password=Winter-Wall-27"}
    assert Spool.of(tmp_path / "home").pending() == []
