"""Deny a role everything, unconditionally: for roles that nobody healthy needs.

An inline policy of ours denies every action on every resource, to sessions that exist and to those
that are still to be made: it holds also against somebody who can assume the role again. It stops
everybody who works with the role. Where the role's inline policies are full it fails, and says how
AWSDenyAll is attached by hand. Service-linked roles and Identity Center's roles are refused: IAM
cannot edit them. Undoing it hands access back to sessions that were made meanwhile: up to 12 h.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.iam._release import ours
from firedoor.actions.iam._role import ROLE, refuse_own_role, refuse_reserved, role, role_of
from firedoor.actions.iam._user import GONE, document, name_of, policy_words
from firedoor.actions.iam.deny_user import DENY_ALL
from firedoor.errors import AwsError, RunFailed
from firedoor.kinds import IamRoleName

PERMISSIONS = (
    Permission("iam:GetRole", ROLE, "whose role it is: its path says so"),
    Permission("iam:GetRolePolicy", ROLE),
    Permission("iam:PutRolePolicy", ROLE),
    Permission("iam:DeleteRolePolicy", ROLE, "undo"),
)
EXAMPLE = {"role": "data-reader"}
REOPENS = Reopens(
    "sessions of the role live up to 12 h, and the way in by which they were made may be open",
    timedelta(hours=12),
)


class Input(Given, frozen=True, kw_only=True):
    """The role to deny."""

    role: IamRoleName


class Found(State, frozen=True, kw_only=True):
    """Our policy; `arn`: the role's, with its path, "" when there is no role."""

    arn: str = ""


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The role and our policy on it; Refused when it may not be touched."""
    refuse_own_role(aws, given.role)
    known = role(aws, given.role)
    if known is None:
        return Found(parts={})
    arn = str(known["Arn"])
    refuse_reserved(given.role, arn)
    found = ours(aws, case, "role", given.role, ["deny"])
    return Found(parts={_inline(arn, case): found["deny"]} if found else {}, arn=arn)


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
    """Our policy."""
    if not before.arn:
        return []
    what = _inline(before.arn, case)
    now = before.parts.get(what)
    return [] if now == DENY_ALL else [Change(resource=what, what="policy", from_=now, to=DENY_ALL)]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Put or remove our policy. A role that is gone needs no deny.

    RunFailed when there is no room for it, or when AWS does not let anybody edit the role.
    """
    refuse_own_role(aws, given.role)
    refuse_reserved(given.role, change.resource.split("#", 1)[0])
    operation, named = _call(change)
    try:
        aws.call("iam", operation, RoleName=given.role, **named)
    except AwsError as error:
        if error.code.startswith(("LimitExceeded", "UnmodifiableEntity")):
            raise RunFailed(
                f"{given.role!r} is NOT denied: {error.message}. At once: aws iam "
                f"attach-role-policy --role-name {given.role} --policy-arn "
                f"arn:{case.partition}:iam::aws:policy/AWSDenyAll"
            ) from error
        if error.code not in GONE:
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Our policy stands."""
    what = f"role {given.role} is denied everything"
    state = observe(aws, given, case)
    if not state.arn:
        return [Check(what=what, holds=True, seen="the role is gone, and its sessions with it")]
    found = state.parts.get(_inline(state.arn, case))
    if found == DENY_ALL:
        return [Check(what=what, holds=True, seen="our inline policy stands")]
    seen = "our policy has been changed" if found else "our policy does not stand"
    return [Check(what=what, holds=False, seen=seen)]


def _call(change: Change) -> tuple[str, dict[str, str]]:
    named = {"PolicyName": name_of(change.resource)}
    if change.to is None:
        return "delete_role_policy", named
    text = json.dumps(change.to, separators=(",", ":"))
    return "put_role_policy", {**named, "PolicyDocument": text}


def _inline(arn: str, case: Case) -> str:
    return f"{arn}#inline-policy/{case.name('deny')}"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    operation, named = _call(change)
    return [policy_words(operation, {"RoleName": role_of(change.resource), **named})]
