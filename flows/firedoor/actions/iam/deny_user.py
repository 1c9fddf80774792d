"""Deny a user everything, unconditionally.

An inline policy of ours, named after the case, denies every action on every resource. It cuts the
access keys and the sessions that GetSessionToken and GetFederationToken minted, at once and for
as long as it stands; a condition on the time of issue would miss the keys. When the 2,048
characters that a user's inline policies share are used up, AWS's managed policy AWSDenyAll is
attached instead. It does not touch role sessions that the user already holds: those follow the
role's policies. Undoing it hands access back for as long as a minted session can live: 36 hours.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.iam._user import (
    GONE,
    characters,
    inline_policies,
    name_of,
    part,
    refuse_own,
    user_of,
)
from firedoor.errors import AwsError
from firedoor.kinds import IamUserName

USER = "arn:{partition}:iam::{account}:user/{user}"
PERMISSIONS = (
    Permission("iam:ListUserPolicies", USER),
    Permission("iam:GetUserPolicy", USER),
    Permission("iam:ListAttachedUserPolicies", USER),
    Permission("iam:PutUserPolicy", USER),
    Permission("iam:DeleteUserPolicy", USER, "undo"),
    Permission("iam:AttachUserPolicy", USER, "when the inline policies are full"),
    Permission("iam:DetachUserPolicy", USER, "undo"),
    Permission("iam:GetUser", USER, "proof: the ARN with its path"),
    Permission("iam:SimulatePrincipalPolicy", USER, "proof"),
)
EXAMPLE = {"user": "ci-deployer"}
REOPENS = Reopens(
    "sessions minted before the deny live up to 36 h and would work again", timedelta(hours=36)
)
BUDGET = 2048
"""Characters that the inline policies of a user share, white space not counted."""
DENY_ALL: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "FiredoorDenyAll", "Effect": "Deny", "Action": "*", "Resource": "*"}],
}
PROBES = ("s3:ListAllMyBuckets", "iam:CreateAccessKey")
"""What is simulated as proof. Not sts:GetCallerIdentity: AWS allows that even under a deny."""
LOOKS = 4
"""How often the simulation is looked at: IAM is eventually consistent."""


class Input(Given, frozen=True, kw_only=True):
    """The user to deny."""

    user: IamUserName


class Found(State, frozen=True, kw_only=True):
    """Our policy and AWSDenyAll, where they stand; `used`: characters of the inline budget."""

    used: int


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """Our policy, AWSDenyAll, and how full the inline policies are."""
    ours = case.name("deny")
    inline = inline_policies(aws, given.user)
    parts: dict[str, Any] = {}
    if ours in inline:
        parts[part(case, given.user, "inline-policy", ours)] = inline[ours]
    attached = aws.pages(
        "iam", "list_attached_user_policies", "AttachedPolicies", UserName=given.user
    )
    if _deny_all_arn(case) in [policy["PolicyArn"] for policy in attached]:
        parts[part(case, given.user, "attached-policy", _deny_all_arn(case))] = "attached"
    used = sum(characters(policy) for name, policy in inline.items() if name != ours)
    return Found(parts=parts, used=used)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Our policy where there is room for it, AWSDenyAll where there is none."""
    ours = part(case, given.user, "inline-policy", case.name("deny"))
    managed = part(case, given.user, "attached-policy", _deny_all_arn(case))
    if before.used + characters(DENY_ALL) <= BUDGET:
        if before.parts.get(ours) == DENY_ALL:
            return []
        return [Change(resource=ours, what="policy", from_=before.parts.get(ours), to=DENY_ALL)]
    if managed in before.parts:
        return []
    return [Change(resource=managed, what="attachment", from_=None, to="attached")]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Put or remove our policy, or attach or detach AWSDenyAll."""
    refuse_own(aws, given.user)
    user, name = user_of(change.resource), name_of(change.resource)
    try:
        if "#attached-policy/" in change.resource:
            verb = "attach" if change.to else "detach"
            aws.call("iam", f"{verb}_user_policy", UserName=user, PolicyArn=name)
        elif change.to is None:
            aws.call("iam", "delete_user_policy", UserName=user, PolicyName=name)
        else:
            text = json.dumps(change.to, separators=(",", ":"))
            aws.call("iam", "put_user_policy", UserName=user, PolicyName=name, PolicyDocument=text)
    except AwsError as error:
        if change.to is not None or error.code not in GONE:
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """One of the two stands, and IAM's own simulation denies."""
    state = observe(aws, given, case)
    ours = state.parts.get(part(case, given.user, "inline-policy", case.name("deny")))
    managed = part(case, given.user, "attached-policy", _deny_all_arn(case)) in state.parts
    seen = "our inline policy stands" if ours == DENY_ALL else ""
    seen = seen or ("AWSDenyAll is attached" if managed else "neither our policy nor AWSDenyAll")
    stands = Check(
        what=f"{given.user} is denied everything",
        holds=bool(ours == DENY_ALL or managed),
        seen=seen,
    )
    return [stands, *_simulated(aws, given)]


def _simulated(aws: Aws, given: Input) -> list[Check]:
    results: dict[str, str] = {}
    try:
        arn = aws.call("iam", "get_user", UserName=given.user)["User"]["Arn"]
        for _ in range(LOOKS):
            answer = aws.call(
                "iam", "simulate_principal_policy", PolicySourceArn=arn, ActionNames=list(PROBES)
            )
            results = {
                each["EvalActionName"]: each["EvalDecision"] for each in answer["EvaluationResults"]
            }
            if "allowed" not in results.values():
                break
            aws.wait(2.0)
    except AwsError:
        # The policy was read back; that it cannot be simulated as well takes nothing from it.
        return []
    return [
        Check(what=f"IAM's simulation of {name}", holds=decision != "allowed", seen=decision)
        for name, decision in results.items()
    ]


def _deny_all_arn(case: Case) -> str:
    return f"arn:{case.partition}:iam::aws:policy/AWSDenyAll"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    user = ("--user-name", user_of(change.resource))
    name = name_of(change.resource)
    if "#attached-policy/" in change.resource:
        verb = "attach" if change.to else "detach"
        return [["iam", f"{verb}-user-policy", *user, "--policy-arn", name]]
    if change.to is None:
        return [["iam", "delete-user-policy", *user, "--policy-name", name]]
    text = json.dumps(change.to, separators=(",", ":"))
    return [["iam", "put-user-policy", *user, "--policy-name", name, "--policy-document", text]]
