"""State that undo needs and that holds secrets lies encrypted in the vault, and comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from firedoor.actions.contract import Change
from firedoor.approval import AlwaysTheSame, Answer
from firedoor.engine.desk import Office
from firedoor.engine.running import resume, start
from firedoor.engine.undo import plan_undo, undo
from firedoor.evidence import Vault
from firedoor.keyring import FILE, FileKey
from tests.engine.conftest import SHUT, Cloud, desk_for, program_of

YES = AlwaysTheSame(Answer(yes=True, by="os:commander", how="scripted"))
PASSWORD = "Winter-Wall-27"
OPEN = f"open, password={PASSWORD}"


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def fire(tmp_path: Path) -> Any:
    """A home, and a cloud with one door whose state is a secret."""
    cloud = Cloud(front=OPEN)
    return cloud, desk_for(Office.open(tmp_path / "home"), cloud, people=YES)


def contain(desk: Any) -> None:
    start(desk, program_of(SHUT), {"doors": ["front"]}, break_glass=True)
    desk.aws.wait(37 * 3600)


def again(tmp_path: Path, desk: Any) -> Any:
    """The desk as another process would open it."""
    home = Office.open(tmp_path / "home")
    return desk_for(home, desk.aws, people=YES, incident=desk.incident)


def anywhere(folder: Path, secret: str = PASSWORD) -> list[str]:
    """The files below a folder that hold a secret."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return [path.name for path in found if secret.encode() in path.read_bytes()]


def test_undo_puts_a_secret_back_that_nothing_has_written_down(tmp_path: Path, fire: Any) -> None:
    cloud, desk = fire
    contain(desk)
    later = again(tmp_path, desk)

    done = undo(later, plan_undo(later))

    assert (len(done["undone"]), cloud.doors) == (1, {"front": OPEN})
    assert anywhere(tmp_path) == []


def test_a_run_that_was_killed_after_the_change_is_gone_on_with_and_undone(
    tmp_path: Path, fire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud, desk = fire
    move = cloud.call

    def die(service: str, operation: str, /, **given: Any) -> Any:
        answer = move(service, operation, **given)
        if operation == "move_door":
            raise Killed
        return answer

    monkeypatch.setattr(cloud, "call", die)
    with pytest.raises(Killed):
        contain(desk)
    monkeypatch.undo()
    later = again(tmp_path, desk)

    (outcome,) = resume(later, break_glass=True)
    cloud.wait(37 * 3600)
    last = again(tmp_path, desk)
    undo(last, plan_undo(last))

    assert outcome.status == "contained"
    assert cloud.moves == [("front", "shut"), ("front", OPEN)]
    assert anywhere(tmp_path) == []


def test_the_evidence_verifies_without_the_key_and_undo_says_what_is_missing(
    tmp_path: Path, fire: Any
) -> None:
    cloud, desk = fire
    contain(desk)
    (tmp_path / "home" / "keys" / FILE).unlink()
    later = again(tmp_path, desk)

    (planned,) = plan_undo(later)
    kept = [entry.data for entry in desk.recorder.entries() if entry.kind == "evidence.kept"]

    assert desk.recorder.vault.verify(desk.incident, kept).problems == ()
    assert planned.verdict == "unread"
    assert "opens with the key file:" in planned.why
    assert cloud.doors == {"front": "shut"}


def test_the_key_is_its_owner_s_alone(tmp_path: Path, fire: Any) -> None:
    contain(fire[1])
    key = tmp_path / "home" / "keys" / FILE

    assert (key.stat().st_mode & 0o777, key.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_what_was_exchanged_in_the_vault_is_not_put_back(tmp_path: Path, fire: Any) -> None:
    cloud, desk = fire
    contain(desk)
    sealed = [
        path
        for path in desk.recorder.vault.folder(desk.incident).glob("*before*.sealed")
        if path.is_file()
    ]
    raw = json.loads(sealed[0].read_bytes())
    raw["ciphertext"] = raw["ciphertext"][:-8] + "AAAAAAA="
    sealed[0].chmod(0o600)
    sealed[0].write_text(json.dumps(raw))

    (planned,) = plan_undo(again(tmp_path, desk))

    assert (planned.verdict, cloud.doors) == ("unread", {"front": "shut"})
    assert "changed since it was kept" in planned.why


def test_another_incident_s_sealed_state_does_not_open(tmp_path: Path, fire: Any) -> None:
    cloud, desk = fire
    contain(desk)
    other = desk_for(Office.open(tmp_path / "home"), cloud, people=YES)
    entry = next(each for each in desk.recorder.entries() if each.kind == "step.intended")
    kept = desk.recorder.vault.read(desk.incident, entry.data["before"]["artefact"])
    key = desk.recorder.vault.read(desk.incident, "E001")
    for name, raw in (("sealing-key", key), ("before-shut", kept)):
        _plant(other.recorder.vault, other.incident, name, raw)

    with pytest.raises(Exception, match="does not open"):
        other.recorder.seals.intended(entry)


def _plant(vault: Vault, incident: str, name: str, raw: bytes) -> None:
    from firedoor.sealing import Sealed

    vault.keep(
        incident, name, Sealed(raw), about="", source={}, collected={}, requests=(), by="os:mallory"
    )


def test_a_yes_to_one_secret_does_not_cover_another(tmp_path: Path, fire: Any) -> None:
    _cloud, desk = fire
    seals = desk.recorder.seals
    asked = seals.recordable(Change(resource="front", what="state", from_=OPEN, to="shut"))
    same = seals.recordable(Change(resource="front", what="state", from_=OPEN, to="shut"))
    other = f"{OPEN}-28"
    differs = seals.recordable(Change(resource="front", what="state", from_=other, to="shut"))

    assert (asked == same, asked.from_ == differs.from_, asked == differs) == (True, True, False)


def test_the_fingerprints_of_two_incidents_cannot_be_compared(tmp_path: Path, fire: Any) -> None:
    cloud, desk = fire
    other = desk_for(Office.open(tmp_path / "home"), cloud, people=YES)
    change = Change(resource="front", what="state", from_=OPEN, to="shut")

    one, two = (each.recorder.seals.recordable(change).seal for each in (desk, other))

    assert one != two


def test_a_change_marked_as_secret_is_masked_whatever_it_looks_like() -> None:
    change = Change(resource="f", what="environment", from_={"PIN": "1234"}, to=None, secret=True)

    assert change.shown() == Change(
        resource="f", what="environment", from_="«secret»", to=None, secret=True
    )


def test_a_key_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    in_the_way = tmp_path / "home"
    in_the_way.write_text("")

    with pytest.raises(Exception, match=r"vault\.key cannot be written"):
        FileKey([in_the_way]).wrap("INC-2026-0001", b"k" * 32)


def test_in_break_glass_the_key_lies_beside_the_spool_when_the_home_takes_none(
    tmp_path: Path,
) -> None:
    in_the_way = tmp_path / "home"
    in_the_way.write_text("")
    keys = FileKey([in_the_way, tmp_path / "spool"])

    by, wrapped = keys.wrap("INC-2026-0001", b"k" * 32)

    assert keys.unwrap("INC-2026-0001", by, wrapped) == b"k" * 32
    assert (tmp_path / "spool" / "keys" / FILE).exists()
