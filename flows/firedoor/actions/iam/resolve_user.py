"""Find the IAM user: by name, or as the owner of an access key.

A long-term key (AKIA…) is looked up with GetAccessKeyLastUsed, which names its owner. A temporary
one (ASIA…) is looked up in CloudTrail, where its session says whose it is. Both given must agree. A
key of the root user, of a role's session or of another account is refused with what to do instead.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html
"""

from __future__ import annotations

from firedoor.actions import contract
from firedoor.actions.cloudtrail._events import GLOBAL_REGION, Identity, find
from firedoor.actions.contract import Aws, Case, Given, Permission
from firedoor.actions.iam._user import GONE
from firedoor.errors import AwsError, AwsRefused, BadInput, NotFound, Refused
from firedoor.kinds import AccessKeyId, Arn, IamUserName, mask_key_id

PERMISSIONS = (
    Permission("iam:GetUser", "arn:{partition}:iam::{account}:user/{user}"),
    Permission("iam:GetAccessKeyLastUsed"),
    Permission("cloudtrail:LookupEvents", why="whose a temporary key is"),
)
EXAMPLE = {"access_key_id": "AKIAIOSFODNN7EXAMPLE"}


class Input(Given, frozen=True, kw_only=True):
    """The user, or a key of his; at least one."""

    user: IamUserName | None = None
    access_key_id: AccessKeyId | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """The user. `access_key_id` is the long-term key that was named, if one was."""

    user: IamUserName
    arn: Arn
    user_id: str
    access_key_id: AccessKeyId | None = None
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The user; NotFound, Refused or BadInput say what to do instead."""
    owner = _owner(aws, given.access_key_id) if given.access_key_id else None
    if given.user and owner and given.user != owner:
        raise BadInput(
            f"key {mask_key_id(given.access_key_id or '')} belongs to {owner!r}, not to "
            f"{given.user!r}: give one of them, or run the runbook for each"
        )
    name = given.user or owner
    if name is None:
        raise BadInput("neither a user nor an access key is given: user=… or access_key_id=AKIA…")
    try:
        found = aws.call("iam", "get_user", UserName=name)["User"]
    except AwsError as error:
        if error.code in GONE:
            raise NotFound(
                f"account {aws.account} has no IAM user {name!r}. If it was deleted, its keys are "
                "dead but sessions minted from them are not: look for its roles in CloudTrail"
            ) from None
        raise
    longterm = (given.access_key_id or "").startswith("AKIA")
    return Output(
        user=found["UserName"],
        arn=found["Arn"],
        user_id=found["UserId"],
        access_key_id=given.access_key_id if longterm else None,
    )


def _owner(aws: Aws, key: str) -> str:
    if key.startswith("ASIA"):
        return _owner_of_session(aws, key)
    try:
        found = aws.call("iam", "get_access_key_last_used", AccessKeyId=key)
    except AwsError as error:
        # AWS answers AccessDenied for a key that this account does not have.
        if error.code in GONE or isinstance(error, AwsRefused):
            raise NotFound(
                f"key {mask_key_id(key)} is not of account {aws.account}, or may not be looked up "
                f"({error.code}): check the account, or give user=…"
            ) from None
        raise
    name = found.get("UserName")
    if not name or name == "<root_account>":
        raise Refused(
            f"key {mask_key_id(key)} belongs to the root user: sign in as root and delete it, and "
            "change root's password; no IAM call can contain root"
        )
    return str(name)


def _owner_of_session(aws: Aws, key: str) -> str:
    regions = list(dict.fromkeys([aws.region, GLOBAL_REGION]))
    for region in regions:
        for event in find(aws, region, "AccessKeyId", key, since=None, until=None, pages=1).events:
            who = Identity.of(event)
            if who.user:
                return who.user
            if who.role:
                raise Refused(
                    f"key {mask_key_id(key)} is of a session of role {who.role!r}, not of an IAM "
                    "user: cut the role's sessions instead"
                )
    raise NotFound(
        f"CloudTrail in {' and '.join(regions)} shows nothing of {mask_key_id(key)} (yet: events "
        "take up to 15 minutes): give user=… instead"
    )
