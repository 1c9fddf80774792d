"""Deny a role everything, unconditionally: for roles that nobody healthy needs.

An inline policy of ours denies every action on every resource, to sessions that exist and to those
that are still to be made: it holds also against somebody who can assume the role again. It stops
everybody who works with the role. When the role's inline policies are full, AWS's managed policy
AWSDenyAll is attached instead. Service-linked roles and Identity Center's roles are refused: IAM
cannot edit them. Undoing it hands access back to sessions that were made meanwhile: up to 12 h.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.iam._role import ROLE, refuse_own_role, refuse_reserved, role, role_of
from firedoor.actions.iam._user import GONE, characters, document, name_of, policy_words
from firedoor.actions.iam.deny_user import DENY_ALL, ONLY_DENY_ALL
from firedoor.errors import AwsError, NotFound, RunFailed
from firedoor.kinds import IamRoleName

PERMISSIONS = (
    Permission("iam:GetRole", ROLE, "whose role it is: its path says so"),
    Permission("iam:ListRolePolicies", ROLE),
    Permission("iam:GetRolePolicy", ROLE),
    Permission("iam:ListAttachedRolePolicies", ROLE),
    Permission("iam:PutRolePolicy", ROLE),
    Permission("iam:DeleteRolePolicy", ROLE, "undo"),
    Permission("iam:AttachRolePolicy", ROLE, "when the inline policies are full", ONLY_DENY_ALL),
    Permission("iam:DetachRolePolicy", ROLE, "undo", ONLY_DENY_ALL),
)
EXAMPLE = {"role": "data-reader"}
REOPENS = Reopens(
    "sessions of the role live up to 12 h, and the way in by which they were made may be open",
    timedelta(hours=12),
)
BUDGET = 10240
"""Characters that the inline policies of a role share, white space not counted."""


class Input(Given, frozen=True, kw_only=True):
    """The role to deny."""

    role: IamRoleName


class Found(State, frozen=True, kw_only=True):
    """Our policy and AWSDenyAll; `arn`: the role's, with its path, "" when there is no role."""

    arn: str = ""
    used: int = 0


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The role, our policy on it, and how full it is; Refused when it may not be touched."""
    refuse_own_role(aws, given.role)
    known = role(aws, given.role)
    if known is None:
        return Found(parts={})
    arn, name = str(known["Arn"]), {"RoleName": given.role}
    refuse_reserved(given.role, arn)
    inline = inline_of_role(aws, given.role)
    attached = aws.pages("iam", "list_attached_role_policies", "AttachedPolicies", **name)
    parts: dict[str, Any] = {}
    ours = case.name("deny")
    if ours in inline:
        parts[_inline(arn, case)] = inline[ours]
    if any(each["PolicyArn"] == _deny_all(case) for each in attached):
        parts[_managed(arn, case)] = "attached"
    used = sum(characters(policy) for each, policy in inline.items() if each != ours)
    return Found(parts=parts, arn=arn, used=used)


def inline_of_role(aws: Aws, name: str) -> dict[str, dict[str, Any]]:
    """The role's inline policies by name; one that goes between listing and reading is left out."""
    found: dict[str, dict[str, Any]] = {}
    for each in aws.pages("iam", "list_role_policies", "PolicyNames", RoleName=name):
        try:
            answer = aws.call("iam", "get_role_policy", RoleName=name, PolicyName=each)
        except AwsError as error:
            if error.code not in GONE:
                raise
            continue
        found[each] = document(answer["PolicyDocument"])
    return found


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Our policy where there is room for it, else AWSDenyAll."""
    if not before.arn:
        return []
    fits = before.used + characters(DENY_ALL) <= BUDGET
    what, to = (_inline(before.arn, case), DENY_ALL) if fits else (_managed(before.arn, case), None)
    wanted = to or "attached"
    now = before.parts.get(what)
    kind = "policy" if fits else "attachment"
    return [] if now == wanted else [Change(resource=what, what=kind, from_=now, to=wanted)]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Put or remove our policy, attach or detach AWSDenyAll. A role that is gone needs no deny.

    RunFailed when there is no room any more, or when AWS does not let anybody edit the role.
    """
    refuse_own_role(aws, given.role)
    refuse_reserved(given.role, change.resource.split("#", 1)[0])
    operation, named = _call(change)
    try:
        aws.call("iam", operation, RoleName=given.role, **named)
    except AwsError as error:
        if error.code.startswith(("LimitExceeded", "UnmodifiableEntity")):
            raise RunFailed(
                f"{given.role!r} is NOT denied: {error.message}. Detach a policy of the role and "
                "run this again"
            ) from error
        if error.code not in GONE:
            raise
        if (
            change.to not in (None, DENY_ALL, "attached")
            and "revoke-sessions" not in change.resource
        ):
            raise NotFound(f"{given.role!r} has been deleted since: nothing to put back") from None


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Our policy stands, or AWSDenyAll is attached."""
    what = f"role {given.role} is denied everything"
    state = observe(aws, given, case)
    if not state.arn:
        return [Check(what=what, holds=True, seen="the role is gone, and its sessions with it")]
    if state.parts.get(_inline(state.arn, case)) == DENY_ALL:
        return [Check(what=what, holds=True, seen="our inline policy stands")]
    attached = _managed(state.arn, case) in state.parts
    seen = "AWSDenyAll is attached" if attached else "neither our policy nor AWSDenyAll"
    return [Check(what=what, holds=attached, seen=seen)]


def _call(change: Change) -> tuple[str, dict[str, str]]:
    name = name_of(change.resource)
    if "#attached-policy/" in change.resource:
        return ("attach" if change.to else "detach") + "_role_policy", {"PolicyArn": name}
    if change.to is None:
        return "delete_role_policy", {"PolicyName": name}
    text = json.dumps(change.to, separators=(",", ":"))
    return "put_role_policy", {"PolicyName": name, "PolicyDocument": text}


def _inline(arn: str, case: Case) -> str:
    return f"{arn}#inline-policy/{case.name('deny')}"


def _managed(arn: str, case: Case) -> str:
    return f"{arn}#attached-policy/{_deny_all(case)}"


def _deny_all(case: Case) -> str:
    return f"arn:{case.partition}:iam::aws:policy/AWSDenyAll"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    operation, named = _call(change)
    return [policy_words(operation, {"RoleName": role_of(change.resource), **named})]
