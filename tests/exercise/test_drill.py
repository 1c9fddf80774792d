"""The shipped drill passes; without any one containment step, or with too much of it, it fails."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from firedoor.actions.contract import Action, Change
from firedoor.actions.iam import revoke_role_sessions
from firedoor.actions.registry import registry
from firedoor.chain import Entry
from firedoor.engine.desk import Office
from firedoor.engine.server import cool
from firedoor.errors import BadInput, CheckFailed, Refused
from firedoor.exercise.result import Drilled
from firedoor.library import Library
from tests.exercise.conftest import AT, Altered, Play, with_step, without

GOOD = {
    "before_allowed": True,
    "attacker_denied": True,
    "innocent_allowed": True,
    "fresh_allowed": True,
}


def unmet(drilled: Drilled) -> set[str]:
    return {str(each["id"]) for each in drilled.objectives if not each["met"]}


def rules(drilled: Drilled) -> dict[str, str]:
    return {each["rule"]: each["why"] for each in drilled.rules}


def entries(home: Path, drilled: Drilled) -> list[Entry]:
    return Office.open(home / "drills").journal.entries(drilled.incident)


def test_the_shipped_drill_is_performed_without_challenges(drill: Play) -> None:
    drilled = drill()

    assert drilled.rules == []
    assert (drilled.rating, drilled.passed, drilled.status) == ("P", True, "contained")
    assert drilled.proof == GOOD
    assert unmet(drilled) == set()


def test_to_deny_an_innocent_too_is_a_major_challenge(drill: Play, library: Library) -> None:
    too_much = {
        "id": "too_much",
        "phase": "contain",
        "action": "iam.deny_user",
        "with": {"user": "data-analyst"},
    }

    drilled = drill(program=with_step(library, too_much))

    assert (drilled.rating, drilled.passed) == ("M", False)
    assert drilled.proof == {**GOOD, "innocent_allowed": False}
    assert "analyst (innocent) is refused" in rules(drilled)["innocent_broken"]


def test_to_cut_fresh_sessions_too_is_a_major_challenge(
    drill: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def for_ever(given: Any, before: Any, case: Any) -> list[Change]:
        changes = revoke_role_sessions.changes(given, before, case)
        for change in changes:
            change.to["Statement"][0].pop("Condition")  # type: ignore[index, call-overload]
        return changes

    actions: Mapping[str, Action] = {
        **registry(),
        "iam.revoke_role_sessions": dataclasses.replace(
            registry()["iam.revoke_role_sessions"],
            changes=for_ever,
            verify=lambda *_: [],
        ),
    }

    drilled = drill(actions=actions)

    assert drilled.proof["fresh_allowed"] is False
    assert drilled.passed is False
    assert "renewed (fresh) is refused" in rules(drilled)["innocent_broken"]


def test_an_attacker_who_was_never_allowed_proves_nothing(drill: Play, altered: Altered) -> None:
    def powerless(root: dict[str, Any]) -> None:
        tries = root["proof"]["tries"]
        tries.append({"who": "role_session", "call": "iam:ListUsers"})

    drilled = drill(altered(powerless))

    assert (drilled.rating, drilled.passed) == ("INCONCLUSIVE", False)
    assert drilled.proof["before_allowed"] is False
    assert "role_session iam:ListUsers" in rules(drilled)["proof_inconclusive"]


def test_an_answer_that_is_no_denial_proves_nothing(drill: Play, altered: Altered) -> None:
    def asks_for_nothing(root: dict[str, Any]) -> None:
        root["proof"]["tries"].append(
            {"who": "analyst", "call": "iam:GetUser", "with": {"UserName": "nobody"}}
        )

    drilled = drill(altered(asks_for_nothing))

    assert drilled.rating == "INCONCLUSIVE"
    assert drilled.proof["innocent_allowed"] is None
    assert "NoSuchEntity" in rules(drilled)["proof_inconclusive"]


def test_an_approver_who_is_too_slow_costs_what_the_attacker_came_for(
    drill: Play, altered: Altered
) -> None:
    def slow(root: dict[str, Any]) -> None:
        root["modes"]["ci"]["decides_after"] = "9m"

    drilled = drill(altered(slow))

    assert drilled.proof == GOOD
    assert {"attacker_goal_reached", "late"} <= set(rules(drilled))
    assert "sessions_of_the_user" in unmet(drilled)


def test_when_somebody_says_no_it_is_not_contained(drill: Play, altered: Altered) -> None:
    def no(root: dict[str, Any]) -> None:
        root["modes"]["ci"]["answers"] = {
            "approve": "approve",
            "spread": "deny",
            "created_gone": "deny",
        }

    drilled = drill(altered(no))

    assert (drilled.status, drilled.rating) == ("refused", "U")
    assert drilled.proof["attacker_denied"] is False


def test_in_mode_ask_even_the_named_key_waits_for_a_person(drill: Play, altered: Altered) -> None:
    def asks(root: dict[str, Any]) -> None:
        root["modes"]["ci"]["mode"] = "ask"

    drilled = drill(altered(asks))

    assert unmet(drilled) == {"leaked_key"}
    assert drilled.proof == GOOD


def test_the_same_seed_gives_the_same_drill_down_to_the_key_ids(drill: Play) -> None:
    # Not to the millisecond: reads that run side by side take their turns as they come.
    def told(drilled: Drilled) -> list[Any]:
        assert drilled.undo
        met = {str(each["id"]): each["met"] for each in drilled.objectives}
        # What is undone side by side is told in the order in which it ended, and what is ours bears
        # the incident's name.
        left = {
            (each["step"], str(each["resource"]).replace(drilled.incident, "INCIDENT"))
            for each in drilled.undo.left
        }
        return [drilled.rating, drilled.proof, drilled.rules, met, left]

    first, second, other = drill(undo=True), drill(undo=True), drill(undo=True, seed=2)

    assert first.incident != second.incident
    assert told(first) == told(second)
    assert told(first)[:4] == told(other)[:4]
    assert told(first) != told(other)


def test_the_journal_holds_the_attacker_the_probes_and_the_rating_at_their_times(
    drill: Play, tmp_path: Path
) -> None:
    drilled = drill()
    found = entries(tmp_path, drilled)

    acts = [entry for entry in found if entry.kind == "attacker.acted"]
    probes = [entry.data for entry in found if entry.kind == "probe.made"]
    rated = [entry.data for entry in found if entry.kind == "drill.rated"]
    assert acts[0].at < found[0].at
    assert {entry.data["allowed"] for entry in acts} == {True, False}
    assert {(probe["phase"], probe["role"]) for probe in probes} == {
        (phase, role) for phase in ("before", "after") for role in ("attacker", "innocent", "fresh")
    }
    assert [each["rating"] for each in rated] == ["P"]
    assert found[0].data["world"] == "simulated"


def test_no_probe_is_in_the_trail(drill: Play, altered: Altered, tmp_path: Path) -> None:
    def tries_something_else(root: dict[str, Any]) -> None:
        root["proof"]["tries"].append({"who": "thief", "call": "iam:ListGroups"})

    drilled = drill(altered(tries_something_else))

    vault = tmp_path / "drills" / "vault" / drilled.incident
    kept = [path.read_text() for path in vault.glob("*cloudtrail-ci-deployer*")]
    assert [("ListUsers" in text, "ListGroups" in text) for text in kept] == [(True, False)]


def test_no_secret_is_left_in_the_home(drill: Play, tmp_path: Path) -> None:
    drill()

    texts = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert texts
    assert not any(b"Long-and-random-41-words" in text for text in texts)


def test_the_environment_does_not_reach_a_drill(
    drill: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://iam.amazonaws.com")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    drilled = drill()

    assert drilled.passed


def test_a_drill_that_would_reach_anything_else_is_refused_before_it_starts(
    drill: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    from firedoor.simulator.server import SimulatedAws

    monkeypatch.setattr(SimulatedAws, "endpoint", property(lambda _: "https://sts.amazonaws.com"))

    with pytest.raises(Refused, match="not on this machine"):
        drill()


def test_a_finding_that_goes_to_another_runbook_is_said(drill: Play, altered: Altered) -> None:
    def other(root: dict[str, Any]) -> None:
        root["finding"]["type"] = "Backdoor:EC2/Spambot"

    with pytest.raises(BadInput, match="not to the runbook that is exercised"):
        drill(altered(other))


def test_a_call_that_does_not_exist_is_said(drill: Play, altered: Altered) -> None:
    def unheard_of(root: dict[str, Any]) -> None:
        root["attacker"]["acts"].append({"at": "30s", "as": "thief", "call": "iam:ListEverything"})

    with pytest.raises(CheckFailed, match=r"altered\.yaml:1:\d+: iam has no operation 'ListEv"):
        drill(altered(unheard_of))


@pytest.mark.slow
def test_through_prefect_it_is_the_same_drill(drill: Play, tmp_path: Path) -> None:
    try:
        drilled = drill(break_glass=False)
    finally:
        cool(tmp_path / "drills")

    assert (drilled.engine, drilled.rating, drilled.status) == ("prefect", "P", "contained")
    assert drilled.rules == []
    assert drilled.proof == GOOD


def test_a_drill_takes_place_at_its_own_time(drill: Play, tmp_path: Path) -> None:
    drilled = drill()

    received = [e for e in entries(tmp_path, drilled) if e.kind == "finding.received"]
    assert received[0].at[:16] == AT.isoformat()[:16]


def test_with_full_inline_policies_the_deny_is_a_managed_one(drill: Play, library: Library) -> None:
    whole = drill("full-inline-policies")
    cut = drill("full-inline-policies", program=without(library, "deny"))

    assert (whole.rating, whole.rules) == ("P", [])
    assert "AWSDenyAll is attached" in str(whole.objectives[0]["why"])
    assert (cut.rating, cut.proof["attacker_denied"]) == ("U", False)


def test_an_attacker_who_removes_the_deny_is_shut_out_again_before_the_run_ends(
    drill: Play,
) -> None:
    drilled = drill("removes-the-deny")

    assert (drilled.rating, drilled.rules) == ("P", [])


def test_without_the_last_look_a_deny_that_was_removed_stays_so_and_the_drill_says_it(
    drill: Play, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firedoor.engine.holding.hold", lambda _, results: list(results))

    # The boundary would hold him still.
    drilled = drill("removes-the-deny", program=without(library, "boundary"))

    assert (drilled.rating, drilled.passed) == ("U", False)
    assert "minted_session" in rules(drilled)["proof_failed"]
    assert "the release before it is out" in rules(drilled)["attacker_goal_reached"]


def test_every_shipped_scenario_passes_and_comes_back(drill: Play, library: Library) -> None:
    drilled = [drill(name, undo=True) for name in library.scenarios()]

    assert {each.scenario: each.rules for each in drilled} == {
        name: [] for name in library.scenarios()
    }
    assert all(each.undo and each.undo.same and each.undo.shut for each in drilled)
