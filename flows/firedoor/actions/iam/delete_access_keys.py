"""Delete a user's inactive access keys: all of them, or only the one that is named.

The end of a key that was stolen or that the attacker made. Only keys that are inactive already are
deleted: an active one is shut first, which can be taken back if something healthy lives on it. The
key's id stays in the journal. What was minted from it lives on: the deny on the user cuts that.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission
from firedoor.actions.iam._user import (
    GONE,
    UserState,
    exists,
    gone_check,
    listed,
    name_of,
    refuse_own,
    user_of,
)
from firedoor.errors import AwsError, Refused
from firedoor.kinds import AccessKeyId, IamUserName, mask_key_id

USER = "arn:{partition}:iam::{account}:user/{user}"
PERMISSIONS = (
    Permission("iam:GetUser", USER, "whether there is such a user"),
    Permission("iam:ListAccessKeys", USER),
    Permission("iam:DeleteAccessKey", USER),
)
EXAMPLE = {"user": "ci-deployer", "only": "AKIAIOSFODNN7EXAMPLE"}
LOST = "a deleted access key cannot be brought back: whoever needs one gets a new one"
IRREVERSIBLE = LOST
DESTROYS = ("iam.access_keys",)


class Input(Given, frozen=True, kw_only=True):
    """The user; `only`: one key of his."""

    user: IamUserName
    only: AccessKeyId | None = None


def observe(aws: Aws, given: Input, case: Case) -> UserState:
    """The status of each key."""
    refuse_own(aws, given.user)
    if not exists(aws, given.user):
        return UserState(parts={}, gone=True)
    keys = listed(
        aws,
        "list_access_keys",
        "AccessKeyMetadata",
        "AccessKeyId",
        case=case,
        user=given.user,
        kind="access-key",
    )
    wanted = {name: now for name, now in keys.items() if given.only in (None, name_of(name))}
    active = [name_of(name) for name, now in wanted.items() if now != "Inactive"]
    if active:
        raise Refused(
            f"key {mask_key_id(active[0])} of {given.user!r} is active: make it inactive first and "
            "see what stops",
            rule="active key",
            instead="Make it inactive first: iam.disable_access_keys",
        )
    return UserState(parts=dict(wanted))


def changes(given: Input, before: UserState, case: Case) -> list[Change]:
    """Each key away."""
    return [
        Change(resource=name, what="access key", from_=now, to=None, lost=LOST)
        for name, now in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Delete one key; one that is gone is done. Refused when it should be brought back."""
    refuse_own(aws, given.user)
    if change.to is not None:
        raise Refused(f"{mask_key_id(change.resource)} cannot be brought back: {LOST}")
    try:
        aws.call(
            "iam",
            "delete_access_key",
            UserName=user_of(change.resource),
            AccessKeyId=name_of(change.resource),
        )
    except AwsError as error:
        if error.code not in GONE:
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """No such key is listed."""
    what = mask_key_id(f"has no key {given.only}" if given.only else "has no access key")
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.user, what)]
    left = mask_key_id(", ".join(name_of(name) for name in state.parts))
    return [
        Check(what=f"{given.user} {what}", holds=not state.parts, seen=left or "no key is listed")
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    named = ["--user-name", user_of(change.resource), "--access-key-id", name_of(change.resource)]
    return [["iam", "delete-access-key", *named]]
