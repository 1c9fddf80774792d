"""The IAM policy that is made of what actions say they need."""

from __future__ import annotations

import dataclasses
from typing import Any

from firedoor.actions.contract import Permission
from firedoor.actions.policy import MANAGED, policy_for, shorter, size, split
from firedoor.actions.registry import registry
from tests.simulator.conftest import ACCOUNT


def statement(document: dict[str, Any], action: str) -> dict[str, Any]:
    """The one statement that allows an action."""
    (found,) = [each for each in document["Statement"] if action in each["Action"]]
    assert isinstance(found, dict)
    return found


def test_a_user_is_allowed_by_name_with_and_without_a_path() -> None:
    keys = registry()["iam.disable_access_keys"]
    made = policy_for([(keys, {"user": "ci-deployer"})], account=ACCOUNT)

    assert made == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["iam:ListAccessKeys", "iam:UpdateAccessKey"],
                "Resource": [
                    f"arn:aws:iam::{ACCOUNT}:user/ci-deployer",
                    f"arn:aws:iam::{ACCOUNT}:user/*/ci-deployer",
                ],
            }
        ],
    }


def test_an_input_that_is_not_given_is_open() -> None:
    cut = registry()["iam.revoke_role_sessions"]
    made = policy_for([(cut, {})], account=ACCOUNT, partition="aws-us-gov")

    found = statement(made, "iam:PutRolePolicy")
    assert found["Resource"] == [f"arn:aws-us-gov:iam::{ACCOUNT}:role/*"]


def test_only_awsdenyall_may_be_attached() -> None:
    deny = registry()["iam.deny_user"]
    found = statement(policy_for([(deny, {})], account=ACCOUNT), "iam:AttachUserPolicy")

    assert found["Condition"] == {
        "ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AWSDenyAll"}
    }


def test_actions_share_statements_where_they_need_the_same_resources() -> None:
    names = ("iam.disable_access_keys", "iam.remove_console_access", "iam.capture_user")
    wanted = [(registry()[name], {"user": "ci-deployer"}) for name in names]
    made = policy_for(wanted, account=ACCOUNT)

    assert len(made["Statement"]) == 2
    actions = [action for each in made["Statement"] for action in each["Action"]]
    assert len(actions) == len(set(actions))


def test_any_policy_is_attached_by_a_role_of_its_own_alone() -> None:
    keys = registry()["iam.disable_access_keys"]
    handing_out = dataclasses.replace(keys, permissions=(Permission("iam:AttachUserPolicy"),))

    without = policy_for([(handing_out, {})], account=ACCOUNT)
    having = policy_for([(handing_out, {})], account=ACCOUNT, recovery=True)

    assert without["Statement"] == []
    assert statement(having, "iam:AttachUserPolicy")["Resource"] == ["*"]


def test_a_policy_that_is_too_large_is_split_into_what_may_be_attached() -> None:
    wanted = [(action, {}) for _, action in sorted(registry().items())]
    whole = policy_for(wanted, account=ACCOUNT)

    pieces = split(whole)

    assert len(pieces) > 1
    assert max(map(size, pieces)) <= MANAGED
    assert granted(pieces) == granted([whole])


def granted(documents: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {
        (action, str([statement["Resource"], statement.get("Condition")]))
        for document in documents
        for statement in document["Statement"]
        for action in statement["Action"]
    }


def test_a_session_s_policy_is_cut_down_to_what_aws_takes_along() -> None:
    keys = [(registry()["iam.disable_access_keys"], {"user": "ci-deployer"})]
    one, said = shorter(policy_for(keys, account=ACCOUNT))
    deny = policy_for([(registry()["iam.deny_user"], {})], account=ACCOUNT)
    other, less = shorter(deny, most=700)

    assert said == "the runbook's own policy"
    assert "ci-deployer" in str(one)
    assert (size(other) <= 700, less != "") == (True, True)
    assert "iam:PutUserPolicy" in str(other)
    assert "iam:CreateUser" not in str(other)
