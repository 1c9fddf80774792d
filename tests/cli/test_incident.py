"""An incident from the plan to undo, by the command line alone, against another endpoint of AWS."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import USER, Firedoor, World

RUN = ("run", "compromised-credentials", f"user={USER}", "--break-glass", "--json")


def contain(firedoor: Firedoor) -> str:
    ended = firedoor(*RUN, "--yes")
    assert ended.code == 0, ended.err
    return str(ended.json["incident"])


def test_a_plan_tells_every_change_and_makes_none(firedoor: Firedoor, world: World) -> None:
    before = world.aws.snapshot()

    ended = firedoor("plan", "compromised-credentials", f"user={USER}", "--json")
    plan = ended.json

    assert ended.code == 0
    assert world.aws.snapshot() == before
    assert set(plan) >= {"digest", "target", "steps", "permissions"}
    assert set(plan["target"]) == {"account", "region", "principal", "endpoint", "world"}
    changes = {
        step["id"]: [(change["from"], change["to"]) for change in step["changes"]]
        for step in plan["steps"]
        if step["changes"]
    }
    assert changes["keys"] == [("Active", "Inactive")] * 2
    assert set(changes) == {"boundary", "deny", "keys", "console"}
    steps = {step["id"]: step for step in plan["steps"]}
    assert (steps["console"]["reversible"], steps["keys"]["reversible"]) == (False, True)
    assert (steps["keys"]["reopens"], steps["who"]["reopens"]) == (True, False)


def test_the_same_plan_has_the_same_digest_and_another_state_another(
    firedoor: Firedoor, world: World
) -> None:
    words = ("plan", "compromised-credentials", f"user={USER}", "--json")
    first, second = firedoor(*words).json["digest"], firedoor(*words).json["digest"]
    world.admin.update_access_key(
        UserName=USER, AccessKeyId=world.key["AccessKeyId"], Status="Inactive"
    )

    assert first == second
    assert firedoor(*words).json["digest"] != first


def test_a_plan_as_aws_cli_commands_names_the_user_in_each(
    firedoor: Firedoor, world: World
) -> None:
    lines = firedoor("plan", "compromised-credentials", f"user={USER}", "--commands").out
    commands = [line for line in lines.splitlines() if line.startswith("aws ")]

    assert len(commands) == 5
    assert all(f"--user-name {USER}" in line for line in commands)


def test_run_with_another_plan_than_the_agreed_one_is_refused(
    firedoor: Firedoor, world: World
) -> None:
    ended = firedoor(*RUN, "--yes", "--plan", "0123456789ab")

    assert (ended.code, ended.json["error"]["kind"]) == (3, "refused")
    assert world.status() == {"Active"}


def test_run_contains_proves_and_says_what_is_due(firedoor: Firedoor, world: World) -> None:
    ended = firedoor(*RUN, "--yes")
    told = ended.json

    assert (ended.code, told["status"], told["engine"]) == (0, "contained", "break-glass")
    assert set(told) >= {"incident", "run", "steps", "unknown", "due", "report", "target"}
    assert len(told["due"]) == 3
    assert world.status() == {"Inactive"}
    assert Path(told["report"]).read_text().startswith("<!DOCTYPE html>")
    proofs = {step["id"]: step["proof"] for step in told["steps"]}
    assert (proofs["deny"], proofs["keys"], proofs["console"]) == ("holds", "holds", "holds")


def test_without_a_terminal_and_without_yes_nothing_changes_and_it_waits(
    firedoor: Firedoor, world: World
) -> None:
    ended = firedoor(*RUN)

    assert (ended.code, ended.json["status"]) == (4, "waiting")
    assert world.status() == {"Active"}


def test_after_an_approval_resume_contains(firedoor: Firedoor, world: World) -> None:
    incident = firedoor(*RUN).json["incident"]
    waiting = firedoor("approvals", "--json").json["approvals"]
    approved = firedoor("approve", waiting[0]["id"], "--reason", "it is theirs", "--json")

    ended = firedoor("resume", incident, "--break-glass", "--json")

    assert [each["incident"] for each in waiting] == [incident]
    assert approved.json["decision"] == "approved"
    assert (ended.code, ended.json["status"]) == (0, "contained")
    assert world.status() == {"Inactive"}
    assert firedoor("approvals", "--json").json["approvals"] == []


def test_after_a_no_nothing_is_changed(firedoor: Firedoor, world: World) -> None:
    incident = firedoor(*RUN).json["incident"]
    firedoor("deny", f"{incident}-A1", "--reason", "a test user")

    ended = firedoor("resume", incident, "--break-glass", "--json")

    assert (ended.code, ended.json["status"]) == (3, "refused")
    assert world.status() == {"Active"}


def test_an_approval_is_answered_once(firedoor: Firedoor, world: World) -> None:
    incident = firedoor(*RUN).json["incident"]
    firedoor("approve", f"{incident}-A1")

    again = firedoor("deny", f"{incident}-A1")

    assert again.code == 3
    assert "was approved by" in again.err


def test_verify_sees_what_somebody_opened_again(firedoor: Firedoor, world: World) -> None:
    incident = contain(firedoor)
    holds = firedoor("verify", incident, "--json")
    world.admin.update_access_key(
        UserName=USER, AccessKeyId=world.key["AccessKeyId"], Status="Active"
    )

    broken = firedoor("verify", incident, "--json")
    said = firedoor("verify", incident)

    assert (holds.code, holds.json["holds"]) == (0, True)
    assert (broken.code, broken.json["holds"]) == (1, False)
    assert firedoor("status", incident, "--json").json["status"] == "not_contained"
    assert f"user={USER} --incident {incident}" in said.out


def test_undo_without_yes_does_nothing_without_a_terminal(firedoor: Firedoor, world: World) -> None:
    incident = contain(firedoor)

    # Everything would reopen, so a reason is given to have something to undo.
    ended = firedoor("undo", incident, "--reopen", "a test", "--json")

    assert (ended.code, ended.json["error"]["kind"]) == (3, "refused")
    assert world.status() == {"Inactive"}


def test_undo_leaves_shut_what_would_reopen_and_says_so(firedoor: Firedoor, world: World) -> None:
    incident = contain(firedoor)

    ended = firedoor("undo", incident, "--yes", "--json")

    assert ended.code == 1
    assert ended.json["undone"] == []
    left = {each["step"] for each in ended.json["left"]}
    assert left == {"boundary", "deny", "keys", "console"}
    assert all(left["why"] for left in ended.json["left"])


def test_undo_with_a_reason_brings_back_all_but_the_password(
    firedoor: Firedoor, world: World
) -> None:
    before = world.aws.snapshot()
    incident = contain(firedoor)

    ended = firedoor("undo", incident, "--yes", "--reopen", "a test", "--json")
    after = world.aws.snapshot()

    assert {left["step"] for left in ended.json["left"]} == {"console"}
    before["users"][USER]["login_profile"] = None
    assert after == before


def test_what_an_incident_leaves_behind_verifies(
    firedoor: Firedoor, world: World, tmp_path: Path
) -> None:
    incident = contain(firedoor)
    file = tmp_path / "journal.jsonl"

    evidence = firedoor("evidence", "verify", incident, "--json")
    journal = firedoor("journal", "verify", incident, "--json")
    exported = firedoor("journal", "export", incident, "-o", str(file))
    alone = firedoor("journal", "verify", str(file), "--json")

    assert (evidence.code, evidence.json["holds"]) == (0, True)
    assert evidence.json["artefacts"] >= 5
    assert (journal.code, journal.json["holds"]) == (0, True)
    assert exported.code == 0
    assert (alone.code, alone.json["head"]) == (0, journal.json["head"])


def test_a_touched_artefact_fails_verification(firedoor: Firedoor, world: World) -> None:
    incident = contain(firedoor)
    folder = Path(firedoor("evidence", "list", incident).out.splitlines()[0])
    artefact = next(folder.glob("E001-*"))
    artefact.chmod(0o600)
    artefact.write_text("{}")

    ended = firedoor("evidence", "verify", incident)

    assert ended.code == 1
    assert "was changed" in ended.err


@pytest.mark.parametrize("format_", ["html", "md", "json"])
def test_a_note_stands_in_the_report_made_again(
    firedoor: Firedoor, world: World, tmp_path: Path, format_: str
) -> None:
    incident = contain(firedoor)
    firedoor("note", incident, "--section", "impact", "No customer data was read")
    file = tmp_path / f"report.{format_}"

    ended = firedoor("report", incident, "--format", format_, "-o", str(file))

    assert ended.code == 0
    assert "No customer data was read" in file.read_text()


def test_incidents_and_status_say_where_it_stands(firedoor: Firedoor, world: World) -> None:
    incident = contain(firedoor)

    listed = firedoor("incidents", "--json").json["incidents"]
    status = firedoor("status", incident, "--json").json

    assert [(each["id"], each["status"]) for each in listed] == [(incident, "contained")]
    assert set(listed[0]) >= {"id", "status", "severity", "title", "findings", "opened"}
    assert (status["id"], status["status"]) == (incident, "contained")


def test_a_second_run_in_the_same_incident_finds_nothing_to_do(
    firedoor: Firedoor, world: World
) -> None:
    incident = contain(firedoor)
    world.aws.reset_calls()

    ended = firedoor(*RUN, "--yes", "--incident", incident)

    assert (ended.code, ended.json["run"], ended.json["status"]) == (0, "r2", "contained")
    changed = [call for call in world.aws.calls if ":Put" in call or ":Update" in call]
    assert changed == []


def test_an_incident_is_not_continued_in_another_account(
    firedoor: Firedoor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = contain(firedoor)
    monkeypatch.setenv("AWS_ENDPOINT_URL", world.aws.endpoint + "/other")

    ended = firedoor("undo", incident, "--yes", "--json")

    assert (ended.code, ended.json["error"]["kind"]) == (3, "refused")


def test_the_requests_do_not_grow_with_the_account(firedoor: Firedoor, world: World) -> None:
    words = ("plan", "compromised-credentials", f"user={USER}", "--json")
    world.aws.reset_calls()
    firedoor(*words)
    few = world.aws.calls.total()
    for number in range(50):
        world.admin.create_user(UserName=f"neighbour-{number}")
    world.aws.reset_calls()

    firedoor(*words)

    assert world.aws.calls.total() == few
