"""What the README says is true: its commands exist, its runbook checks, its files are there."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from firedoor.check import check_paths
from firedoor.cli.main import COMMANDS, cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The README's code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """The words of every `firedoor` command that the README shows."""
    lines = [line for block in blocks("console") for line in block.splitlines()]
    said = [line.partition("#")[0].split()[2:] for line in lines if line.startswith("$ firedoor ")]
    return [words for words in said if words and not words[0].startswith("-")]


def test_the_readme_shows_commands() -> None:
    assert len(commands()) >= 8


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_a_command_in_the_readme_is_one_with_these_options(words: list[str]) -> None:
    command = cli.get_command(click.Context(cli), words[0])

    assert command is not None, words[0]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words[1:] if word.startswith("--")} <= known


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_and_command_has_help(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)

    assert command is not None
    assert command.help
    members = command.commands.values() if isinstance(command, click.Group) else [command]
    for member in members:
        assert member.help, member.name
        for parameter in member.params:
            if isinstance(parameter, click.Option):
                assert parameter.help or parameter.name in ("output", "format_"), parameter.name


def test_the_readme_s_runbook_has_no_mistakes(tmp_path: Path) -> None:
    (yaml,) = blocks("yaml")
    file = tmp_path / "runbooks" / "shut-out-user.yaml"
    file.parent.mkdir()
    file.write_text(yaml)

    assert check_paths([file]) == []


def test_the_readme_s_mistake_is_said_as_it_stands_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (yaml,) = blocks("yaml")
    file = tmp_path / "runbooks" / "shut-out-user.yaml"
    file.parent.mkdir()
    file.write_text(yaml.replace("iam.deny_user", "iam.deny_usr"))
    monkeypatch.chdir(tmp_path)

    (problem,) = check_paths([Path("runbooks/shut-out-user.yaml")])

    assert str(problem) in README


def test_make_s_targets_that_the_readme_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()

    for target in re.findall(r"(?:`|\$ )make ([a-z]+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
