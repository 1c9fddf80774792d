"""Take our deny and our cut-off off a role again when no session from before can live any more.

Not before 12 h after the last change of the incident: a session of a role lives that long, and
would work again. Until then this refuses, and `firedoor resume` asks again later. It takes the
inline policies of the case off, and nothing else. The way in by which the session was obtained
has to be shut by then: that is for people to look at.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
"""

from __future__ import annotations

from datetime import timedelta

from firedoor.actions.contract import NEVER, Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.iam import deny_role
from firedoor.actions.iam._release import not_before, ours
from firedoor.actions.iam._role import ROLE, refuse_own_role, refuse_reserved, role
from firedoor.kinds import IamRoleName

PERMISSIONS = (
    Permission("iam:GetRole", ROLE, "whose role it is: its path says so"),
    Permission("iam:GetRolePolicy", ROLE),
    Permission("iam:DeleteRolePolicy", ROLE),
    Permission("iam:PutRolePolicy", ROLE, "undo"),
)
EXAMPLE = {"role": "data-reader"}
REOPENS = NEVER
LASTING = timedelta(hours=12)
OURS = ("deny", "revoke-sessions")


class Input(Given, frozen=True, kw_only=True):
    """The role."""

    role: IamRoleName


def observe(aws: Aws, given: Input, case: Case) -> State:
    """Our policies that stand; Refused while their time has not come."""
    refuse_own_role(aws, given.role)
    known = role(aws, given.role)
    if known is None:
        return State(parts={})
    refuse_reserved(given.role, str(known["Arn"]))
    not_before(case, LASTING, f"what shuts role {given.role!r}")
    found = ours(aws, case, "role", given.role, OURS)
    names = {f"{known['Arn']}#inline-policy/{case.name(key)}": found[key] for key in found}
    return State(parts=names)


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Our policies away."""
    return [
        Change(resource=name, what="policy", from_=policy, to=None)
        for name, policy in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Take one off, or put it back."""
    deny_role.apply(aws, deny_role.Input(role=given.role), change, case)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """None of ours stands."""
    left = ours(aws, case, "role", given.role, OURS)
    seen = ", ".join(sorted(left)) or "none of our policies stands"
    return [Check(what=f"role {given.role} is released", holds=not left, seen=seen)]


commands = deny_role.commands
