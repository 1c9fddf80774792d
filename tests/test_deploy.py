"""What `firedoor deploy` prints is what CloudFormation, systemd and people can use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from firedoor.cli.deploy import deploy_command
from firedoor.deploy.aws_side import PATTERNS
from firedoor.findings.events import is_event


def printed(*words: str) -> str:
    """What the command writes to stdout."""
    done = CliRunner().invoke(deploy_command, list(words), catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


@pytest.mark.parametrize("way", ["queue", "webhook"])
def test_cloudformation_takes_the_template(tmp_path: Path, way: str) -> None:
    (tmp_path / "template.json").write_text(printed("aws", "--by", way))

    lint = "import sys; from cfnlint.runner import main; sys.exit(main())"
    command = [sys.executable, "-c", lint, "template.json", "--regions", "eu-central-1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_the_role_has_what_the_policy_command_prints_and_is_denied_to_change_itself() -> None:
    made = json.loads(printed("aws", "--runbook", "compromised-credentials"))["Resources"]

    statements = [
        statement
        for resource in made.values()
        if resource["Type"] == "AWS::IAM::ManagedPolicy"
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
    ]
    allowed = {each for one in statements if one["Effect"] == "Allow" for each in one["Action"]}
    denied = [one for one in statements if one["Effect"] == "Deny"]
    assert "iam:UpdateAccessKey" in allowed
    assert any("firedoor-responder" in each for one in denied for each in one["Resource"])
    assert made["Responder"]["Properties"]["RoleName"] == "firedoor-responder"


def test_every_managed_policy_is_small_enough_and_a_role_can_have_them_all() -> None:
    made = json.loads(printed("aws"))["Resources"]
    documents = [
        resource["Properties"]["PolicyDocument"]
        for resource in made.values()
        if resource["Type"] == "AWS::IAM::ManagedPolicy"
    ]

    assert max(len(json.dumps(each, separators=(",", ":"))) for each in documents) <= 6144
    assert len(documents) <= 10


def test_each_rule_goes_to_firedoor_and_what_cannot_be_delivered_is_kept() -> None:
    for way in ("queue", "webhook"):
        made: dict[str, Any] = json.loads(printed("aws", "--by", way))["Resources"]
        rules = [each for each in made.values() if each["Type"] == "AWS::Events::Rule"]

        assert len(rules) == len(PATTERNS)
        for rule in rules:
            [target] = rule["Properties"]["Targets"]
            assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] in made


def test_the_unit_stops_the_service_as_long_as_steps_may_take() -> None:
    unit = printed("systemd")

    assert "TimeoutStopSec=120" in unit
    assert "firedoor serve" in unit


def test_an_unknown_runbook_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(deploy_command, ["aws", "--runbook", "nope"])

    assert "nope" in str(done.exception)


def test_patterns_are_of_events_that_are_read() -> None:
    for pattern in PATTERNS.values():
        sources = pattern["source"]
        assert all(each.startswith("aws.") for each in sources)
        assert is_event({"source": sources[0], "detail-type": "x", "detail": {}})
