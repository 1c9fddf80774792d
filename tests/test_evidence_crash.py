"""A crash while evidence is kept leaves nothing that looks like tampering, and is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from firedoor import evidence
from firedoor.errors import StoreUnavailable
from firedoor.evidence import Artefact, Vault

INCIDENT = "INC-2026-0001"


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = Vault(tmp_path / "vault")
    keep(made, "first")
    return made


def keep(vault: Vault, name: str) -> Artefact:
    return vault.keep(
        INCIDENT,
        name,
        {"UserName": name},
        about="The user as it was",
        source={"account": "111122223333"},
        collected={"start": "2026-03-01T04:05:06.000Z", "end": "2026-03-01T04:05:07.000Z"},
        requests=["r-1"],
        by="os:tester",
    )


def crash(vault: Vault, monkeypatch: pytest.MonkeyPatch, place: str, *, before: bool) -> None:
    """Keep something, and die before or after a part of that."""
    whole = getattr(evidence, place)

    def dies(*words: object, **more: object) -> object:
        if not before:
            whole(*words, **more)
        raise Killed

    monkeypatch.setattr(evidence, place, dies)
    with pytest.raises(Killed):
        keep(vault, "second")
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("place", "before"),
    [("_append", True), ("_append", False), ("_index", True), ("_index", False), ("_sync", True)],
)
def test_a_crash_at_any_point_leaves_evidence_that_holds(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, place: str, before: bool
) -> None:
    crash(vault, monkeypatch, place, before=before)
    crashed = vault.verify(INCIDENT)
    keep(vault, "third")
    after = vault.verify(INCIDENT)

    assert crashed.problems == ()
    assert (after.problems, after.notes) == ((), ())
    assert list(vault.folder(INCIDENT).glob(".writing-*")) == []


def test_an_artefact_that_has_its_record_and_not_its_name_is_told_and_then_named(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash(vault, monkeypatch, "_append", before=False)

    crashed = vault.verify(INCIDENT)
    keep(vault, "third")

    assert "E002-second.json is whole" in crashed.notes[0]
    assert vault.read(INCIDENT, "E002")


def test_what_the_journal_does_not_know_of_is_a_note(vault: Vault) -> None:
    told = [{"artefact": "E001", "sha256": vault.list(INCIDENT)[0].artefact.sha256}]
    keep(vault, "second")

    found = vault.verify(INCIDENT, told)

    assert found.problems == ()
    assert found.notes == (
        "E002 was kept and the journal does not know of it: a crash between the two",
    )


def test_half_a_record_is_a_note_and_goes_with_the_next_one(vault: Vault) -> None:
    log = vault.folder(INCIDENT) / "custody.jsonl"
    with log.open("ab") as file:
        file.write(b'{"seq": 2, "event": "ke')

    torn = vault.verify(INCIDENT)
    keep(vault, "second")

    assert torn.problems == ()
    assert "half a record" in torn.notes[0]
    assert vault.verify(INCIDENT).notes == ()


def test_changed_sums_are_a_problem(vault: Vault) -> None:
    sums = vault.folder(INCIDENT) / "SHA256SUMS"
    sums.write_text(sums.read_text().replace("E001", "E009"))

    assert "SHA256SUMS was changed" in vault.verify(INCIDENT).problems[0]


@pytest.mark.parametrize("place", ["_write", "_append"])
def test_a_full_disk_leaves_the_vault_as_it_was(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def full(path: Path, raw: bytes, **_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(evidence, place, full)
    with pytest.raises(StoreUnavailable, match="No space left on device"):
        keep(vault, "second")
    monkeypatch.undo()

    assert vault.verify(INCIDENT).problems == ()
    assert keep(vault, "second").id == "E002"
