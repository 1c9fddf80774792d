"""A program that was made before is read from the home, and only when it is what it would be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from firedoor import library as module
from firedoor.library import Library
from firedoor.programs import FOLDER

BOOK = """
runbook: {name}
title: Deny a user
summary: Everything.
inputs:
  user: {{ type: iam_user_name }}
steps:
  - id: deny
    phase: contain
    action: {action}
    with: {{ user: $inputs.user }}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIREDOOR_HOME", str(tmp_path / "home"))
    (tmp_path / "books").mkdir()
    monkeypatch.setenv("FIREDOOR_RUNBOOKS", str(tmp_path / "books"))
    write(tmp_path / "books", "iam.deny_user")
    return tmp_path


def write(books: Path, action: str) -> None:
    (books / "deny.yaml").write_text(BOOK.format(name="deny", action=action))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the programs that were made, not read."""
    names: list[str] = []
    make = module.compile_program

    def counted(name: str, *more: Any, **named: Any) -> Any:
        names.append(name)
        return make(name, *more, **named)

    monkeypatch.setattr(module, "compile_program", counted)
    return names


def kept(folder: Path) -> Path:
    (found,) = (folder / "home" / FOLDER).glob("*.json")
    return found


def test_the_second_time_it_is_read_and_the_same(folder: Path, made: list[str]) -> None:
    first = Library.open().program("deny")

    assert (Library.open().program("deny"), made) == (first, ["deny"])
    assert kept(folder).stat().st_mode & 0o777 == 0o600


def test_after_a_rule_was_changed_it_is_made_anew(folder: Path, made: list[str]) -> None:
    Library.open().program("deny")
    write(folder / "books", "iam.disable_access_keys")

    program = Library.open().program("deny")

    assert [step.action for step in program.main.all_steps()] == ["iam.disable_access_keys"]
    assert made == ["deny", "deny"]


@pytest.mark.parametrize("how", ["writable", "altered", "torn"])
def test_what_others_may_have_written_is_not_trusted(
    folder: Path, made: list[str], how: str
) -> None:
    first = Library.open().program("deny")
    path = kept(folder)
    text = path.read_text()
    if how == "writable":
        path.chmod(0o666)
    elif how == "altered":
        path.write_text(text.replace("iam.deny_user", "iam.capture_user"))
    else:
        path.write_text(text[:100])

    assert (Library.open().program("deny"), made) == (first, ["deny", "deny"])


def test_where_nothing_can_be_kept_it_is_made_each_time(
    folder: Path, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "home").write_text("in the way")

    Library.open().program("deny")
    Library.open().program("deny")

    assert made == ["deny", "deny"]
