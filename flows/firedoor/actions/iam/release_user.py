"""Take our deny off a user again when no session from before can live any more.

Not before 36 h after the last change of the incident: a session minted from a stolen key lives
that long, and would work again. Until then this refuses, and `firedoor resume` asks again later.
It takes the inline policy of the case off, and nothing else: keys stay inactive, and a deny that
had to be made in another way (AWSDenyAll, a boundary, a service control policy) is taken back by
`undo`, which knows what stood there before. A user who has been deleted has nothing to be
released from.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html
"""

from __future__ import annotations

from datetime import timedelta

from firedoor.actions.contract import NEVER, Aws, Case, Change, Check, Given, Permission
from firedoor.actions.iam import deny_user
from firedoor.actions.iam._release import not_before, ours
from firedoor.actions.iam._user import UserState, part, refuse_own
from firedoor.kinds import IamUserName

PERMISSIONS = (
    Permission("iam:GetUserPolicy", deny_user.USER),
    Permission("iam:DeleteUserPolicy", deny_user.USER),
    Permission("iam:PutUserPolicy", deny_user.USER, "undo"),
)
EXAMPLE = {"user": "ci-deployer"}
REOPENS = NEVER
LASTING = timedelta(hours=36)


class Input(Given, frozen=True, kw_only=True):
    """The user."""

    user: IamUserName


def observe(aws: Aws, given: Input, case: Case) -> UserState:
    """Our deny, if it stands; Refused while its time has not come."""
    refuse_own(aws, given.user)
    # Also where it does not stand just now: somebody may have taken it away.
    not_before(case, LASTING, f"the deny on {given.user!r}")
    found = ours(aws, case, "user", given.user, ["deny"])
    name = part(case, given.user, "inline-policy", case.name("deny"))
    return UserState(parts={name: found["deny"]} if found else {})


def changes(given: Input, before: UserState, case: Case) -> list[Change]:
    """Our deny away."""
    return [
        Change(resource=name, what="policy", from_=policy, to=None)
        for name, policy in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Take it off, or put it back."""
    deny_user.apply(aws, deny_user.Input(user=given.user), change, case)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Our deny does not stand."""
    found = ours(aws, case, "user", given.user, ["deny"])
    seen = "our inline policy stands" if found else "our inline policy does not stand"
    return [Check(what=f"{given.user} is released from our deny", holds=not found, seen=seen)]


commands = deny_user.commands
