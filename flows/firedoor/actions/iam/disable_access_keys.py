"""Make a user's access keys inactive.

All of them, or `only` one. Inactive keys are refused at once and can be made active again;
nothing is deleted. It does not end sessions that were minted with a key (GetSessionToken,
GetFederationToken, AssumeRole): iam.deny_user and iam.revoke_role_sessions do. Mail sent through
SES SMTP stops, since its user name is the key id. The user is always named: without it AWS acts
on the caller's own keys.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens
from firedoor.actions.iam._user import (
    GONE,
    UserState,
    gone_check,
    listed,
    name_of,
    part,
    refuse_own,
    set_status,
    user_of,
)
from firedoor.errors import AwsError, BadInput
from firedoor.kinds import AccessKeyId, IamUserName, mask_key_id

PERMISSIONS = (
    Permission("iam:ListAccessKeys", "arn:{partition}:iam::{account}:user/{user}"),
    Permission("iam:UpdateAccessKey", "arn:{partition}:iam::{account}:user/{user}"),
)
EXAMPLE = {"user": "ci-deployer"}
REOPENS = Reopens("a key that leaked stays leaked: making it active lets its holder in again")


class Input(Given, frozen=True, kw_only=True):
    """Whose keys, and whether only one of them."""

    user: IamUserName
    only: AccessKeyId | None = None


def observe(aws: Aws, given: Input, case: Case) -> UserState:
    """The status of each key; an absent `only` is no error, it is nothing to do."""
    refuse_own(aws, given.user)
    if given.only and not given.only.startswith("AKIA"):
        raise BadInput(
            f"{mask_key_id(given.only)} is a temporary key, and AWS can make only long-term ones "
            "inactive: deny the user (iam.deny_user) or cut the role's sessions "
            "(iam.revoke_role_sessions)"
        )
    try:
        found = listed(
            aws,
            "list_access_keys",
            "AccessKeyMetadata",
            "AccessKeyId",
            case=case,
            user=given.user,
            kind="access-key",
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        return UserState(parts={}, gone=True)
    wanted = part(case, given.user, "access-key", given.only) if given.only else None
    return UserState(
        parts={name: status for name, status in found.items() if wanted in (None, name)}
    )


def changes(given: Input, before: UserState, case: Case) -> list[Change]:
    """Active → Inactive. An expired one stays as it is: AWS does not take it any more."""
    return [
        Change(resource=resource, what="status", from_=status, to="Inactive")
        for resource, status in before.parts.items()
        if status == "Active"
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set one key's status; NotFound when a key to be made active again has been deleted."""
    refuse_own(aws, given.user)
    set_status(
        aws,
        "update_access_key",
        user=user_of(change.resource),
        status=change.to,
        AccessKeyId=name_of(change.resource),
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """No key reads Active."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.user, "has no active key")]
    if not state.parts:
        what = f"key {mask_key_id(given.only)}" if given.only else "key"
        return [Check(what=f"{given.user} has no {what}", holds=True, seen="no such key")]
    return [
        Check(
            what=f"key {mask_key_id(name_of(resource))} is not active",
            holds=status != "Active",
            seen=str(status),
        )
        for resource, status in state.parts.items()
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    return [
        [
            *("iam", "update-access-key", "--user-name", user_of(change.resource)),
            *("--access-key-id", name_of(change.resource), "--status", str(change.to)),
        ]
    ]
