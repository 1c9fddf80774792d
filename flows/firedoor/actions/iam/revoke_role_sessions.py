"""Cut every session of a role that was issued until now; sessions issued later work.

An inline policy on the role denies everything to sessions whose time of issue lies before the
cut-off. The cut-off is 30 s ahead of the change: IAM needs seconds to apply a policy everywhere,
and a session minted in these would slip through. Healthy workloads renew their sessions and go
on; those renewed within the 30 s renew once more. It does not shut the way in by which a session
was obtained. Service-linked roles and Identity Center's roles (AWSReservedSSO_*) are refused: IAM
cannot edit them.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.iam._user import GONE, document
from firedoor.errors import AwsError, Refused
from firedoor.kinds import IamRoleName

ROLE = "arn:{partition}:iam::{account}:role/{role}"
PERMISSIONS = (
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
    """The role whose sessions are cut."""

    role: IamRoleName


def observe(aws: Aws, given: Input, case: Case) -> State:
    """Our policy on the role, if it stands."""
    name = case.name("revoke-sessions")
    try:
        answer = aws.call("iam", "get_role_policy", RoleName=given.role, PolicyName=name)
    except AwsError as error:
        if error.code not in GONE:
            raise
        return State(parts={})
    return State(parts={_resource(given, case): document(answer["PolicyDocument"])})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Our policy with a cut-off; one that stands already is left, with its cut-off."""
    if before.parts:
        return []
    cut = (case.now + AHEAD).replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [Change(resource=_resource(given, case), what="policy", from_=None, to=_policy(cut))]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Put or remove our policy."""
    _refuse(aws, given.role)
    name = change.resource.rpartition("/")[2]
    if change.to is not None:
        text = json.dumps(change.to, separators=(",", ":"))
        aws.call(
            "iam", "put_role_policy", RoleName=given.role, PolicyName=name, PolicyDocument=text
        )
        return
    try:
        aws.call("iam", "delete_role_policy", RoleName=given.role, PolicyName=name)
    except AwsError as error:
        if error.code not in GONE:
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Our policy stands as it was written."""
    found = list(observe(aws, given, case).parts.values())
    cut = _cut_off(found[0]) if found else ""
    return [
        Check(
            what=f"sessions of {given.role} issued before the cut-off are denied",
            holds=bool(found) and found[0] == _policy(cut),
            seen=f"cut-off {cut}" if cut else "our policy does not stand",
        )
    ]


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


def _cut_off(policy: dict[str, Any]) -> str:
    try:
        return str(policy["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"])
    except (KeyError, IndexError, TypeError):
        return ""


def _resource(given: Input, case: Case) -> str:
    arn = f"arn:{case.partition}:iam::{case.account}:role/{given.role}"
    return f"{arn}#inline-policy/{case.name('revoke-sessions')}"


def _refuse(aws: Aws, role: str) -> None:
    if role.startswith(("AWSServiceRoleFor", "AWSReservedSSO_")):
        raise Refused(
            f"{role!r} belongs to AWS: IAM cannot edit it. For Identity Center, remove the "
            "person's assignment and end the session there"
        )
    if f":assumed-role/{role}/" in aws.principal:
        raise Refused(f"{role!r} is the role that firedoor acts as: it would cut itself off")


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    role = change.resource.split("#", 1)[0].rsplit("/", 1)[-1]
    name = change.resource.rpartition("/")[2]
    words = ["--role-name", role, "--policy-name", name]
    if change.to is None:
        return [["iam", "delete-role-policy", *words]]
    text = json.dumps(change.to, separators=(",", ":"))
    return [["iam", "put-role-policy", *words, "--policy-document", text]]
