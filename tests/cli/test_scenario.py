"""`scenario new`: what it writes checks and drills as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Firedoor


def test_a_new_scenario_checks_and_drills(firedoor: Firedoor, tmp_path: Path) -> None:
    path = tmp_path / "stolen-laptop.yaml"
    made = firedoor("scenario", "new", "stolen-laptop", "-o", str(path), "--json")
    checked = firedoor("check", str(path))
    drilled = firedoor("drill", str(path), "--break-glass", "--json")

    assert made.json == {"scenario": "stolen-laptop", "file": str(path)}
    assert (checked.code, drilled.code) == (0, 0)
    assert [(one["scenario"], one["rating"]) for one in drilled.json["results"]] == [
        ("stolen-laptop", "P")
    ]


def test_without_own_playbooks_it_is_written_into_the_current_folder(
    firedoor: Firedoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = firedoor("scenario", "new", "one")

    assert made.code == 0
    assert (tmp_path / "one.yaml").is_file()


def test_beside_own_playbooks_it_is_written_among_their_scenarios(
    firedoor: Firedoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "plan.yaml").write_text("people: {}\n")
    monkeypatch.chdir(tmp_path)
    made = firedoor("scenario", "new", "one")

    assert made.code == 0
    assert (tmp_path / "playbooks" / "exercises" / "one.yaml").is_file()


def test_a_file_that_is_there_stays_as_it_is(firedoor: Firedoor, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("mine")
    made = firedoor("scenario", "new", "mine", "-o", str(path))

    assert (made.code, path.read_text()) == (2, "mine")
    assert "is there already" in made.err


@pytest.mark.parametrize("name", ["Stolen", "../x", "a" * 51, "ends-"])
def test_a_name_that_no_scenario_can_have_is_refused(firedoor: Firedoor, name: str) -> None:
    made = firedoor("scenario", "new", name)

    assert made.code == 2
    assert "is no name for a scenario" in made.err
