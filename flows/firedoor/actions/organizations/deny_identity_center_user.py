"""Deny a person of Identity Center everything in an account, by a service control policy.

The first step against a person whose sign-in was stolen: a policy of ours denies every action
where `identitystore:UserId` is the person's, so that sessions that exist are cut, and nobody else
who uses the same permission set is touched. It comes before assignments are removed, and stands
for at least 12 hours after the person was disabled: a role session lives that long. It does not
bind the management account. Undoing it takes exactly this policy off again and deletes it.
Source: https://docs.aws.amazon.com/singlesignon/latest/userguide/revoke-user-permissions.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Reopens
from firedoor.actions.organizations import _scp
from firedoor.kinds import AccountId, IdentityCenterUserId

PERMISSIONS = _scp.writing("{in_account}")
EXAMPLE = {
    "user_id": "00000000-1111-4222-8333-444455556666",
    "in_account": "111122223333",
}
REOPENS = Reopens(
    "sessions of the person live up to 12 h and would work again", timedelta(hours=12)
)


class Input(Given, frozen=True, kw_only=True):
    """The person, and the account of the organization; the one that is acted in without it."""

    user_id: IdentityCenterUserId
    in_account: AccountId | None = None


def observe(aws: Aws, given: Input, case: Case) -> _scp.Found:
    """Our policy, if it is attached; Refused where no such policy binds."""
    return _scp.observe(aws, case, _account(given, case), _name(given, case))


def changes(given: Input, before: _scp.Found, case: Case) -> list[Change]:
    """Our policy on the account."""
    return _scp.changes(before, _name(given, case), _policy(given))


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Attach our policy, or take it off; RunFailed when the account has no room for it."""
    _scp.apply(aws, change)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Our policy is attached as it was written."""
    account, who = _account(given, case), f"person {given.user_id}"
    return _scp.verify(aws, case, account, _name(given, case), _policy(given), who)


def _account(given: Input, case: Case) -> str:
    return given.in_account or case.account


def _name(given: Input, case: Case) -> str:
    # A policy's name is unique in the organization, and each account has one of its own.
    return case.name(f"deny-person-{given.user_id}-{_account(given, case)}")


def _policy(given: Input) -> dict[str, Any]:
    return _scp.deny({"StringEquals": {"identitystore:UserId": given.user_id}})


commands = _scp.commands
