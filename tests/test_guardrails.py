"""Guardrails, tried from the attacker's side: every brake asks, none is silent."""

from __future__ import annotations

from typing import Any

import pytest

from firedoor.actions.contract import Change
from firedoor.guardrails import Known, brakes, forbidden
from firedoor.response_plan import Budget, Modes, ResponsePlan

ACCOUNT = "111122223333"
RESPONDER = f"arn:aws:sts::{ACCOUNT}:assumed-role/firedoor-responder/carol"
ACT = ResponsePlan(mode=Modes(accounts={ACCOUNT: "act"}), accounts=(ACCOUNT,))


def change(what: str) -> Change:
    return Change(
        resource=f"arn:aws:iam::{ACCOUNT}:{what}", what="policy", from_=None, to={"Statement": []}
    )


KEY = Change(
    resource=f"arn:aws:iam::{ACCOUNT}:user/ci-deployer#access-key/AKIAIOSFODNN7EXAMPLE",
    what="status",
    from_="Active",
    to="Inactive",
)


def rules(plan: ResponsePlan = ACT, changes: tuple[Change, ...] = (KEY,), **known: Any) -> set[str]:
    given = {"account": ACCOUNT, **known}
    return {brake.rule for brake in brakes(changes, plan, Known(**given))}


def plan(**more: Any) -> ResponsePlan:
    return ResponsePlan(mode=Modes(accounts={ACCOUNT: "act"}), accounts=(ACCOUNT,), **more)


@pytest.mark.parametrize(
    ("resource", "rule"),
    [
        ("role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForX", "service-linked role"),
        ("role/AWSServiceRoleForSupport#inline-policy/x", "service-linked role"),
        ("role/AWSReservedSSO_Admin_0123456789abcdef#inline-policy/x", "Identity Center role"),
        (
            "role/aws-reserved/sso.amazonaws.com/eu-central-1/X#inline-policy/x",
            "Identity Center role",
        ),
        ("role/firedoor-responder#inline-policy/x", "own principal"),
        ("role/ops/firedoor-responder#inline-policy/x", "own principal"),
    ],
)
def test_nobody_s_yes_reaches_these(resource: str, rule: str) -> None:
    brake = forbidden(RESPONDER, ACCOUNT, [change(resource)], ACT)

    assert brake is not None
    assert brake.rule == rule
    assert brake.instead


@pytest.mark.parametrize(
    ("principal", "resource"),
    [
        (f"arn:aws:iam::{ACCOUNT}:user/ops/carol", "user/carol#access-key/AKIAIOSFODNN7EXAMPLE"),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/carol", "user/carol#inline-policy/x"),
    ],
)
def test_the_responder_does_not_shut_itself_out(principal: str, resource: str) -> None:
    brake = forbidden(principal, ACCOUNT, [change(resource)], ACT)

    assert brake is not None
    assert brake.rule == "own principal"


def test_a_user_called_like_the_responder_s_role_is_another() -> None:
    assert forbidden(RESPONDER, ACCOUNT, [change("user/firedoor-responder#x")], ACT) is None


def test_where_firedoor_only_observes_nothing_is_changed_whoever_agrees() -> None:
    watching = ResponsePlan(mode=Modes(default="observe"))

    brake = forbidden(RESPONDER, ACCOUNT, [KEY], watching)

    assert brake is not None
    assert "--commands" in brake.instead


def test_without_a_brake_nothing_holds_it_back() -> None:
    assert rules() == set()


def test_a_freeze_asks() -> None:
    assert rules(frozen="by os:carol") == {"freeze"}


def test_a_mode_that_changed_since_the_finding_was_routed_asks() -> None:
    assert rules(ResponsePlan()) == {"mode"}


def test_the_management_account_asks() -> None:
    assert rules(management=ACCOUNT) == {"management account"}
    assert rules(management="444455556666") == set()


def test_an_organization_that_cannot_be_read_asks() -> None:
    assert rules(management=None) == {"management account"}


@pytest.mark.parametrize(("made", "expected"), [(18, set()), (19, set()), (20, {"budget"})])
def test_over_the_hourly_budget_it_asks(made: int, expected: set[str]) -> None:
    assert rules(changed_lately=made) == expected


def test_a_budget_of_none_asks_always() -> None:
    assert rules(plan(budget=Budget(changes_per_hour=0))) == {"budget"}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (f"arn:aws:iam::{ACCOUNT}:user/ci-deployer", {"protect"}),
        ("arn:aws:iam::*:user/ci-*", {"protect"}),
        # The path of a user does not stand in the name of its parts.
        ("arn:aws:iam::*:user/production/ci-deployer", {"protect"}),
        ("arn:aws:iam::*:user/production/*", {"protect"}),
        ("arn:aws:iam::*:user/billing", set()),
        ("arn:aws:iam::444455556666:user/ci-deployer", set()),
    ],
)
def test_what_is_protected_asks(pattern: str, expected: set[str]) -> None:
    assert rules(plan(protect=(pattern,))) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"tier": "production"}, {"protect"}),
        ({"tier": "test"}, set()),
        ({}, set()),
        # An attacker who keeps us from reading the tags gains nothing by it.
        (None, {"protect"}),
    ],
)
def test_a_tag_only_raises_the_question(tags: Any, expected: set[str]) -> None:
    target = KEY.resource.split("#")[0]

    assert rules(plan(protect=("tag:tier=production",)), tags={target: tags}) == expected


def test_every_brake_is_told_at_once_with_what_to_do() -> None:
    found = brakes(
        [KEY],
        plan(protect=("*",), budget=Budget(changes_per_hour=0)),
        Known(account=ACCOUNT, frozen="by os:carol", management=None),
    )

    assert {brake.rule for brake in found} == {"freeze", "management account", "budget", "protect"}
    assert all(brake.why and brake.instead for brake in found)
