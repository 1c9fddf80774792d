"""Keep what Identity Center knows of a person, and say what only people can do, in the right order.

The person, the groups, and which permission sets in which accounts, directly or through a group. It
is read where the organization is administered, in Identity Center's home Region. Nobody but people
can end the person's portal session or disable the person there: the console does that, in an order
that matters, and the list of it stands in `unknown`, since no call of ours can tell whether it was
done.
Source: https://docs.aws.amazon.com/singlesignon/latest/userguide/revoke-user-permissions.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.actions.organizations import _scp
from firedoor.errors import AwsError, BadInput, NotFound
from firedoor.kinds import AccountId, Arn, IdentityCenterUserId, Region

PERMISSIONS = (
    Permission("sts:AssumeRole", _scp.ROLE, f"to act {_scp.WHERE}"),
    Permission("sso:ListInstances"),
    Permission("sso:ListAccountAssignmentsForPrincipal"),
    Permission("identitystore:GetUserId", why="the person by name"),
    Permission("identitystore:DescribeUser"),
    Permission("identitystore:ListGroupMembershipsForMember"),
    Permission("organizations:DescribeOrganization", why="which account is the management account"),
)
EXAMPLE = {"user_name": "ada.example", "region": "eu-central-1"}
KEEPS = ("identitycenter.user",)
BY_HAND = (
    "by hand, in this order, after the steps of this runbook: (1) disable the person in your own "
    "identity provider, if Identity Center takes its people from one",
    "by hand: (2) in Identity Center's console, delete the person's active sessions",
    "by hand: (3) only then disable the person in Identity Center: once disabled, the sessions can "
    "no longer be deleted",
    "by hand: (4) keep the deny for at least 12 hours after that",
)


class Input(Given, frozen=True, kw_only=True):
    """The person, by id or by the name that stands in sessions; Identity Center's home Region."""

    user_id: IdentityCenterUserId | None = None
    user_name: str | None = None
    region: Region | None = None


class Assigned(msgspec.Struct, frozen=True, kw_only=True):
    """A permission set that the person has in an account, by himself."""

    account: AccountId
    permission_set: Arn


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A group that the person is in."""

    group: str


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """An account that the person gets to, and that a service control policy binds."""

    id: AccountId


class Output(contract.Output, frozen=True, kw_only=True):
    """The person and what was granted. `accounts` leaves the management account out."""

    user_id: IdentityCenterUserId
    user_name: str
    instance: Arn
    store: str
    assignments: list[Assigned]
    groups: list[Member]
    accounts: list[Bound]
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]
    not_kept: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The person; NotFound when there is none of that name."""
    far, region = aws.organization(), given.region
    instances = far.call("sso-admin", "list_instances", region=region)["Instances"]
    if not instances:
        raise NotFound(
            f"Identity Center has no instance in {region or aws.region}: give region=…, its home "
            "Region, and see FIREDOOR_ORGANIZATION_ROLE"
        )
    instance, store = str(instances[0]["InstanceArn"]), str(instances[0]["IdentityStoreId"])
    user = given.user_id or _by_name(far, store, given.user_name, region)
    person = far.call(
        "identitystore", "describe_user", region=region, IdentityStoreId=store, UserId=user
    )
    groups = list(
        far.pages(
            "identitystore",
            "list_group_memberships_for_member",
            "GroupMemberships",
            region=region,
            IdentityStoreId=store,
            MemberId={"UserId": user},
        )
    )
    assigned = list(
        far.pages(
            "sso-admin",
            "list_account_assignments_for_principal",
            "AccountAssignments",
            region=region,
            InstanceArn=instance,
            PrincipalId=user,
            PrincipalType="USER",
        )
    )
    management = str((_scp.describe(aws) or {}).get("MasterAccountId") or "")
    reached = sorted({str(each["AccountId"]) for each in assigned})
    content = {"person": person, "groups": groups, "assignments": assigned}
    return Output(
        user_id=user,
        user_name=str(person.get("UserName") or ""),
        instance=instance,
        store=store,
        assignments=[
            Assigned(account=each["AccountId"], permission_set=each["PermissionSetArn"])
            for each in assigned
            # What comes through a group goes with the group's membership.
            if each.get("PrincipalType", "USER") == "USER"
        ],
        groups=[Member(group=str(each["GroupId"])) for each in groups],
        accounts=[Bound(id=each) for each in reached if each != management],
        keep=(Artefact(name=f"identity-center-{user}", content=content, about="The person"),),
        unknown=(*_bare(management, reached), *BY_HAND),
    )


def _bare(management: str, reached: list[str]) -> list[str]:
    if management not in reached:
        return []
    return [
        f"no service control policy binds the management account {management}, which is reached"
    ]


def _by_name(far: Aws, store: str, name: str | None, region: str | None) -> str:
    if not name:
        raise BadInput("neither a person's id nor a name is given: user_id=… or user_name=…")
    unique: dict[str, Any] = {"AttributePath": "userName", "AttributeValue": name}
    try:
        found = far.call(
            "identitystore",
            "get_user_id",
            region=region,
            IdentityStoreId=store,
            AlternateIdentifier={"UniqueAttribute": unique},
        )
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
        raise NotFound(f"Identity Center knows nobody called {name!r}: check the name") from None
    return str(found["UserId"])
