"""Make a user's access keys inactive.

All of them, or `only` one. Inactive keys are refused at once and can be made active again;
nothing is deleted. It does not end sessions that were minted with a key (GetSessionToken,
GetFederationToken, AssumeRole): iam.deny_user and iam.revoke_role_sessions do. Mail sent through
SES SMTP stops, since its user name is the key id. The user is always named: without it AWS acts
on the caller's own keys.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.iam._user import name_of, part, refuse_own, user_of
from firedoor.errors import AwsError
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


def observe(aws: Aws, given: Input, case: Case) -> State:
    """The status of each key; an absent `only` is no error, it is nothing to do."""
    found = aws.pages("iam", "list_access_keys", "AccessKeyMetadata", UserName=given.user)
    return State(
        parts={
            part(case, given.user, "access-key", key["AccessKeyId"]): key["Status"]
            for key in found
            if given.only in (None, key["AccessKeyId"])
        }
    )


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Active → Inactive."""
    return [
        Change(resource=resource, what="status", from_=status, to="Inactive")
        for resource, status in before.parts.items()
        if status != "Inactive"
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set one key's status."""
    refuse_own(aws, given.user)
    aws.call(
        "iam",
        "update_access_key",
        UserName=user_of(change.resource),
        AccessKeyId=name_of(change.resource),
        Status=change.to,
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Each key reads Inactive."""
    try:
        state = observe(aws, given, case)
    except AwsError as error:
        return [Check(what=f"keys of {given.user} are inactive", holds=None, seen=str(error))]
    if not state.parts:
        return [Check(what=f"{given.user} has no such key", holds=True, seen="no key")]
    return [
        Check(
            what=f"key {mask_key_id(name_of(resource))} is inactive",
            holds=status == "Inactive",
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
