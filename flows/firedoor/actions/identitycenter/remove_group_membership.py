"""Take a person of Identity Center out of a group, and with it what the group may in any account.

Undoing it puts the person into the group again; Identity Center gives the membership a new id. Role
sessions that exist live on until they end: the service control policy that denies the person cuts
them. Where people and groups come from a directory of your own, take the person out of the group
there as well, or the next synchronisation brings the membership back.
Source: https://docs.aws.amazon.com/singlesignon/latest/userguide/revoke-user-permissions.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.organizations import _scp
from firedoor.errors import AwsError
from firedoor.kinds import IdentityCenterUserId, Region

PERMISSIONS = (
    Permission("sts:AssumeRole", _scp.ROLE, f"to act {_scp.WHERE}"),
    Permission("identitystore:GetGroupMembershipId"),
    Permission("identitystore:DeleteGroupMembership"),
    Permission("identitystore:CreateGroupMembership", why="undo"),
)
EXAMPLE = {
    "store": "d-0123456789",
    "group": "00000000-1111-4222-8333-777788889999",
    "user_id": "00000000-1111-4222-8333-444455556666",
}
REOPENS = Reopens("the person may again what the group may")
GONE = "ResourceNotFoundException"


class Input(Given, frozen=True, kw_only=True):
    """The identity store, the group and the person."""

    store: str
    group: str
    user_id: IdentityCenterUserId
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> State:
    """Whether the person is in the group."""
    name = (
        f"arn:{case.partition}:identitystore::{case.account}:identitystore/{given.store}"
        f"#membership/{given.group}/{given.user_id}"
    )
    return State(parts={name: "member"} if _membership(aws, given) else {})


def _membership(aws: Aws, given: Input) -> str | None:
    try:
        found = _call(aws, given, "get_group_membership_id", **_who(given))
    except AwsError as error:
        if error.code != GONE:
            raise
        return None
    return str(found["MembershipId"])


def _who(given: Input) -> dict[str, Any]:
    return {"GroupId": given.group, "MemberId": {"UserId": given.user_id}}


def _call(aws: Aws, given: Input, operation: str, **named: Any) -> dict[str, Any]:
    far = aws.organization()
    return far.call(
        "identitystore", operation, region=given.region, IdentityStoreId=given.store, **named
    )


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """The membership away."""
    return [
        Change(resource=name, what="membership", from_=now, to=None)
        for name, now in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Take the person out, or put the person in again; what is so already is done."""
    membership = _membership(aws, given)
    if change.to is None and membership:
        _call(aws, given, "delete_group_membership", MembershipId=membership)
    elif change.to is not None and not membership:
        _call(aws, given, "create_group_membership", **_who(given))


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """The person is not in the group."""
    member = _membership(aws, given)
    seen = "the person is in the group" if member else "there is no such membership"
    return [Check(what=f"{given.user_id} is not in {given.group}", holds=not member, seen=seen)]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words, where the organization is administered."""
    store, _, part = change.resource.partition("#membership/")
    group, user = part.split("/")
    words = ["--identity-store-id", store.rsplit("/", 1)[-1]]
    named = ["--group-id", group, "--member-id", f"UserId={user}"]
    if change.to is not None:
        return [["identitystore", "create-group-membership", *words, *named]]
    number = f"$(aws identitystore get-group-membership-id {' '.join(words + named)} "
    number += "--query MembershipId --output text)"
    return [["identitystore", "delete-group-membership", *words, "--membership-id", number]]
