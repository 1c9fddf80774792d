"""The policy that `firedoor policy` prints: enough for the runbook, and needed in every part."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import USER, Firedoor, World

ROUTE = ("run", "compromised-credentials", f"user={USER}", "--yes", "--break-glass", "--json")


def under(world: World, monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]) -> None:
    """From here on the caller is a user who has this policy and nothing else."""
    made = world.admin.create_policy(PolicyName="responder", PolicyDocument=json.dumps(document))
    world.admin.create_user(UserName="responder")
    world.admin.attach_user_policy(UserName="responder", PolicyArn=made["Policy"]["Arn"])
    key = world.admin.create_access_key(UserName="responder")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    monkeypatch.delenv("AWS_SESSION_TOKEN")


def test_under_exactly_its_policy_a_runbook_contains(
    firedoor: Firedoor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = firedoor("policy", "compromised-credentials", "--account", "111122223333").json
    under(world, monkeypatch, document)

    ended = firedoor(*ROUTE)

    assert (ended.code, ended.json["status"]) == (0, "contained"), ended.err
    assert not [note for note in ended.json["unknown"] if "refused" in note.lower()]


@pytest.mark.parametrize("action", ["iam:PutUserPolicy", "iam:UpdateAccessKey"])
def test_without_a_part_of_it_the_run_says_what_it_may_not(
    firedoor: Firedoor, world: World, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    document = firedoor("policy", "compromised-credentials").json
    for statement in document["Statement"]:
        statement["Action"] = [each for each in statement["Action"] if each != action]
    document["Statement"] = [each for each in document["Statement"] if each["Action"]]
    under(world, monkeypatch, document)

    ended = firedoor(*ROUTE)

    assert (ended.code, ended.json["status"]) == (3, "not_contained")
    assert action in json.dumps(ended.json["steps"])


def test_it_is_a_policy_document_and_nothing_else(firedoor: Firedoor) -> None:
    ended = firedoor("policy", "compromised-credentials", "guardduty-finding")

    assert ended.code == 0
    assert set(ended.json) == {"Version", "Statement"}
    assert all(
        set(each) <= {"Effect", "Action", "Resource", "Condition"}
        for each in ended.json["Statement"]
    )


def test_a_wrong_account_is_refused(firedoor: Firedoor) -> None:
    ended = firedoor("policy", "compromised-credentials", "--account", "12")

    assert (ended.code, "--account" in ended.err) == (2, True)
