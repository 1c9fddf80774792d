"""Deny a user everything, unconditionally.

An inline policy of ours, named after the case, denies every action on every resource. It cuts the
access keys and the sessions that GetSessionToken and GetFederationToken minted, at once and for
as long as it stands; a condition on the time of issue would miss the keys. When the 2,048
characters that a user's inline policies share are used up, AWS's managed policy AWSDenyAll is
attached instead; when ten managed policies are attached too, it becomes the user's permissions
boundary, where its deny binds as well. It does not touch role sessions that the user already holds:
those follow the role's policies. Undoing it hands access back for as long as a minted session can
live: 36 hours.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens
from firedoor.actions.iam._user import (
    GONE,
    UserState,
    characters,
    gone_check,
    inline_policies,
    name_of,
    part,
    policy_words,
    refuse_own,
    user_of,
)
from firedoor.errors import AwsError, NoCredentials, NotFound, RunFailed
from firedoor.kinds import IamUserName

USER = "arn:{partition}:iam::{account}:user/{user}"
ONLY_DENY_ALL = {"ArnEquals": {"iam:PolicyARN": "arn:{partition}:iam::aws:policy/AWSDenyAll"}}
PERMISSIONS = (
    Permission("iam:GetUser", USER, "the permissions boundary, and the ARN with its path"),
    Permission("iam:ListUserPolicies", USER),
    Permission("iam:GetUserPolicy", USER),
    Permission("iam:ListAttachedUserPolicies", USER),
    Permission("iam:PutUserPolicy", USER),
    Permission("iam:DeleteUserPolicy", USER, "undo"),
    Permission("iam:AttachUserPolicy", USER, "when the inline policies are full", ONLY_DENY_ALL),
    Permission("iam:DetachUserPolicy", USER, "undo", ONLY_DENY_ALL),
    Permission("iam:PutUserPermissionsBoundary", USER, "when no policy can be attached, and undo"),
    Permission("iam:DeleteUserPermissionsBoundary", USER, "undo"),
    Permission("iam:SimulatePrincipalPolicy", USER, "proof"),
)
EXAMPLE = {"user": "ci-deployer"}
REOPENS = Reopens(
    "sessions minted before the deny live up to 36 h and would work again", timedelta(hours=36)
)
BUDGET = 2048
"""Characters that the inline policies of a user share, white space not counted."""
ATTACHED = 10
"""Managed policies that can be attached to a user unless AWS has raised the quota."""
DENY_ALL: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "FiredoorDenyAll", "Effect": "Deny", "Action": "*", "Resource": "*"}],
}
PROBES = ("s3:ListAllMyBuckets", "iam:CreateAccessKey")
"""What is simulated as proof. Not sts:GetCallerIdentity: AWS allows that even under a deny."""
LOOKS = 4
"""How often the simulation is looked at: IAM is eventually consistent."""
PAUSE_SECONDS = 2.0


class Input(Given, frozen=True, kw_only=True):
    """The user to deny."""

    user: IamUserName


class Found(UserState, frozen=True, kw_only=True):
    """Our policy, AWSDenyAll where it is attached, and the boundary.

    `used`: characters of the inline budget that others take; `attached`: managed policies; `arn`:
    the user's, with its path.
    """

    used: int = 0
    attached: int = 0
    arn: str = ""


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """Our policy, AWSDenyAll and the boundary, and how full the user is of policies."""
    refuse_own(aws, given.user)
    try:
        return _read(aws, given.user, case)
    except AwsError as error:
        if error.code not in GONE:
            raise
        return Found(parts={}, gone=True)


def _read(aws: Aws, user: str, case: Case) -> Found:
    found = aws.call("iam", "get_user", UserName=user)["User"]
    inline = inline_policies(aws, user)
    listing = aws.pages("iam", "list_attached_user_policies", "AttachedPolicies", UserName=user)
    attached = [policy["PolicyArn"] for policy in listing]
    parts: dict[str, Any] = {}
    ours = case.name("deny")
    if ours in inline:
        parts[_inline(case, user)] = inline[ours]
    if _deny_all_arn(case) in attached:
        parts[_managed(case, user)] = "attached"
    boundary = (found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
    if boundary:
        parts[_boundary(case, user)] = boundary
    return Found(
        parts=parts,
        used=sum(characters(policy) for name, policy in inline.items() if name != ours),
        attached=len(attached),
        arn=found["Arn"],
    )


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Our policy where there is room for it; else AWSDenyAll, attached or as the boundary."""
    if before.gone:
        return []
    if before.used + characters(DENY_ALL) <= BUDGET:
        return _unless_so(_inline(case, given.user), "policy", before, DENY_ALL)
    managed = _managed(case, given.user)
    if managed in before.parts or before.attached < ATTACHED:
        return _unless_so(managed, "attachment", before, "attached")
    return _unless_so(_boundary(case, given.user), "boundary", before, _deny_all_arn(case))


def _unless_so(resource: str, what: str, before: Found, to: Any) -> list[Change]:
    now = before.parts.get(resource)
    return [] if now == to else [Change(resource=resource, what=what, from_=now, to=to)]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Put or remove our policy, attach or detach AWSDenyAll, or set the boundary.

    A user who is gone needs no deny. RunFailed when there is no room any more: somebody filled the
    user with policies since it was looked at.
    """
    refuse_own(aws, given.user)
    operation, named = _call(change)
    try:
        aws.call("iam", operation, UserName=user_of(change.resource), **named)
    except AwsError as error:
        if error.code.startswith("LimitExceeded"):
            raise RunFailed(
                f"{given.user!r} is NOT denied: {error.message}. Its policies were filled up "
                "meanwhile. At once: aws iam put-user-permissions-boundary --user-name "
                f"{given.user} --permissions-boundary {_deny_all_arn(case)}; then run this again"
            ) from error
        if error.code not in GONE:
            raise
        if change.to is not None and not _denies(change, case):
            raise NotFound(
                f"{given.user!r}, or what stood there before ({name_of(change.resource)}), has "
                "been deleted since: it cannot be put back"
            ) from None


def _denies(change: Change, case: Case) -> bool:
    return change.to in (DENY_ALL, "attached", _deny_all_arn(case))


def _call(change: Change) -> tuple[str, dict[str, str]]:
    """The operation of boto3 that makes a change, and its parameters but for the user."""
    name = name_of(change.resource)
    if "#attached-policy/" in change.resource:
        return ("attach" if change.to else "detach") + "_user_policy", {"PolicyArn": name}
    if change.resource.endswith("#permissions-boundary"):
        if change.to is None:
            return "delete_user_permissions_boundary", {}
        return "put_user_permissions_boundary", {"PermissionsBoundary": str(change.to)}
    if change.to is None:
        return "delete_user_policy", {"PolicyName": name}
    text = json.dumps(change.to, separators=(",", ":"))
    return "put_user_policy", {"PolicyName": name, "PolicyDocument": text}


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """One of the three stands, and IAM's own simulation denies.

    A simulation that cannot be made leaves the proof open: it is not silently left out.
    """
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.user, "is denied everything")]
    standing = {
        "our inline policy stands": state.parts.get(_inline(case, given.user)) == DENY_ALL,
        "AWSDenyAll is attached": _managed(case, given.user) in state.parts,
        "AWSDenyAll is the permissions boundary": state.parts.get(_boundary(case, given.user))
        == _deny_all_arn(case),
    }
    seen = [words for words, stands in standing.items() if stands]
    stands = Check(
        what=f"{given.user} is denied everything",
        holds=bool(seen),
        seen="; ".join(seen) or "neither our policy nor AWSDenyAll",
    )
    return [stands, *_simulated(aws, state.arn)]


def _simulated(aws: Aws, arn: str) -> list[Check]:
    results: dict[str, str] = {}
    try:
        for look in range(LOOKS):
            if look:
                aws.wait(PAUSE_SECONDS)
            answer = aws.call(
                "iam", "simulate_principal_policy", PolicySourceArn=arn, ActionNames=list(PROBES)
            )
            results = {
                each["EvalActionName"]: each["EvalDecision"] for each in answer["EvaluationResults"]
            }
            if "allowed" not in results.values():
                break
    except NoCredentials:
        raise
    except AwsError as error:
        return [Check(what="IAM's simulation of the user", holds=None, seen=error.message)]
    return [
        Check(
            what=f"IAM's simulation of {name}",
            holds=results[name] != "allowed" if name in results else None,
            seen=results.get(name, "IAM did not say"),
        )
        for name in PROBES
    ]


def _inline(case: Case, user: str) -> str:
    return part(case, user, "inline-policy", case.name("deny"))


def _managed(case: Case, user: str) -> str:
    return part(case, user, "attached-policy", _deny_all_arn(case))


def _boundary(case: Case, user: str) -> str:
    return part(case, user, "permissions-boundary")


def _deny_all_arn(case: Case) -> str:
    return f"arn:{case.partition}:iam::aws:policy/AWSDenyAll"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    operation, named = _call(change)
    return [policy_words(operation, {"UserName": user_of(change.resource), **named})]
