"""Remove a user's console password.

AWS can only delete a login profile, not disable it, so the password cannot come back: undo leaves
it, and a person sets a new one (with a reset at the next sign-in) when the user is trusted again.
It does not stop access keys, nor sessions that are open in the console: iam.deny_user does. A
profile changed moments ago may be locked by AWS (EntityTemporarilyUnmodifiable): that is waited
for, up to 20 s.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteLoginProfile.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.iam._user import (
    GONE,
    exists,
    gone_check,
    login_profile,
    part,
    refuse_own,
    user_of,
)
from firedoor.errors import AwsError, Refused
from firedoor.kinds import IamUserName

USER = "arn:{partition}:iam::{account}:user/{user}"
PERMISSIONS = (
    Permission("iam:GetLoginProfile", USER),
    Permission("iam:DeleteLoginProfile", USER),
    Permission("iam:GetUser", USER, "proof: whether there is such a user at all"),
)
EXAMPLE = {"user": "ci-deployer"}
IRREVERSIBLE = (
    "the old password cannot be brought back; give the user a new one with "
    "`aws iam create-login-profile --password-reset-required` when it is trusted again"
)
DESTROYS = ("iam.login_profile",)
LOCKED = "EntityTemporarilyUnmodifiable"


class Input(Given, frozen=True, kw_only=True):
    """The user whose console password goes."""

    user: IamUserName


def observe(aws: Aws, given: Input, case: Case) -> State:
    """Whether there is a login profile, and since when."""
    refuse_own(aws, given.user)
    found = login_profile(aws, given.user)
    return State(parts={part(case, given.user, "login-profile"): found} if found else {})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """The profile goes."""
    return [
        Change(resource=resource, what="console password", from_=found, to=None, lost=IRREVERSIBLE)
        for resource, found in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Delete the profile; the other direction is refused: nobody knows the password."""
    if change.to is not None:
        raise Refused(IRREVERSIBLE)
    refuse_own(aws, given.user)
    for pause in (2.0, 4.0, 6.0, 8.0, 0.0):
        try:
            aws.call("iam", "delete_login_profile", UserName=user_of(change.resource))
            return
        except AwsError as error:
            if error.code in GONE:
                return
            if not error.code.startswith(LOCKED) or not pause:
                raise
            aws.wait(pause)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """There is no login profile."""
    found = login_profile(aws, given.user)
    if found is None and not exists(aws, given.user):
        return [gone_check(given.user, "has no console password")]
    return [
        Check(
            what=f"{given.user} has no console password",
            holds=found is None,
            seen="no login profile" if found is None else f"created {found['created']}",
        )
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    return [["iam", "delete-login-profile", "--user-name", user_of(change.resource)]]
