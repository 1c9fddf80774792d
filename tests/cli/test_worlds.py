"""Drills, emulators and AWS itself are kept apart, whatever the shell was left with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from firedoor.engine.desk import Office
from tests.cli.conftest import USER, Firedoor, World
from tests.cli.test_full_disk import changed

RUN = ("run", "compromised-credentials", f"user={USER}", "--break-glass", "--json")
NOBODY = "http://127.0.0.1:9"
PARTS = {"account", "region", "principal", "endpoint", "world"}


def going_on(incident: str) -> list[tuple[str, ...]]:
    """Every command that would act for an incident."""
    return [
        ("undo", incident, "--yes", "--reopen", "a test", "--json"),
        ("resume", incident, "--yes", "--break-glass", "--json"),
        ("verify", incident, "--json"),
        ("verify", incident, "--reapply", "--yes", "--json"),
        (*RUN, "--yes", "--incident", incident),
    ]


@pytest.fixture
def drilled(firedoor: Firedoor) -> dict[str, Any]:
    """A drill, played in a shell that was left with an emulator's endpoint and a profile."""
    with pytest.MonkeyPatch.context() as shell:
        shell.setenv("AWS_ENDPOINT_URL", NOBODY)
        shell.setenv("AWS_ENDPOINT_URL_IAM", NOBODY)
        shell.setenv("AWS_PROFILE", "production")
        ended = firedoor("drill", "full-inline-policies", "--break-glass", "--json")
    return {"code": ended.code, **ended.json["results"][0]}


@pytest.fixture
def incident(firedoor: Firedoor, world: World) -> str:
    """An incident in the emulator, whose changes nobody has agreed to yet."""
    return str(firedoor(*RUN).json["incident"])


def test_what_the_shell_was_left_with_does_not_reach_a_drill(drilled: dict[str, Any]) -> None:
    assert (drilled["code"], drilled["rating"]) == (0, "P")


def test_a_drill_has_a_home_of_its_own_and_is_no_incident(
    firedoor: Firedoor, drilled: dict[str, Any], tmp_path: Path
) -> None:
    home = tmp_path / "home"

    assert firedoor("incidents", "--json").json == {"incidents": []}
    assert [each["id"] for each in firedoor("incidents", "--drills", "--json").json["incidents"]]
    assert Office.open(home / "drills").journal.incidents() == [drilled["incident"]]
    assert Office.open(home).journal.incidents() == []
    assert not (home / "vault" / drilled["incident"]).exists()


def test_nothing_acts_for_a_drill_when_it_is_over(
    firedoor: Firedoor, drilled: dict[str, Any], world: World
) -> None:
    world.aws.reset_calls()

    said = [firedoor(*words) for words in going_on(drilled["incident"])]

    assert [each.code for each in said] == [3] * 5
    assert {each.json["error"]["kind"] for each in said} == {"refused"}
    assert all("was played in simulated AWS" in each.json["error"]["message"] for each in said)
    assert sum(world.aws.calls.values()) == 0


def test_the_id_of_a_drill_as_an_incidents_is_not_found(
    firedoor: Firedoor, drilled: dict[str, Any]
) -> None:
    number = drilled["incident"].removeprefix("DRILL")

    ended = firedoor("approve", f"INC{number}-A1", "--json")

    assert (ended.code, ended.json["error"]["kind"]) == (2, "not_found")


def test_an_answer_to_a_drill_is_none_to_the_incident_of_the_same_number(
    firedoor: Firedoor, incident: str, tmp_path: Path
) -> None:
    number = incident.removeprefix("INC")
    told = {"title": "x", "severity": "high", "world": "simulated"}
    drills = Office.open(tmp_path / "home" / "drills").journal
    drill = drills.open_incident("DRILL", at=datetime.now(UTC), by="os:x", **told)
    [asked] = [
        entry.data
        for entry in Office.open(tmp_path / "home").journal.entries(incident)
        if entry.kind == "approval.asked"
    ]
    data = {**asked, "id": f"{drill}-A1"}
    drills.append(drill, "approval.asked", data, by="os:x", at=datetime.now(UTC), run="r1")

    answered = firedoor("approve", f"{drill}-A1", "--json")
    waiting = firedoor("approvals", "--json").json["approvals"]

    assert drill == f"DRILL{number}"
    assert (answered.code, answered.json["incident"]) == (0, drill)
    assert [each["id"] for each in waiting] == [f"{incident}-A1"]


def test_an_incident_goes_on_at_no_other_endpoint(
    firedoor: Firedoor, world: World, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It would answer, and the account would be the same.
    another = world.aws.endpoint.replace("127.0.0.1", "localhost")
    firedoor("approve", f"{incident}-A1")
    world.aws.reset_calls()
    monkeypatch.setenv("AWS_ENDPOINT_URL", another)

    said = [firedoor(*words) for words in going_on(incident)]

    assert [each.code for each in said] == [3] * 5
    assert all(f"reaches {another!r}" in each.json["error"]["message"] for each in said)
    assert sum(world.aws.calls.values()) == 0


def test_an_incident_of_an_emulator_does_not_go_on_in_aws_itself(
    firedoor: Firedoor, world: World, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    firedoor("approve", f"{incident}-A1")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    # A call to AWS itself would come to this proxy, where nobody answers, and say so.
    monkeypatch.setenv("HTTPS_PROXY", NOBODY)

    said = [firedoor(*words) for words in going_on(incident)]

    assert [each.code for each in said] == [3] * 5
    assert {each.json["error"]["kind"] for each in said} == {"refused"}
    assert all("reaches 'AWS itself'" in each.json["error"]["message"] for each in said)
    assert changed(world) == set()


def test_an_incident_of_aws_itself_does_not_go_on_in_an_emulator(
    firedoor: Firedoor, world: World, incident: str, tmp_path: Path
) -> None:
    journal = Office.open(tmp_path / "home").journal
    first = journal.entries(incident)[0].data
    told = {key: value for key, value in first.items() if key != "id"}
    told["target"] = {**first["target"], "endpoint": ""}
    real = journal.open_incident("INC", at=datetime.now(UTC), by="os:x", **told)
    world.aws.reset_calls()

    said = [firedoor(*words) for words in going_on(real)]

    assert [each.code for each in said] == [3] * 5
    assert all("is in endpoint 'AWS itself'" in each.json["error"]["message"] for each in said)
    assert sum(world.aws.calls.values()) == 0


def test_an_incident_of_another_account_does_not_go_on_in_this_one(
    firedoor: Firedoor, world: World, incident: str, tmp_path: Path
) -> None:
    journal = Office.open(tmp_path / "home").journal
    first = journal.entries(incident)[0].data
    told = {key: value for key, value in first.items() if key != "id"}
    told["target"] = {**first["target"], "account": "444455556666"}
    other = journal.open_incident("INC", at=datetime.now(UTC), by="os:x", **told)

    said = [firedoor(*words) for words in going_on(other)]

    assert [each.code for each in said] == [3] * 5
    assert all("is in account '444455556666'" in each.json["error"]["message"] for each in said)
    assert changed(world) == set()


def test_every_answer_says_where_it_acts(firedoor: Firedoor, world: World, incident: str) -> None:
    firedoor("approve", f"{incident}-A1")
    told = {
        "plan": firedoor("plan", "compromised-credentials", f"user={USER}", "--json"),
        "run": firedoor(*RUN),
        "resume": firedoor("resume", incident, "--break-glass", "--json"),
        "verify": firedoor("verify", incident, "--json"),
        "undo without yes": firedoor("undo", incident, "deny", "--reopen", "a test", "--json"),
        "undo": firedoor("undo", incident, "deny", "--yes", "--reopen", "a test", "--json"),
    }

    found = {name: ended.json["target"] for name, ended in told.items()}

    assert {name: set(target) for name, target in found.items()} == dict.fromkeys(told, PARTS)
    assert {target["endpoint"] for target in found.values()} == {world.aws.endpoint}
    assert {target["account"] for target in found.values()} == {"111122223333"}


def test_a_banner_names_every_endpoint_that_is_not_awss_own(
    firedoor: Firedoor, world: World, incident: str
) -> None:
    firedoor("approve", f"{incident}-A1")
    said = {
        "plan": firedoor("plan", "compromised-credentials", f"user={USER}"),
        "run": firedoor(*RUN[:-1]),
        "resume": firedoor("resume", incident, "--break-glass"),
        "verify": firedoor("verify", incident),
        "undo": firedoor("undo", incident, "deny", "--yes", "--reopen", "a test"),
    }
    banner = f"NOT AWS'S OWN ENDPOINT: {world.aws.endpoint}"

    assert [name for name, ended in said.items() if banner not in ended.out + ended.err] == []


def test_a_drill_says_that_nothing_real_is_touched(firedoor: Firedoor) -> None:
    ended = firedoor("drill", "full-inline-policies", "--break-glass")

    assert "EXERCISE - NOT REAL" in ended.out + ended.err
