"""Secrets that somebody puts into any input are in no output, no file and no table afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from firedoor.actions import registry as actions
from firedoor.engine.step_record import StepRecord
from tests.cli.conftest import USER, Firedoor, World

KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEOr//////////wEaCXVzLWVhc3QtMSJHMEUCIQDx7" + "aB3" * 20
PASSWORD = "Winter-Wall-27-and-more"
BEARER = "abcdef0123456789.ABCDEF-xyz"
PEM = "MIIEowIBAAKCAQEA7bcdEFGH0123456789"
SECRETS = (KEY, TOKEN, PASSWORD, BEARER, PEM)
ALL = (
    f"secret {KEY} and token {TOKEN}, password={PASSWORD}, Authorization: Bearer {BEARER}, "
    f"-----BEGIN RSA PRIVATE KEY-----\n{PEM}\n-----END RSA PRIVATE KEY-----"
)
IN_A_TAG = f"password={PASSWORD} {KEY}"


@pytest.fixture
def finding(tmp_path: Path, world: World) -> Path:
    """A GuardDuty finding whose fields hold secrets."""
    file = tmp_path / "finding.json"
    document: dict[str, Any] = {
        "SchemaVersion": "2.0",
        "AccountId": "111122223333",
        "Region": "us-east-1",
        "Partition": "aws",
        "Id": "f" * 32,
        "Arn": "arn:aws:guardduty:us-east-1:111122223333:detector/d/finding/" + "f" * 32,
        "Type": "CredentialAccess:IAMUser/AnomalousBehavior",
        "Title": f"Credentials of {USER} leaked: {ALL}",
        "Description": ALL,
        "Severity": 8.0,
        "CreatedAt": "2026-03-14T08:00:00.000Z",
        "UpdatedAt": "2026-03-14T08:00:00.000Z",
        "Resource": {
            "ResourceType": "AccessKey",
            "AccessKeyDetails": {
                "AccessKeyId": world.key["AccessKeyId"],
                "PrincipalId": "AIDAEXAMPLE",
                "UserName": USER,
                "UserType": "IAMUser",
                "SecretAccessKey": KEY,
            },
            "Tags": [{"Key": "note", "Value": ALL}],
        },
        "Service": {
            "ServiceName": "guardduty",
            "Action": {
                "ActionType": "AWS_API_CALL",
                "AwsApiCallAction": {"Api": "GetUser", "UserAgent": ALL, "ServiceName": "iam"},
            },
            "AdditionalInfo": {"SessionToken": TOKEN, "Value": json.dumps({"password": PASSWORD})},
        },
    }
    file.write_text(json.dumps(document))
    return file


def found_in(text: str) -> list[str]:
    return [secret[:12] for secret in SECRETS if secret in text]


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def test_planted_secrets_are_in_no_output_and_no_file(
    firedoor: Firedoor, world: World, finding: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("FIREDOOR_SPOOL", str(tmp_path / "home" / "spool"))
    world.admin.tag_user(UserName=USER, Tags=[{"Key": "note", "Value": IN_A_TAG}])
    said: dict[str, str] = {}

    def call(*words: str) -> Any:
        ended = firedoor(*words)
        said[f"{len(said)} {words[0]}"] = ended.out + ended.err
        return ended

    call("route", str(finding))
    call("route", str(finding), "--json")
    incident = call("ingest", str(finding), "--break-glass", "--json").json["incident"]
    call("ingest", str(finding), "--break-glass")
    call("run", "compromised-credentials", f"user={KEY}", "--break-glass")
    call("run", "compromised-credentials", f"user={KEY}", "--break-glass", "--json")
    call("note", incident, ALL)
    call("note", incident, ALL, "--by", f"password={PASSWORD}", "--json")
    asked = call("approvals", "--json").json["approvals"]
    call("deny", asked[0]["id"], "--reason", ALL)
    call("run", "compromised-credentials", f"user={USER}", "--yes", "--break-glass")
    call("run", "compromised-credentials", f"user={USER}", "--break-glass", "--json")
    call("status", incident)
    call("status", incident, "--json")
    call("incidents")
    call("incidents", "--json")
    call("journal", "show", incident, "--json")
    call("journal", "export", incident)
    call("evidence", "list", incident, "--json")
    for format_ in ("html", "md", "json"):
        call("report", incident, "--format", format_, "-o", "-")
    outputs = {words: found_in(text) for words, text in said.items()}
    kept = {
        str(path.relative_to(tmp_path)): found_in(path.read_bytes().decode(errors="replace"))
        for path in files(tmp_path / "home")
    }

    assert {words: secrets for words, secrets in outputs.items() if secrets} == {}
    assert {name: secrets for name, secrets in kept.items() if secrets} == {}
    assert any(name.endswith("firedoor.db") for name in kept)


PIN = "tarragon 4711"
"""A secret that nobody could know for one by its looks, under a name that says nothing."""

RUNBOOK = """
runbook: take-note
title: Take the note away
summary: It says what nobody may read.
inputs:
  user: { type: iam_user_name }
steps:
  - id: note
    phase: contain
    action: test.noted
    with: { user: $inputs.user }
"""


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An action from elsewhere whose state before is a secret, and a runbook of it."""
    point = EntryPoint("test.noted", "tests.cli.noted", "firedoor.actions")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point])
    actions.registry.cache_clear()
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "take-note.yaml").write_text(RUNBOOK)
    monkeypatch.setenv("FIREDOOR_RUNBOOKS", str(tmp_path / "books"))
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "plan.yaml").write_text("{}\n")
    monkeypatch.setenv("FIREDOOR_PLAYBOOKS", str(tmp_path / "plans"))
    yield
    actions.registry.cache_clear()


def note(world: World) -> str:
    tags = world.admin.list_user_tags(UserName=USER)["Tags"]
    return str({tag["Key"]: tag["Value"] for tag in tags}["environment"])


@pytest.mark.usefixtures("plugged")
def test_a_state_before_that_is_a_secret_comes_back_and_is_nowhere_in_between(
    firedoor: Firedoor, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREDOOR_SPOOL", str(tmp_path / "home" / "spool"))
    world.admin.tag_user(UserName=USER, Tags=[{"Key": "environment", "Value": PIN}])
    take = ("take-note", f"user={USER}")
    said = [firedoor("plan", *take, *more) for more in ((), ("--json",), ("--commands",))]
    waits = firedoor("run", *take, "--break-glass", "--json")
    incident = waits.json["incident"]
    asked = firedoor("approvals", "--json")
    said += [waits, asked, firedoor("approvals")]
    said.append(firedoor("approve", asked.json["approvals"][0]["id"]))

    with monkeypatch.context() as dying:
        dying.setattr(StepRecord, "receipt", killed)
        with pytest.raises(Killed):
            firedoor("resume", incident, "--break-glass")
    taken = note(world)
    resumed = firedoor("resume", incident, "--break-glass", "--json")
    said += [resumed, firedoor("report", incident, "--format", "json", "-o", "-")]
    said += [firedoor("journal", "show", incident), firedoor("undo", incident, "--json")]
    undone = firedoor("undo", incident, "--yes", "--json")
    said += [undone, firedoor("evidence", "verify", incident)]
    output = [each.out + each.err for each in said]
    kept = [path for path in files(tmp_path / "home") if PIN.encode() in path.read_bytes()]

    assert (taken, resumed.json["status"], undone.code) == ("none", "contained", 0), undone.err
    assert note(world) == PIN
    assert [text for text in output if PIN in text] == []
    assert kept == []


class Killed(BaseException):
    """The process ends here."""


def killed(*_: Any) -> None:
    raise Killed
