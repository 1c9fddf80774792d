"""`firedoor route` and what `ingest` refuses, by the command line as people and tools use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Firedoor, World
from tests.findings.documents import (
    ACCOUNT,
    KEY,
    asff,
    event,
    guardduty,
    key_details,
    pascal,
    role_details,
    sns,
)
from tests.rules import playbook, rules

SHARED = Path(
    os.environ.get("FIREDOOR_SHARED_FINDINGS") or Path(__file__).parents[3] / "shared" / "findings"
)
FILES = sorted(SHARED.rglob("*.json")) if SHARED.is_dir() else []


def write(folder: Path, document: Any) -> str:
    path = folder / "finding.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return str(path)


def test_a_route_is_told_to_people_with_key_ids_masked(firedoor: Firedoor, tmp_path: Path) -> None:
    ended = firedoor("route", write(tmp_path, event(guardduty(severity=8))))

    assert ended.code == 0
    assert "credential-compromise" in ended.out
    assert "compromised-credentials user=ci-deployer access_key_id=AKIA…MPLE" in ended.out
    assert "Unasked   nothing" in ended.out
    assert KEY not in ended.out + ended.err


def test_a_route_is_told_to_tools_in_full(firedoor: Firedoor, tmp_path: Path) -> None:
    told = firedoor("route", write(tmp_path, sns(event(guardduty(severity=8)))), "--json").json

    assert set(told) == {
        *("finding", "playbook", "runbook", "inputs", "severity", "unasked", "ignored", "why"),
        *("people", "over_when"),
    }
    assert set(told["finding"]) == {
        *("id", "type", "source", "account", "region", "severity", "sample", "archived"),
        "resource",
    }
    assert told["inputs"] == {"user": "ci-deployer", "access_key_id": KEY}
    assert (told["finding"]["account"], told["finding"]["severity"]) == (ACCOUNT, 8.0)


def test_one_finding_takes_one_way_whatever_it_came_in(firedoor: Firedoor, tmp_path: Path) -> None:
    ways = [
        guardduty(),
        event(guardduty()),
        sns(event(guardduty())),
        {"Findings": [guardduty()]},
        asff(),
    ]

    told = [firedoor("route", write(tmp_path, way), "--json").json for way in ways]

    assert {(each["playbook"], each["inputs"]["user"]) for each in told} == {
        ("credential-compromise", "ci-deployer")
    }


def test_several_findings_are_told_as_a_list(firedoor: Firedoor, tmp_path: Path) -> None:
    lines = "\n".join(json.dumps(guardduty(severity=each)) for each in (2, 8))

    told = firedoor("route", write(tmp_path, lines), "--json").json

    assert [each["severity"] for each in told] == ["low", "high"]


def test_control_characters_from_outside_do_not_reach_the_terminal(
    firedoor: Firedoor, tmp_path: Path
) -> None:
    evil = "Evil:IAMUser/\x1b[2J\nUnasked   everything"

    ended = firedoor("route", write(tmp_path, guardduty(evil)))

    assert "\x1b" not in ended.out
    assert [line for line in ended.out.splitlines() if line.startswith("Unasked")] == [
        "Unasked   nothing"
    ]


def test_without_a_route_the_answer_is_no(
    firedoor: Firedoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules(tmp_path, books={"one": playbook("one", '  - { type: "*:EC2/*" }')})
    monkeypatch.setenv("FIREDOOR_PLAYBOOKS", str(tmp_path / "playbooks"))

    ended = firedoor("route", write(tmp_path, guardduty()))

    assert ended.code == 1
    assert "No route  no playbook takes" in ended.out


@pytest.mark.parametrize("command", ["route", "ingest"])
def test_rules_with_mistakes_are_not_routed_by(
    firedoor: Firedoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    broken = playbook("one", '  - { type: "*" }').replace("decide:", "decides:")
    rules(tmp_path, books={"one": broken})
    monkeypatch.setenv("FIREDOOR_PLAYBOOKS", str(tmp_path / "playbooks"))

    ended = firedoor(command, write(tmp_path, guardduty()))

    assert ended.code == 1
    assert "no key 'decides' here; did you mean 'decide'?" in ended.err


@pytest.mark.parametrize(
    ("service", "said"),
    [({"archived": True}, "archived"), ({"additionalInfo": {"sample": True}}, "sample")],
)
def test_what_is_ignored_is_not_run_when_it_is_taken_in(
    firedoor: Firedoor, tmp_path: Path, service: dict[str, Any], said: str
) -> None:
    ended = firedoor("ingest", write(tmp_path, guardduty(service=service)), "--json")

    assert ended.code == 0
    assert (ended.json["incident"], ended.json["status"]) == (None, "ignored")
    assert said in ended.json["route"]["ignored"]
    assert ended.json["route"]["runbook"] == "compromised-credentials"
    assert firedoor("incidents", "--json").json == {"incidents": []}


def test_a_finding_that_no_runbook_contains_is_kept_and_nothing_is_changed(
    firedoor: Firedoor, world: World, tmp_path: Path
) -> None:
    nobody = key_details(userType="AWSService", userName="", principalId="", accessKeyId="")
    resource = {"resourceType": "AccessKey", "accessKeyDetails": nobody}
    document = guardduty(resource=resource)
    document["service"]["detectorId"] = world.aws.add_guardduty_finding(pascal(document))
    before = world.aws.snapshot()

    ended = firedoor("ingest", write(tmp_path, event(document)), "--break-glass", "--json")
    steps = {each["id"]: each["status"] for each in ended.json["steps"]}
    evidence = firedoor("evidence", "list", ended.json["incident"], "--json")

    assert ended.code == 0, ended.err
    assert (ended.json["status"], steps["now"], steps["activity"]) == ("done", "done", "skipped")
    assert world.aws.snapshot() == before
    assert "guardduty-finding" in evidence.out


@pytest.mark.parametrize(
    ("document", "code"),
    [("{", 2), ("", 2), ('{"a": 1}', 2), ("[]", 2), (json.dumps({"Records": []}), 2)],
)
def test_what_is_no_finding_says_so(
    firedoor: Firedoor, tmp_path: Path, document: str, code: int
) -> None:
    ended = firedoor("route", write(tmp_path, document), "--json")

    assert ended.code == code
    assert ended.json["error"]["kind"] == "not_a_finding"


def test_a_role_s_finding_goes_to_the_runbook_of_roles(firedoor: Firedoor, tmp_path: Path) -> None:
    resource = {"resourceType": "AccessKey", "accessKeyDetails": role_details()}

    told = firedoor("route", write(tmp_path, guardduty(resource=resource)), "--json").json

    assert (told["runbook"], told["inputs"]["role"]) == ("compromised-role", "data-reader")


def test_root_is_never_taken_for_a_user(firedoor: Firedoor, tmp_path: Path) -> None:
    details = key_details(userType="Root", userName="Root", principalId=ACCOUNT)
    resource = {"resourceType": "AccessKey", "accessKeyDetails": details}

    told = firedoor("route", write(tmp_path, guardduty(resource=resource)), "--json").json

    assert told["runbook"] == "root-credentials"
    assert "user" not in told["inputs"]


def test_routing_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from firedoor.cli.main import main\n"
        "try:\n"
        "    main(['route', sys.argv[1], '--json'])\n"
        "except SystemExit as ended:\n"
        "    heavy = {'prefect', 'boto3', 'botocore', 'moto', 'sqlalchemy', 'pydantic', 'rich'}\n"
        "    print(ended.code, sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, write(tmp_path, guardduty())],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path), "FIREDOOR_HOME": str(tmp_path)},
    )

    assert told.stderr == "0 []\n"


@pytest.mark.skipif(not FILES, reason=f"there is no folder of real findings: {SHARED}")
def test_every_real_document_is_routed_or_ignored_or_no_finding_each_with_a_reason(
    firedoor: Firedoor,
) -> None:
    wrong = []
    counted = dict.fromkeys(["routed", "ignored", "not a finding"], 0)
    for path in FILES:
        ended = firedoor("route", str(path), "--json")
        if ended.code == 2:
            error = ended.json["error"]
            counted["not a finding"] += 1
            if error["kind"] != "not_a_finding" or len(error["message"]) < 10:
                wrong.append((path.name, error))
            continue
        for told in ended.json if isinstance(ended.json, list) else [ended.json]:
            counted["ignored" if told["ignored"] else "routed"] += 1
            named = told["finding"]["resource"]
            ok = ended.code == 0 and told["playbook"] and told["runbook"] and told["why"]
            if not ok or told["unasked"]:
                wrong.append((path.name, told))
            user_s = told["runbook"] == "compromised-credentials"
            if user_s and (named.get("principal") != "iam_user" or named.get("role")):
                wrong.append((path.name, "not a user's"))

    assert wrong == []
    assert min(counted.values()) > 10, counted
