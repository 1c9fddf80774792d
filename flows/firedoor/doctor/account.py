"""Who firedoor is in AWS, and whether it may do what its runbooks do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from firedoor.actions.contract import Aws
from firedoor.actions.policy import policy_for
from firedoor.actions.registry import registry
from firedoor.doctor.model import Look
from firedoor.errors import AwsError
from firedoor.library import Library

AT_ONCE = 100
"""Actions in one SimulatePrincipalPolicy."""


def identity(aws: Aws, target: Mapping[str, str]) -> Iterator[Look]:
    """The account and principal, and whether the endpoint is AWS's own."""
    seen = f"{target['account']} {target['region']} as {target['principal']}"
    if target.get("endpoint"):
        fix = "Unset AWS_ENDPOINT_URL for real AWS"
        yield Look(
            name="aws",
            standing="warn",
            seen=f"{seen}; NOT AWS'S OWN: {target['endpoint']}",
            fix=fix,
        )
    else:
        yield Look(name="aws", standing="ok", seen=seen)
    if ":root" in target["principal"] or ":user/" in target["principal"]:
        seen = "long-term credentials: whoever reads this machine has them"
        yield Look(name="credentials", standing="warn", seen=seen, fix="Use a role")


def permissions(aws: Aws, library: Library) -> Iterator[Look]:
    """What the runbooks need, asked of IAM's own simulator."""
    wanted = {
        step.action
        for name in library.runbooks()
        for book in library.program(name).runbooks.values()
        for step in book.all_steps()
        if step.action
    }
    actions = registry()
    policy = policy_for([(actions[name], {}) for name in sorted(wanted)], account=aws.account)
    needed = sorted({each for one in policy["Statement"] for each in one["Action"]})
    source = _role_of(aws)
    denied: list[str] = []
    for first in range(0, len(needed), AT_ONCE):
        part = needed[first : first + AT_ONCE]
        try:
            answer = aws.call(
                "iam", "simulate_principal_policy", PolicySourceArn=source, ActionNames=part
            )
        except AwsError as error:
            seen = f"whether {len(needed)} actions are allowed could not be asked: {error.message}"
            fix = "firedoor policy RUNBOOK… prints what is needed"
            yield Look(name="permissions", standing="unknown", seen=seen, fix=fix)
            return
        denied += [
            each["EvalActionName"]
            for each in answer["EvaluationResults"]
            if each["EvalDecision"] != "allowed" and not _conditional(each)
        ]
    if denied:
        seen = f"{len(denied)} of {len(needed)} actions are not allowed: {', '.join(denied[:12])}"
        seen += " …" if len(denied) > 12 else ""
        fix = "firedoor policy RUNBOOK… prints the policy; attach it to the responder's role"
        yield Look(name="permissions", standing="bad", seen=seen, fix=fix)
    else:
        yield Look(name="permissions", standing="ok", seen=f"all {len(needed)} actions are allowed")


def _conditional(result: Mapping[str, Any]) -> bool:
    """Whether it depends on resources or conditions that nobody can name beforehand."""
    return bool(result.get("MissingContextValues")) or (
        result["EvalDecision"] == "implicitDeny" and bool(result.get("MatchedStatements"))
    )


def _role_of(aws: Aws) -> str:
    """The ARN of the role behind a session; IAM simulates no sessions."""
    parts = aws.principal.split(":", 5)
    kind, _, rest = parts[5].partition("/")
    if kind != "assumed-role":
        return aws.principal
    return f"arn:{parts[1]}:iam::{parts[4]}:role/{rest.split('/')[0]}"
