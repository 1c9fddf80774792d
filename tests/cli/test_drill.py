"""`firedoor drill`: exit codes, the JSON of the contract, and what a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Firedoor

SCENARIOS = Path(__file__).parents[2] / "playbooks" / "exercises"


@pytest.fixture
def too_slow(tmp_path: Path) -> Path:
    """The shipped scenario with an approver who takes too long."""
    told = yaml.safe_load((SCENARIOS / "full-inline-policies.yaml").read_text())
    told["modes"]["ci"]["decides_after"] = "9m"
    path = tmp_path / "too-slow.yaml"
    path.write_text(yaml.safe_dump(told))
    return path


def test_a_drill_that_passes_ends_with_0_and_tells_the_contract(firedoor: Firedoor) -> None:
    ended = firedoor("drill", "full-inline-policies", "--break-glass", "--json")
    [told] = ended.json["results"]

    assert (ended.code, told["scenario"], told["rating"]) == (0, "full-inline-policies", "P")
    assert told["proof"] == {
        "before_allowed": True,
        "attacker_denied": True,
        "innocent_allowed": True,
        "fresh_allowed": True,
    }
    assert {each["id"]: each["met"] for each in told["objectives"]} == {
        "denied": True,
        "every_key": True,
        "every_other_way": True,
        "contain": True,
    }
    assert told["incident"].startswith("DRILL-")
    assert told["seconds"] > 0
    assert ended.err == ""


def test_a_drill_below_the_wanted_rating_ends_with_1_and_says_why(
    firedoor: Firedoor, too_slow: Path
) -> None:
    ended = firedoor("drill", str(too_slow), "--break-glass")

    assert ended.code == 1
    assert "P is wanted" in ended.out
    assert "lost: the release that customers install" in ended.out
    assert "attacker_goal_reached" in ended.out


def test_a_person_reads_what_happened_from_the_finding_to_what_to_do_next(
    firedoor: Firedoor,
) -> None:
    ended = firedoor("drill", "full-inline-policies", "--break-glass", "--undo")

    said = [
        "EXERCISE - NOT REAL",
        "CredentialAccess:IAMUser/AnomalousBehavior",
        "named_key (iam.disable_access_keys on AKIA",
        "SIMULATED AWS",
        "AWSDenyAll",
        "gets through",
        "refused",
        "approved after 4 min",
        "the same calls before and after",
        "✓ denied",
        "Objectives",
        "Before anything is undone, now",
        "Before anything is undone, 36 h later",
        "the account is as it was",
        "✓ P",
        "open file://",
    ]
    places = [ended.out.find(each) for each in said]
    assert ended.code == 0
    assert -1 not in places
    assert places == sorted(places)


def test_no_access_key_id_is_shown_in_full(firedoor: Firedoor) -> None:
    ended = firedoor("drill", "full-inline-policies", "--break-glass")

    words = ended.out.replace("…", " ").split()
    assert not [word for word in words if word.startswith(("AKIA", "ASIA")) and len(word) > 12]


def test_several_drills_run_one_after_another(firedoor: Firedoor, too_slow: Path) -> None:
    words = ("drill", "full-inline-policies", str(too_slow), "--break-glass", "--json")

    ended = firedoor(*words)

    assert ended.code == 1
    assert [each["passed"] for each in ended.json["results"]] == [True, False]
    assert len({each["incident"] for each in ended.json["results"]}) == 2


def test_an_unknown_scenario_is_said_before_anything_is_played(firedoor: Firedoor) -> None:
    ended = firedoor("drill", "full-inline-policies", "leaked-acces-key", "--json")

    assert (ended.code, ended.json["error"]["kind"]) == (2, "not_found")
    assert "leaked-access-key" in ended.json["error"]["message"]


def test_no_scenario_is_a_usage_error_that_names_them(firedoor: Firedoor) -> None:
    ended = firedoor("drill")

    assert ended.code == 2
    assert "leaked-access-key" in ended.err


def test_a_drill_lies_in_a_home_of_its_own_and_later_commands_find_it(
    firedoor: Firedoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREDOOR_DATABASE_URL", f"sqlite:///{tmp_path / 'production.db'}")
    drilled = firedoor("drill", "full-inline-policies", "--break-glass", "--json")
    [told] = drilled.json["results"]

    evidence = firedoor("evidence", "verify", told["incident"], "--json")
    journal = firedoor("journal", "verify", told["incident"], "--json")

    assert (evidence.code, journal.code) == (0, 0)
    assert told["report"].startswith(str(tmp_path / "home" / "drills"))
    assert not (tmp_path / "production.db").exists()


def test_what_was_drilled_cannot_be_undone_in_the_real_world(firedoor: Firedoor) -> None:
    drilled = firedoor("drill", "full-inline-policies", "--break-glass", "--json")
    incident = drilled.json["results"][0]["incident"]

    ended = firedoor("undo", incident, "--yes", "--json")

    assert (ended.code, ended.json["error"]["kind"]) == (3, "refused")
    assert "simulated AWS" in ended.json["error"]["message"]


def test_all_drills_are_summed_up(firedoor: Firedoor) -> None:
    ended = firedoor("drill", "--all", "--break-glass")

    summary = ended.out[ended.out.index("All drills") :]
    assert ended.code == 0
    assert all(path.stem in summary for path in SCENARIOS.glob("*.yaml"))
