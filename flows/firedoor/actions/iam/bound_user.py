"""Put AWSDenyAll on a user as the permissions boundary, beside a deny.

A second lock in IAM for somebody who can write IAM: a script that takes policies away leaves the
boundary, and whoever takes it away needs one permission more. It is no substitute for a service
control policy, which he cannot take back at all. What bounded the user before is put back exactly
when this is undone. It binds sessions of the user as well, at once.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens
from firedoor.actions.iam import deny_user
from firedoor.actions.iam._user import GONE, UserState, gone_check, part, refuse_own
from firedoor.errors import AwsError
from firedoor.kinds import IamUserName

PERMISSIONS = (
    Permission("iam:GetUser", deny_user.USER, "the boundary that stands there"),
    Permission("iam:PutUserPermissionsBoundary", deny_user.USER),
    Permission("iam:DeleteUserPermissionsBoundary", deny_user.USER, "undo"),
)
EXAMPLE = {"user": "ci-deployer"}
REOPENS: Reopens = deny_user.REOPENS


class Input(Given, frozen=True, kw_only=True):
    """The user to bound."""

    user: IamUserName


def observe(aws: Aws, given: Input, case: Case) -> UserState:
    """The boundary as it is."""
    refuse_own(aws, given.user)
    try:
        found = aws.call("iam", "get_user", UserName=given.user)["User"]
    except AwsError as error:
        if error.code not in GONE:
            raise
        return UserState(parts={}, gone=True)
    arn = (found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
    return UserState(parts={_resource(case, given.user): arn} if arn else {})


def changes(given: Input, before: UserState, case: Case) -> list[Change]:
    """AWSDenyAll as the boundary."""
    resource, wanted = _resource(case, given.user), _wanted(case)
    now = before.parts.get(resource)
    if before.gone or now == wanted:
        return []
    return [Change(resource=resource, what="boundary", from_=now, to=wanted)]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set the boundary, or put back what was there."""
    deny_user.apply(aws, deny_user.Input(user=given.user), change, case)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """The boundary is AWSDenyAll."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.user, "is bounded by AWSDenyAll")]
    now = state.parts.get(_resource(case, given.user))
    return [
        Check(
            what=f"{given.user} is bounded by AWSDenyAll",
            holds=now == _wanted(case),
            seen=str(now or "no boundary"),
        )
    ]


def _resource(case: Case, user: str) -> str:
    return part(case, user, "permissions-boundary")


def _wanted(case: Case) -> str:
    return f"arn:{case.partition}:iam::aws:policy/AWSDenyAll"


commands = deny_user.commands
