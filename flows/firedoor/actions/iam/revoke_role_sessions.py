"""Cut every session of a role that was issued until now; sessions issued later work.

An inline policy on the role denies everything to sessions whose time of issue lies before the
cut-off. The cut-off is 30 s ahead of the change: IAM needs seconds to apply a policy everywhere,
and a session minted in these would slip through. Healthy workloads renew their sessions and go
on; those renewed within the 30 s renew once more. A policy of ours that stands already is left when
its cut-off lies after the last session that is to be cut (`minted`, or now), and moved on
otherwise. It does not shut the way in by which a session was obtained. Service-linked roles and
Identity Center's roles are refused: IAM cannot edit them.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.iam._role import ROLE, refuse_own_role, refuse_reserved, role, role_of
from firedoor.actions.iam._user import GONE, document
from firedoor.errors import AwsError, RunFailed
from firedoor.kinds import IamRoleName, Time, parse_time

PERMISSIONS = (
    Permission("iam:GetRole", ROLE, "whose role it is: its path says so"),
    Permission("iam:GetRolePolicy", ROLE),
    Permission("iam:PutRolePolicy", ROLE),
    Permission("iam:DeleteRolePolicy", ROLE, "undo"),
)
EXAMPLE = {"role": "data-reader"}
REOPENS = Reopens(
    "role sessions that were cut live up to 12 h and would work again", timedelta(hours=12)
)
AHEAD = timedelta(seconds=30)
"""How far the cut-off lies ahead: what a policy takes to be in force everywhere, and some."""


class Input(Given, frozen=True, kw_only=True):
    """The role whose sessions are cut; `minted`: when the last of them was issued, if known."""

    role: IamRoleName
    minted: Time | None = None


class Found(State, frozen=True, kw_only=True):
    """Our policy on the role; `arn` is the role's, with its path, "" when there is no role."""

    arn: str = ""


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The role, and our policy on it if it stands; Refused when it may not be touched."""
    refuse_own_role(aws, given.role)
    known = role(aws, given.role)
    if known is None:
        return Found(parts={})
    arn = str(known["Arn"])
    refuse_reserved(given.role, arn)
    name = case.name("revoke-sessions")
    try:
        answer = aws.call("iam", "get_role_policy", RoleName=given.role, PolicyName=name)
    except AwsError as error:
        if error.code not in GONE:
            raise
        return Found(parts={}, arn=arn)
    policy = document(answer["PolicyDocument"])
    return Found(parts={_resource(arn, case): policy}, arn=arn)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Our policy with a cut-off after every session that is to be cut."""
    if not before.arn:
        return []
    resource = _resource(before.arn, case)
    found = before.parts.get(resource)
    if _cuts(found, parse_time(given.minted) if given.minted else case.now):
        return []
    cut = (case.now + AHEAD).replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [Change(resource=resource, what="policy", from_=found, to=_policy(cut))]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Put or remove our policy. A role that is gone has no sessions to cut.

    RunFailed when the role has no room for it, or when AWS does not let anybody edit it.
    """
    refuse_own_role(aws, given.role)
    refuse_reserved(given.role, change.resource.split("#", 1)[0])
    named = {"RoleName": given.role, "PolicyName": change.resource.rpartition("/")[2]}
    try:
        if change.to is None:
            aws.call("iam", "delete_role_policy", **named)
        else:
            text = json.dumps(change.to, separators=(",", ":"))
            aws.call("iam", "put_role_policy", **named, PolicyDocument=text)
    except AwsError as error:
        if error.code.startswith(("LimitExceeded", "UnmodifiableEntity")):
            raise RunFailed(
                f"the sessions of {given.role!r} are NOT cut: {error.message}. Remove an inline "
                "policy of the role and run this again, or shut the role at once, for everybody: "
                f"aws iam attach-role-policy --role-name {given.role} --policy-arn "
                f"arn:{case.partition}:iam::aws:policy/AWSDenyAll"
            ) from error
        if error.code not in GONE:
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Our policy stands as it was written, and its cut-off lies after what was to be cut."""
    what = f"sessions of {given.role} issued before the cut-off are denied"
    state = observe(aws, given, case)
    if not state.arn:
        return [Check(what=what, holds=True, seen="the role is gone, and its sessions with it")]
    found = state.parts.get(_resource(state.arn, case))
    cut = _cut_off(found)
    if cut is None:
        seen = "our policy has been changed" if found else "our policy does not stand"
        return [Check(what=what, holds=False, seen=seen)]
    late = given.minted is not None and cut <= parse_time(given.minted)
    return [Check(what=what, holds=not late, seen=f"cut-off {cut:%Y-%m-%dT%H:%M:%SZ}")]


def _policy(cut: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "FiredoorRevokeOlderSessions",
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {"DateLessThan": {"aws:TokenIssueTime": cut}},
            }
        ],
    }


def _cuts(found: Any, until: datetime) -> bool:
    cut = _cut_off(found)
    return cut is not None and cut > until


def _cut_off(found: Any) -> datetime | None:
    """The cut-off of a policy that is ours as we write it; None for anything else."""
    try:
        cut = str(found["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"])
        moment = datetime.strptime(cut, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return moment if found == _policy(cut) else None


def _resource(arn: str, case: Case) -> str:
    return f"{arn}#inline-policy/{case.name('revoke-sessions')}"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    name = change.resource.rpartition("/")[2]
    words = ["--role-name", role_of(change.resource), "--policy-name", name]
    if change.to is None:
        return [["iam", "delete-role-policy", *words]]
    text = json.dumps(change.to, separators=(",", ":"))
    return [["iam", "put-role-policy", *words, "--policy-document", text]]
