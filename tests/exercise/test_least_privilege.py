"""Every runbook runs, and is undone, under exactly the policy that is printed for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from firedoor.actions.policy import RESPONDER
from firedoor.exercise.drill import play
from firedoor.library import Library
from firedoor.scenario import load_scenario
from firedoor.scoping import needed_by
from firedoor.simulator import standing
from firedoor.simulator.policy import PolicySet, Request, Verdict, decide
from tests.exercise.conftest import AT, ROOT, RUNBOOK, SCENARIO, Play

UNPLAYED = {
    "guardduty-finding": "triage of what no scenario is about; tests/cli runs it",
    "identity-center-user": "a finding names a role's session: compromised-role calls it",
    "malicious-object": "its objective is a tag on an object; its actions' own tests see to it",
    "public-account": "public-bucket's scenarios play its steps for one bucket",
}
"""Runbooks without a scenario, and why."""

ELSEWHERE = "made in the management account, in a session of its own"
UNDONE = "undo of what stays shut in drills; the action's own tests undo it"
LATER = "only after containment, in a step that the scenario's people are not asked for"
NONE_THERE = "only where there is such a thing, which no scenario's world has"

EXEMPT: dict[str, str] = {
    "cloudtrail:GetEventSelectors": NONE_THERE,
    "ec2:DeleteFlowLogs": UNDONE,
    "iam:PassRole": UNDONE,
    "organizations:AttachPolicy": ELSEWHERE,
    "organizations:DetachPolicy": ELSEWHERE,
    "organizations:ListPoliciesForTarget": ELSEWHERE,
    "s3:DeleteObjectVersion": LATER,
    "s3:GetAccessPoint": NONE_THERE,
    "s3:GetAccessPointPolicy": NONE_THERE,
    "s3:GetAccessPointPolicyStatus": NONE_THERE,
    "s3:GetMultiRegionAccessPointPolicy": NONE_THERE,
    "s3:GetMultiRegionAccessPointPolicyStatus": NONE_THERE,
    "s3:GetObject": NONE_THERE,
    "s3:GetObjectVersion": LATER,
    "s3:GetObjectVersionTagging": LATER,
    "s3:PutObject": LATER,
    "s3:PutObjectTagging": LATER,
    "ses:GetConfigurationSet": NONE_THERE,
    "ses:PutConfigurationSetSendingOptions": NONE_THERE,
}
"""IAM action → why no drill needs it. A statement may be idle with such actions alone."""

ACCOUNT = "111122223333"


def shipped() -> Library:
    return Library.open(ROOT)


def scenarios() -> Mapping[str, list[str]]:
    """The scenarios of each runbook."""
    found: dict[str, list[str]] = {}
    for name, path in shipped().scenarios().items():
        found.setdefault(load_scenario(path).runbook.ref, []).append(name)
    return found


SCENARIOS = scenarios()


@cache
def document(runbook: str) -> dict[str, Any]:
    library = shipped()
    return needed_by([(library.program(runbook), {})], account=ACCOUNT, itself=RESPONDER)


Judged = list[tuple[Request, Verdict]]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """What the responder asked for in a runbook's scenarios, undo included, and how they ended."""
    judge = standing._decide
    seen: Judged = []

    def judged(call: Any, caller: Any, one: Any, request: Request, scps: Any) -> Verdict:
        verdict = judge(call, caller, one, request, scps)
        if f":assumed-role/{RESPONDER}/" in caller.arn and caller.session.policies is not None:
            seen.append((request, verdict))
        return verdict

    @cache
    def played(runbook: str) -> tuple[Judged, list[Any]]:
        seen.clear()
        drilled = [
            play(
                name,
                library=shipped(),
                home=tmp_path_factory.mktemp("home"),
                break_glass=True,
                undo=True,
                at=AT,
                under=document(runbook),
            )
            for name in SCENARIOS[runbook]
        ]
        return list(seen), drilled

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(standing, "_decide", judged)
        yield played


def test_every_runbook_has_a_scenario_or_is_named() -> None:
    assert set(shipped().runbooks()) - set(SCENARIOS) == set(UNPLAYED)


@pytest.mark.parametrize("runbook", sorted(SCENARIOS))
def test_under_exactly_its_policy_a_runbook_contains_and_is_undone(
    asked: Any, runbook: str
) -> None:
    requests, drilled = asked(runbook)

    refused = {request.action for request, verdict in requests if not verdict.allowed}
    assert refused - set(EXEMPT) == set()
    assert [(each.scenario, each.rating) for each in drilled if not each.passed] == []
    assert requests


@pytest.mark.parametrize("runbook", sorted(SCENARIOS))
def test_without_any_one_statement_something_of_it_is_refused(asked: Any, runbook: str) -> None:
    called = shipped().program(runbook).runbooks
    requests = [each for name in called if name in SCENARIOS for each in asked(name)[0]]
    whole = document(runbook)
    idle = [
        statement
        for statement in whole["Statement"]
        if statement["Effect"] == "Allow"
        and set(statement["Action"]) - set(EXEMPT)
        and all(allowed(request, whole, statement) for request, _ in requests)
    ]

    assert idle == []


def allowed(request: Request, whole: dict[str, Any], but: dict[str, Any]) -> bool:
    """Whether a request is allowed by a policy without one of its statements."""
    rest = {**whole, "Statement": [each for each in whole["Statement"] if each is not but]}
    return decide(request, PolicySet(identity=(rest,))).allowed


CONTAINS = {
    "cloudtrail:LookupEvents",
    "iam:AttachUserPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
}
"""What no containment goes without in the scenario that is played."""


def statements() -> list[int]:
    """The places of the statements that allow one of these."""
    listed = document(RUNBOOK)["Statement"]
    return [
        place
        for place, each in enumerate(listed)
        if each["Effect"] == "Allow" and CONTAINS & set(each["Action"])
    ]


@pytest.mark.parametrize("missing", statements())
def test_a_drill_fails_where_a_statement_is_missing(drill: Play, missing: int) -> None:
    whole = document(RUNBOOK)
    rest = [each for place, each in enumerate(whole["Statement"]) if place != missing]
    attaches = "iam:AttachUserPolicy" in whole["Statement"][missing]["Action"]

    drilled = drill(
        "full-inline-policies" if attaches else SCENARIO,
        under={**whole, "Statement": rest},
    )

    assert not drilled.passed


def test_the_responder_may_not_change_itself() -> None:
    own = f"arn:aws:iam::{ACCOUNT}:role/{RESPONDER}"
    principal = f"arn:aws:sts::{ACCOUNT}:assumed-role/{RESPONDER}/x"
    policies = PolicySet(identity=(document(RUNBOOK),))

    def may(action: str, resource: str, **context: str) -> bool:
        return decide(Request(action, resource, principal, context), policies).allowed

    assert may("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/data-reader")
    assert not may("iam:PutRolePolicy", own)
    assert not may("iam:DeleteRolePolicy", own)
    assert not may("iam:UpdateAssumeRolePolicy", own)


def test_awsdenyall_is_all_that_may_be_attached() -> None:
    granted = [
        statement
        for runbook in shipped().runbooks()
        for statement in document(runbook)["Statement"]
        if statement["Effect"] == "Allow"
        and any(each.startswith("iam:Attach") for each in statement["Action"])
    ]

    assert granted
    assert [each for each in granted if "policy/AWSDenyAll" not in str(each["Condition"])] == []
