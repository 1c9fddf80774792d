"""Take an instance's role away from it, or give it another that may do next to nothing.

Without an instance profile the machine gets no more credentials; with `by` it gets those of a
quarantine profile, which keeps Systems Manager's hand on it. The programs on it that use AWS stop.
Credentials handed out before live on until they expire: iam.revoke_role_sessions cuts them.
Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/replace-iam-role.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.ec2._instance import (
    GONE,
    INSTANCE,
    InstanceState,
    OfInstance,
    cannot_come_back,
    described,
    gone_check,
    name_of,
    refuse_own,
    region_in,
    region_of,
    root_of,
)
from firedoor.errors import AwsError

PERMISSIONS = (
    Permission("ec2:DescribeInstances"),
    Permission("ec2:DescribeIamInstanceProfileAssociations"),
    Permission("ec2:DisassociateIamInstanceProfile", INSTANCE),
    Permission("ec2:ReplaceIamInstanceProfileAssociation", INSTANCE, "when another is given"),
    Permission("ec2:AssociateIamInstanceProfile", INSTANCE, "undo"),
    Permission(
        "iam:PassRole",
        "arn:{partition}:iam::{account}:role/*",
        "the role of the profile that is given, and undo",
        {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
    ),
)
EXAMPLE = {"instance": "i-0123456789abcdef0"}
REOPENS = Reopens("whoever sits in the machine would get its role's credentials again")
LIVE = ("associating", "associated")


class Input(OfInstance, frozen=True, kw_only=True):
    """The instance; `by`: the name of the instance profile that it gets instead (none: no role)."""

    by: str | None = None


def observe(aws: Aws, given: Input, case: Case) -> InstanceState:
    """The name of the instance profile, if it has one."""
    refuse_own(aws, given.instance)
    root = root_of(aws, given, case)
    if described(aws, given) is None:
        return InstanceState(parts={}, root=root, gone=True)
    bound = _bound(aws, given.instance, region_of(aws, given))
    parts = {f"{root}#instance-profile": _name(bound)} if bound else {}
    return InstanceState(parts=parts, root=root)


def _bound(aws: Aws, instance: str, region: str) -> dict[str, Any] | None:
    wanted = [{"Name": "instance-id", "Values": [instance]}]
    operation = "describe_iam_instance_profile_associations"
    key = "IamInstanceProfileAssociations"
    found = aws.pages("ec2", operation, key, region=region, Filters=wanted)
    return next((each for each in found if each.get("State") in LIVE), None)


def _name(bound: dict[str, Any]) -> str:
    return str(bound["IamInstanceProfile"]["Arn"]).rpartition("/")[2]


def changes(given: Input, before: InstanceState, case: Case) -> list[Change]:
    """From the profile that it has to the other, or to none."""
    resource = f"{before.root}#instance-profile"
    now = before.parts.get(resource)
    if before.gone or now == given.by or (now is None and given.by is None):
        return []
    return [Change(resource=resource, what="instance profile", from_=now, to=given.by)]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Take off what it has, and put on what it is to have. NotFound when undo comes too late."""
    refuse_own(aws, given.instance)
    instance, region = name_of(change.resource), region_in(change.resource)
    bound = _bound(aws, instance, region)
    if bound and _name(bound) == change.to:
        return
    if bound:
        _rebind(aws, region, bound["AssociationId"], change.to)
    if bound or change.to is None:
        return
    try:
        aws.call(
            "ec2",
            "associate_iam_instance_profile",
            region=region,
            InstanceId=instance,
            IamInstanceProfile={"Name": str(change.to)},
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        raise cannot_come_back(instance, f"the instance profile {change.to}") from None


def _rebind(aws: Aws, region: str, association: str, to: str | None) -> None:
    """From one profile to another in one call: after a disassociation AWS takes no new one yet."""
    named = {"AssociationId": association}
    if to is None:
        aws.call("ec2", "disassociate_iam_instance_profile", region=region, **named)
        return
    operation = "replace_iam_instance_profile_association"
    aws.call("ec2", operation, region=region, **named, IamInstanceProfile={"Name": to})


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """The association reads as it was set."""
    state = observe(aws, given, case)
    what = f"has the instance profile {given.by}" if given.by else "has no role any more"
    if state.gone:
        return [gone_check(given.instance, what)]
    now = state.parts.get(f"{state.root}#instance-profile")
    return [
        Check(what=f"{given.instance} {what}", holds=now == given.by, seen=str(now or "no profile"))
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words; the association's id has to be looked up first."""
    instance, region = name_of(change.resource), region_in(change.resource)
    where = ["--region", region]
    look_up = ["ec2", "describe-iam-instance-profile-associations", *where]
    look_up += ["--filters", f"Name=instance-id,Values={instance}"]
    named = ["--association-id", "ASSOCIATION"]
    to = ["--iam-instance-profile", f"Name={change.to}"]
    if change.to is None:
        return [look_up, ["ec2", "disassociate-iam-instance-profile", *where, *named]]
    if change.from_ is not None:
        return [look_up, ["ec2", "replace-iam-instance-profile-association", *where, *named, *to]]
    return [
        ["ec2", "associate-iam-instance-profile", *where, "--instance-id", instance, *to],
    ]
