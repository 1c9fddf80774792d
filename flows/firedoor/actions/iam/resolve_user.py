"""Find the IAM user: by name, or as the owner of an access key.

A long-term key (AKIA…) is looked up with GetAccessKeyLastUsed, which names its owner; one that is
deleted, and a temporary one (ASIA…), in CloudTrail, where its calls say whose it is. Both given
must agree. A user who has been deleted is still found there: roles that it assumed and users that
it made live on. A key of the root user, of a role's session or of another account is refused with
what to do instead.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html
"""

from __future__ import annotations

from collections.abc import Sequence

from firedoor.actions import contract
from firedoor.actions.cloudtrail._events import (
    ROOT,
    Event,
    Found,
    Identity,
    all_regions,
    find,
    global_region,
    succeeded,
    sweep,
)
from firedoor.actions.contract import Aws, Case, Given, Permission
from firedoor.actions.iam._user import DELETED, GONE
from firedoor.errors import AwsError, AwsRefused, BadInput, NoCredentials, NotFound, Refused
from firedoor.kinds import AccessKeyId, Arn, IamUserName, mask_key_id

PERMISSIONS = (
    Permission("iam:GetUser", "arn:{partition}:iam::{account}:user/{user}"),
    Permission("iam:GetAccessKeyLastUsed"),
    Permission("sts:GetAccessKeyInfo", why="which account a key is of, when IAM does not know it"),
    Permission("cloudtrail:LookupEvents", why="whose a temporary or deleted key is"),
    Permission("ec2:DescribeRegions", why="which Regions to look in"),
)
EXAMPLE = {"access_key_id": "AKIAIOSFODNN7EXAMPLE"}


class Input(Given, frozen=True, kw_only=True):
    """The user, or a key of his; at least one."""

    user: IamUserName | None = None
    access_key_id: AccessKeyId | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """The user. `access_key_id` is the long-term key that was named, if one was.

    A `deleted` user has no `user_id` here, and the path in his `arn` is not known.
    """

    user: IamUserName
    arn: Arn
    user_id: str
    access_key_id: AccessKeyId | None = None
    deleted: bool = False
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The user; NotFound, Refused or BadInput say what to do instead."""
    owner = _owner(aws, given.access_key_id) if given.access_key_id else None
    # IAM does not tell names apart by case.
    if given.user and owner and given.user.lower() != owner.lower():
        raise BadInput(
            f"key {mask_key_id(given.access_key_id or '')} belongs to {owner!r}, not to "
            f"{given.user!r}: give one of them, or run the runbook for each"
        )
    name = owner or given.user
    if name is None:
        raise BadInput("neither a user nor an access key is given: user=… or access_key_id=AKIA…")
    longterm = (given.access_key_id or "").startswith("AKIA")
    key = given.access_key_id if longterm else None
    try:
        found = aws.call("iam", "get_user", UserName=name)["User"]
    except AwsError as error:
        if error.code not in GONE:
            raise
        return _deleted(aws, name, key, known=owner is not None)
    return Output(
        user=found["UserName"], arn=found["Arn"], user_id=found["UserId"], access_key_id=key
    )


def _deleted(aws: Aws, name: str, key: str | None, *, known: bool) -> Output:
    """A user whom only CloudTrail still knows; NotFound when it does not either: a wrong name?"""
    region = global_region(aws)
    if not known:
        looked = find(aws, region, "ResourceName", name, since=None, until=None, pages=2)
        if not any(_deletes(event, name) for event in looked.events):
            raise NotFound(
                f"account {aws.account} has no IAM user {name!r}, and CloudTrail in {region} shows "
                "no deletion of one: check the name and the account"
                + "".join(f" ({note})" for note in looked.unknown)
            )
    return Output(
        user=name,
        arn=f"arn:{aws.partition}:iam::{aws.account}:user/{name}",
        user_id="",
        access_key_id=key,
        deleted=True,
        unknown=(f"{name}: {DELETED}",),
    )


def _deletes(event: Event, name: str) -> bool:
    asked = event.get("requestParameters") or {}
    gone = event.get("eventName") in ("DeleteUser", "UpdateUser")
    return gone and succeeded(event) and asked.get("userName") == name


def _owner(aws: Aws, key: str) -> str:
    if key.startswith("ASIA"):
        return _owner_in_trail(aws, key)
    try:
        found = aws.call("iam", "get_access_key_last_used", AccessKeyId=key)
    except AwsError as error:
        # AWS answers AccessDenied for a key that this account does not have.
        if error.code not in GONE and not isinstance(error, AwsRefused):
            raise
        _refuse_foreign(aws, key)
        return _owner_in_trail(aws, key, why=f"IAM does not know it ({error.code}), and ")
    name = found.get("UserName")
    if not name or name == ROOT:
        raise _root(key)
    return str(name)


def _refuse_foreign(aws: Aws, key: str) -> None:
    """NotFound when STS says that the key is of another account; silence when it does not know."""
    try:
        account = str(aws.call("sts", "get_access_key_info", AccessKeyId=key).get("Account") or "")
    except NoCredentials:
        raise
    except AwsError:
        # Of a deleted key STS may not know it either; CloudTrail is asked next.
        return
    if account and account != aws.account:
        raise NotFound(
            f"key {mask_key_id(key)} is of account {account}, not of {aws.account}: run this with "
            "credentials of that account, or tell its owner"
        )


def _owner_in_trail(aws: Aws, key: str, *, why: str = "") -> str:
    near = list(dict.fromkeys([aws.region, global_region(aws)]))
    found = _by_key(aws, near, key)
    looked = near
    if not found.events:
        looked, unlisted = all_regions(aws)
        far = [region for region in looked if region not in near]
        found = _by_key(aws, far, key) if far else found
        found.unknown += unlisted
    for event in found.events:
        who = Identity.of(event)
        if who.user == ROOT:
            raise _root(key)
        if who.user:
            return who.user
        if who.role:
            raise Refused(
                f"key {mask_key_id(key)} is of a session of role {who.role!r}, not of an IAM "
                "user: cut the role's sessions instead",
                rule="not an IAM user",
                instead="Cut the role's sessions",
            )
    notes = "".join(f" ({note})" for note in found.unknown)
    raise NotFound(
        f"key {mask_key_id(key)} is not known: {why}CloudTrail in {' and '.join(looked)} shows "
        f"nothing of it (yet: events take up to 15 minutes){notes}. Give user=… instead, or check "
        "the account"
    )


def _by_key(aws: Aws, regions: Sequence[str], key: str) -> Found:
    return sweep(
        regions,
        lambda region: find(aws, region, "AccessKeyId", key, since=None, until=None, pages=1),
    )


def _root(key: str) -> Refused:
    return Refused(
        f"key {mask_key_id(key)} belongs to the root user: sign in as root and delete it, and "
        "change root's password; no IAM call can contain root",
        rule="root user",
        instead="Sign in as root, delete the key and change the password",
    )
