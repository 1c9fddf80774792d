"""Where runbooks, playbooks and scenarios are found, and what rules a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from firedoor.errors import BadInput, CheckFailed, NotFound
from firedoor.library import Library, shipped

RUNBOOK = """\
runbook: {name}
title: x
summary: x
steps:
  - {{ id: who, phase: triage, action: iam.resolve_user, with: {{ user: ci-deployer }} }}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder; no folder is named in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FIREDOOR_RUNBOOKS", raising=False)
    monkeypatch.delenv("FIREDOOR_PLAYBOOKS", raising=False)
    return tmp_path


def write(folder: Path, *names: str) -> Path:
    """A folder with runbooks."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.yaml").write_text(RUNBOOK.format(name=name))
    return folder


def test_what_is_shipped_is_in_force_where_there_is_nothing_else(here: Path) -> None:
    library = Library.open()

    assert library.runbook_folder.origin == "shipped"
    assert library.runbook("compromised-credentials").is_file()


def test_the_current_folder_s_own_win_over_what_is_shipped(here: Path) -> None:
    write(here / "runbooks", "mine")

    library = Library.open()

    assert list(library.runbooks()) == ["mine"]
    assert library.runbook("mine") == here / "runbooks" / "mine.yaml"
    assert library.playbook_folder.origin == "shipped"


def test_the_environment_wins_over_the_current_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(here / "runbooks", "mine")
    monkeypatch.setenv("FIREDOOR_RUNBOOKS", str(write(here / "elsewhere", "theirs")))

    assert list(Library.open().runbooks()) == ["theirs"]


def test_a_folder_named_in_the_environment_has_to_be_there(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREDOOR_PLAYBOOKS", str(here / "none"))

    with pytest.raises(BadInput, match="FIREDOOR_PLAYBOOKS names a folder that is not there"):
        Library.open()


def test_another_tool_s_runbooks_are_not_taken_for_ours(here: Path) -> None:
    (here / "runbooks").mkdir()
    (here / "runbooks" / "deploy.yaml").write_text("- hosts: all\n")

    assert Library.open().runbook_folder.origin == "shipped"


def test_a_runbook_that_is_not_there_says_what_there_is(here: Path) -> None:
    write(here / "runbooks", "leaked-key", "mine")
    library = Library.open()

    with pytest.raises(NotFound, match=r"no runbook 'leaked-keys' in runbooks; did you mean 'leak"):
        library.runbook("leaked-keys")
    with pytest.raises(NotFound, match=r"firedoor ships one, but the folder runbooks is in force"):
        library.runbook("compromised-credentials")


def test_a_runbook_is_found_by_the_name_of_its_file(here: Path) -> None:
    folder = write(here / "runbooks", "mine")
    (folder / "mine.yaml").rename(folder / "yours.yaml")

    with pytest.raises(CheckFailed, match=r"yours\.yaml, but the runbook in it 'mine'"):
        Library.open().load("yours")


def test_a_program_holds_all_runbooks_that_it_may_call(here: Path) -> None:
    program = Library.open().program("compromised-credentials")

    assert set(program.runbooks) == {"compromised-credentials"}
    assert program.main.runbook == "compromised-credentials"


def test_playbooks_plan_and_scenarios_are_found(here: Path) -> None:
    folder = here / "playbooks"
    (folder / "exercises").mkdir(parents=True)
    (folder / "plan.yaml").write_text("mode: {}\n")
    (folder / "leak.md").write_text("---\na: 1\n---\n")
    (folder / "README.md").write_text("# Ours\n")
    (folder / "exercises" / "leak.yaml").write_text("kind: Scenario\n")

    library = Library.open()

    assert list(library.playbooks()) == ["leak"]
    assert list(library.scenarios()) == ["leak"]
    assert library.plan() == folder / "plan.yaml"
    assert [path.name for path in library.files()][-3:] == ["plan.yaml", "leak.md", "leak.yaml"]


def test_the_digest_is_over_names_and_contents_of_what_rules_a_run(here: Path) -> None:
    folder = write(here / "runbooks", "mine")
    first = Library.open().policy()["digest"]

    assert Library.open().policy()["digest"] == first

    (folder / "notes.txt").write_text("not a rule")
    assert Library.open().policy()["digest"] == first

    (folder / "mine.yaml").write_text(RUNBOOK.format(name="mine") + "# changed\n")
    changed = Library.open().policy()["digest"]
    assert changed != first

    (folder / "mine.yaml").rename(folder / "other.yaml")
    assert Library.open().policy()["digest"] not in (first, changed)


def test_rules_that_others_can_write_to_are_told(here: Path) -> None:
    folder = write(here / "runbooks", "mine")
    (here / "playbooks").mkdir()
    (here / "playbooks" / "plan.yaml").write_text("mode: {}\n")
    for path in (folder, here / "playbooks", here / "playbooks" / "plan.yaml"):
        path.chmod(0o755)
    (folder / "mine.yaml").chmod(0o644)
    assert Library.open().writable_by_others() == []

    (folder / "mine.yaml").chmod(0o666)
    assert Library.open().writable_by_others() == [folder / "mine.yaml"]

    (folder / "mine.yaml").chmod(0o644)
    folder.chmod(0o777)
    assert Library.open().writable_by_others() == [folder]


def test_the_shipped_folders_are_there() -> None:
    assert (shipped("runbooks") / "compromised-credentials.yaml").is_file()
