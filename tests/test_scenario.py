"""Scenario files: what is read from them, and what is said of their mistakes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from firedoor.errors import CheckFailed
from firedoor.scenario import load_scenario
from firedoor.scenario_attack import offset

ROOT = Path(__file__).parents[1]
SHIPPED = sorted((ROOT / "playbooks" / "exercises").glob("*.yaml"))
LEAKED = ROOT / "playbooks" / "exercises" / "leaked-access-key.yaml"


@pytest.fixture
def mistakes(tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], None]], str]:
    """What is said of the shipped scenario with one thing changed."""

    def said(change: Callable[[dict[str, Any]], None]) -> str:
        root = yaml.safe_load(LEAKED.read_text())
        change(root)
        path = tmp_path / "scenario.yaml"
        path.write_text(yaml.safe_dump(root))
        with pytest.raises(CheckFailed) as failed:
            load_scenario(path)
        return str(failed.value)

    return said


Mistakes = Callable[[Callable[[dict[str, Any]], None]], str]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_scenario_is_read_and_called_like_its_file(path: Path) -> None:
    assert load_scenario(path).metadata.id == path.stem


def test_there_are_shipped_scenarios() -> None:
    assert "leaked-access-key" in [path.stem for path in SHIPPED]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0", timedelta(0)),
        ("30s", timedelta(seconds=30)),
        ("-40m", timedelta(minutes=-40)),
        ("2h", timedelta(hours=2)),
    ],
)
def test_a_time_is_relative_to_the_finding(text: str, length: timedelta) -> None:
    assert offset(text) == length


def test_an_act_of_somebody_unknown_is_a_mistake(mistakes: Mistakes) -> None:
    def change(root: dict[str, Any]) -> None:
        root["attacker"]["acts"][0]["as"] = "nobody"

    assert "no principal 'nobody'; there are:" in mistakes(change)


def test_a_key_that_is_not_in_the_world_is_a_mistake(mistakes: Mistakes) -> None:
    def change(root: dict[str, Any]) -> None:
        root["principals"]["thief"]["key"] = "lost_key"

    assert "no access key 'lost_key'" in mistakes(change)


def test_a_proof_without_an_innocent_is_a_mistake(mistakes: Mistakes) -> None:
    def change(root: dict[str, Any]) -> None:
        innocents = ("analyst", "metrics", "app", "invoices")
        tries = root["proof"]["tries"]
        root["proof"]["tries"] = [each for each in tries if each["who"] not in innocents]

    assert "nothing is tried by a principal of side 'innocent'" in mistakes(change)


def test_a_call_that_aws_allows_to_everybody_proves_nothing(mistakes: Mistakes) -> None:
    def change(root: dict[str, Any]) -> None:
        root["proof"]["tries"][0]["call"] = "sts:GetCallerIdentity"

    assert "proves nothing" in mistakes(change)


def test_an_unknown_placeholder_is_a_mistake(mistakes: Mistakes) -> None:
    def change(root: dict[str, Any]) -> None:
        root["attacker"]["acts"][1]["with"] = {"PathPrefix": "{thief.secret}"}

    assert "no placeholder {thief.secret}" in mistakes(change)


def test_a_fact_about_a_user_nobody_makes_is_a_mistake(mistakes: Mistakes) -> None:
    def change(root: dict[str, Any]) -> None:
        root["objectives"][2]["facts"] = [{"keys_inactive": "somebody-else"}]

    assert "no user 'somebody-else'" in mistakes(change)


def test_a_fact_says_one_thing(mistakes: Mistakes) -> None:
    def change(root: dict[str, Any]) -> None:
        root["objectives"][2]["facts"] = [{"denied": "ci-deployer", "no_console": "ci-deployer"}]

    assert "needs exactly one of" in mistakes(change)


def test_an_act_is_once_or_again_and_again_but_not_both(mistakes: Mistakes) -> None:
    def change(root: dict[str, Any]) -> None:
        root["attacker"]["acts"][0]["every"] = "5s"

    assert "'at' (once) or 'every' (until refused)" in mistakes(change)


def test_all_mistakes_are_told_at_once_with_their_places(mistakes: Mistakes) -> None:
    def change(root: dict[str, Any]) -> None:
        root["finding"]["about"] = "nobody"
        root["principals"]["renewed"]["session_of"] = "no_role"

    said = mistakes(change)

    assert "no principal 'nobody'" in said
    assert "no role 'no_role'" in said
    assert said.count("scenario.yaml:") == 2
