"""Without any one containment step of any runbook, a drill of it fails and says what for.

A step that could be left out unnoticed is either not needed or not proven by anything.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from firedoor.exercise.drill import play
from tests.exercise.conftest import AT
from tests.exercise.mutants import Mutant, actions, mutants, program_of, shipped

# Which objective of which scenario notices, and what it says, where somebody has looked.
LEAKED = "leaked-access-key"
KEYS, THEFT, WORK = "attack-sequence", "data-theft-sequence", "workload-sequence"
NOTICED = {
    ("compromised-credentials", "named_key"): (LEAKED, "leaked_key", "thief still got through"),
    ("compromised-credentials", "deny"): (
        LEAKED,
        "sessions_of_the_user",
        "no policy denies everything",
    ),
    ("compromised-credentials", "keys"): (LEAKED, "every_key", "is still Active"),
    ("compromised-credentials", "console"): (LEAKED, "console", "has a console password"),
    ("compromised-credentials", "other_credentials"): (
        LEAKED,
        "other_credentials",
        "is still Active",
    ),
    ("compromised-credentials", "spread"): (LEAKED, "spread", "backdoor still got through"),
    ("compromised-credentials", "made_keys"): (
        LEAKED,
        "other_users",
        "borrowed_key still got through",
    ),
    ("compromised-credentials", "made_passwords"): (
        LEAKED,
        "other_users",
        "has a console password",
    ),
    ("compromised-credentials", "made_credentials"): (
        LEAKED,
        "other_users",
        "service-specific credential",
    ),
    ("compromised-credentials", "sessions"): (
        LEAKED,
        "role_sessions",
        "role_session still got through",
    ),
    ("attack-sequence", "named_keys"): (KEYS, "both_keys", "builder still got through"),
    ("attack-sequence", "users"): (KEYS, "both_users", "minted still got through"),
    ("attack-sequence", "lone_keys"): (KEYS, "lone_key", "reporter still got through"),
    ("attack-sequence", "shut"): (THEFT, "shut", "stranger still got through"),
    ("attack-sequence", "protect"): (THEFT, "machine_kept", "is terminated"),
    ("attack-sequence", "snapshots"): (THEFT, "disk", "length(Snapshots) is 0"),
    ("attack-sequence", "root"): (THEFT, "root", "old_root still got through"),
    ("attack-sequence", "roles"): (THEFT, "role", "exporting still got through"),
    ("attack-sequence", "buckets"): (THEFT, "destruction", "is Enabled; wanted Disabled"),
    ("attack-sequence", "open_buckets"): (THEFT, "outside", "GetAccessPointPolicy is"),
    ("attack-sequence", "websites"): (THEFT, "website", "passer_by still got through"),
    ("attack-sequence", "machines"): (THEFT, "machine", "beacon still got through"),
    ("attack-sequence", "functions"): (WORK, "function", "ReservedConcurrentExecutions"),
    ("attack-sequence", "databases"): (WORK, "database", "wanted"),
    ("attack-sequence", "database_clusters"): (WORK, "database_cluster", "DeletionProtection"),
    ("attack-sequence", "eks_clusters"): (WORK, "cluster", "wanted 1"),
}
BY_HAND = "only what a person names when he starts it; tests/engine/test_buckets.py tries it"
UNNOTICED = {
    ("compromised-instance", "stop"): "only on wish; the action's own tests stop instances",
    ("public-bucket", "shut_for"): BY_HAND,
    ("public-bucket", "website_policy"): BY_HAND,
    ("public-bucket", "opened_by_role"): "no scenario has a role that opened the bucket",
    ("ransomed-bucket", "shut_for"): BY_HAND,
    ("ransomed-bucket", "versions"): "the bucket of the scenario keeps versions already",
    ("ransomed-bucket", "others"): "no scenario gives several buckets",
    ("ransomed-bucket", "credentials_role"): "no scenario has a role that destroys",
}
"""Steps that no scenario's objective notices yet, and why. Each is expected to fail here: as soon
as a scenario notices one, this table has to lose it."""
MUTANTS = mutants()
CASES = [
    pytest.param(each, marks=pytest.mark.xfail(strict=True, reason=UNNOTICED[where]), id=str(each))
    if (where := (each.runbook, each.step)) in UNNOTICED
    else pytest.param(each, id=str(each))
    for each in MUTANTS
]


@pytest.fixture(autouse=True)
def no_second_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left out is told by the rating; the report is written by the run itself already."""
    monkeypatch.setattr("firedoor.exercise.drill.write_report", lambda *_: Path("report.html"))


@pytest.mark.parametrize("mutant", CASES)
def test_without_one_containment_step_a_drill_fails_and_says_what_for(
    mutant: Mutant, tmp_path: Path
) -> None:
    known, objective, why = NOTICED.get((mutant.runbook, mutant.step), ("", "", ""))
    reasons: dict[str, str] = {}
    for scenario in [known] if known else mutant.scenarios:
        drilled = play(
            scenario,
            library=shipped(),
            home=tmp_path / scenario,
            break_glass=True,
            at=AT,
            program=program_of(scenario, mutant),
            actions=actions(),
        )
        if not drilled.passed:
            unmet = [each for each in drilled.objectives if not each["met"]]
            reasons |= {str(each["id"]): str(each["why"]) for each in unmet}
            if reasons:
                break

    assert reasons, f"nobody notices that {mutant} is left out of {', '.join(mutant.scenarios)}"
    assert why in reasons.get(objective, "")


def test_what_somebody_has_looked_at_is_still_there() -> None:
    assert set(NOTICED) <= {(mutant.runbook, mutant.step) for mutant in MUTANTS}


def test_every_runbook_of_a_scenario_has_its_containment_steps_left_out() -> None:
    assert {mutant.runbook for mutant in MUTANTS} >= {"compromised-credentials"}


def test_a_step_that_is_left_out_changes_nothing_and_what_refers_to_it_still_runs(
    tmp_path: Path,
) -> None:
    mutant = next(one for one in MUTANTS if one.step == "deny")
    program = program_of("leaked-access-key", mutant)

    steps = {step.id: step.action for step in program.runbooks[mutant.runbook].all_steps()}
    assert steps["deny"] == "iam.deny_user_left_out"
    assert actions()["iam.deny_user_left_out"].changes is not None
