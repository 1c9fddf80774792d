"""`show`: runbooks, actions, playbooks, and of scenarios what players may know."""

from __future__ import annotations

import yaml

from firedoor.library import Library
from tests.cli.conftest import Firedoor


def test_a_runbook_is_shown_with_all_that_it_may_call(firedoor: Firedoor) -> None:
    told = firedoor("show", "attack-sequence", "--json").json

    assert [each["id"] for each in told["steps"]][:2] == ["now", "owners"]
    # Of the runbook that it calls.
    assert "iam:PutUserPolicy" in told["permissions"]


def test_a_name_of_several_things_says_how_to_see_the_others(firedoor: Firedoor) -> None:
    shown = firedoor("show", "attack-sequence").out

    assert "firedoor show playbook/attack-sequence" in shown
    assert "firedoor show scenario/attack-sequence" in shown


def test_a_playbook_is_shown_with_what_people_do(firedoor: Firedoor) -> None:
    shown = firedoor("show", "credential-compromise").out

    assert "Tell the owners of what is attacked or shut out" in shown
    assert "within 30m" in shown
    assert "It is over when" in shown
    assert "# An IAM user's credentials are in the wrong hands" in shown


def test_a_playbook_is_told_to_tools(firedoor: Firedoor) -> None:
    told = firedoor("show", "playbook/attack-sequence", "--json").json

    assert told["runbook"] == "attack-sequence"
    assert set(told["people"]) == {"informational", "low", "medium", "high", "critical"}


def test_a_scenario_gives_nothing_of_its_course_away(firedoor: Firedoor) -> None:
    path = Library.open().scenarios()["leaked-access-key"]
    scenario = yaml.safe_load(path.read_text())
    secrets = [
        *(each["name"] for each in scenario["world"]),
        *(each["task"] for each in scenario["objectives"]),
        scenario["finding"]["type"],
        scenario["runbook"]["ref"],
        scenario["attacker"]["ip"],
    ]

    for shown in (
        firedoor("show", "leaked-access-key").out,
        firedoor("show", "leaked-access-key", "--json").out,
    ):
        assert "The access key of a CI user has leaked" in shown
        assert [each for each in secrets if each in shown] == []


def test_an_action_is_shown_with_inputs_and_who_uses_it(firedoor: Firedoor) -> None:
    told = firedoor("show", "iam.disable_access_keys", "--json").json

    assert told["inputs"] == {"user": "iam_user_name", "only": "access_key_id"}
    assert "compromised-credentials" in firedoor("show", "iam.disable_access_keys").out


def test_only_runbooks_are_drawn(firedoor: Firedoor) -> None:
    ended = firedoor("show", "iam.deny_user", "--graph")

    assert ended.code == 2
    assert "--graph draws runbooks" in ended.err


def test_a_name_that_nothing_has_is_refused_with_what_was_meant(firedoor: Firedoor) -> None:
    ended = firedoor("show", "playbook/attack-sequense")

    assert ended.code == 2
    assert "did you mean 'attack-sequence'" in ended.err
