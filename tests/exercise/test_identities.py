"""Drills on roles, root and what is done after containment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from firedoor.chain import Entry
from firedoor.engine.desk import Office
from firedoor.exercise.result import Drilled
from firedoor.library import Library
from tests.exercise.conftest import Play, without

ROLE, ROOT, USER = "compromised-role", "root-credentials", "compromised-credentials"


def unmet(drilled: Drilled) -> set[str]:
    return {str(each["id"]) for each in drilled.objectives if not each["met"]}


# And what comes after containment.
AFTERWARDS = [
    ("stolen-instance-credentials", ROLE, "restore", "restored"),
    ("stolen-instance-credentials", ROLE, "created_gone", "spread"),
    ("removes-the-deny", USER, "created_gone", "gone"),
    ("root-key-used", ROOT, "created_gone", "spread"),
    ("changes-in-iam", USER, "restore", "version"),
    ("changes-in-iam", USER, "devices", "device"),
    ("changes-in-iam", USER, "created_gone", "made"),
]


@pytest.mark.parametrize(("scenario", "runbook", "step", "objective"), AFTERWARDS)
def test_without_one_step_of_eradication_the_drill_says_so(
    drill: Play, library: Library, scenario: str, runbook: str, step: str, objective: str
) -> None:
    drilled = drill(scenario, program=without(library, step, runbook=runbook))

    assert objective in unmet(drilled)


def test_one_instance_alone_is_cut_without_asking_and_goes_on(
    drill: Play, library: Library, tmp_path: Path
) -> None:
    path = tmp_path / "alone.yaml"
    file = library.scenario("stolen-instance-credentials")
    root = yaml.safe_load(file.read_text())
    root["world"] = [item for item in root["world"] if item["id"] != "web_two"]
    root["principals"]["fresh_web"]["instance"] = "web_one"
    root["objectives"][0]["facts"] = [{"refused": {"who": "thief", "within": "1m"}}]
    path.write_bytes(msgspec.json.encode(root))

    whole = drill(path)
    cut = drill(path, program=without(library, "cut_alone", runbook=ROLE))

    assert (whole.rating, whole.proof["fresh_allowed"]) == ("P", True)
    assert "sessions" in unmet(cut)


def test_a_yes_to_containing_is_none_to_deleting(drill: Play, tmp_path: Path) -> None:
    drilled = drill("removes-the-deny")

    asked = [entry.data for entry in entries(tmp_path, drilled) if entry.kind == "approval.asked"]
    steps = [set(each["steps"]) for each in asked]
    assert any("spread" in each for each in steps)
    assert not any({"spread", "created_gone"} <= each for each in steps)
    assert any("created_gone" in each for each in steps)


def test_the_deny_stays_until_its_time_has_come_and_that_is_no_failure(
    drill: Play, tmp_path: Path
) -> None:
    drilled = drill("removes-the-deny")

    ended = [
        entry.data
        for entry in entries(tmp_path, drilled)
        if entry.kind == "step.finished" and entry.step == "release" and entry.run == "r1"
    ]
    assert [(each["status"], each["rule"]) for each in ended] == [
        ("refused", "its time has not come")
    ]
    assert drilled.status == "contained"


def test_what_only_people_can_do_about_root_is_said(drill: Play) -> None:
    drilled = drill("root-key-used")

    assert any("mailbox" in note for note in drilled.unknown)


def entries(home: Path, drilled: Drilled) -> list[Entry]:
    found: Any = Office.open(home / "drills").journal.entries(drilled.incident)
    return list(found)
