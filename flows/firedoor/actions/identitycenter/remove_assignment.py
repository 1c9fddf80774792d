"""Take a permission set in an account away from a person of Identity Center.

It can be granted again exactly as it was, by undoing this. Until it is gone a person who is
disabled and has a portal session still gets new role sessions. Role sessions that exist live on
until they end: the service control policy that denies the person cuts them. Identity Center does
it in the background; it is waited for.
Source: https://docs.aws.amazon.com/singlesignon/latest/userguide/revoke-user-permissions.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.organizations import _scp
from firedoor.errors import AwsError, RunFailed
from firedoor.kinds import AccountId, Arn, IdentityCenterUserId, Region

PERMISSIONS = (
    Permission("sts:AssumeRole", _scp.ROLE, f"to act {_scp.WHERE}"),
    Permission("sso:ListAccountAssignmentsForPrincipal"),
    Permission("sso:DeleteAccountAssignment"),
    Permission("sso:DescribeAccountAssignmentDeletionStatus"),
    Permission("sso:CreateAccountAssignment", why="undo"),
    Permission("sso:DescribeAccountAssignmentCreationStatus", why="undo"),
)
EXAMPLE = {
    "instance": "arn:aws:sso:::instance/ssoins-0123456789abcdef",
    "user_id": "00000000-1111-4222-8333-444455556666",
    "in_account": "111122223333",
    "permission_set": "arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef",
}
REOPENS = Reopens("the person gets to the account again")
LOOKS = 20
PAUSE_SECONDS = 1.0


class Input(Given, frozen=True, kw_only=True):
    """Whose access to which account by which permission set."""

    instance: Arn
    user_id: IdentityCenterUserId
    in_account: AccountId
    permission_set: Arn
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> State:
    """Whether it is granted."""
    found = aws.organization().pages(
        "sso-admin",
        "list_account_assignments_for_principal",
        "AccountAssignments",
        region=given.region,
        InstanceArn=given.instance,
        PrincipalId=given.user_id,
        PrincipalType="USER",
        Filter={"AccountId": given.in_account},
    )
    granted = any(
        each["PermissionSetArn"] == given.permission_set
        and each["AccountId"] == given.in_account
        and each.get("PrincipalType", "USER") == "USER"
        for each in found
    )
    return State(parts={_resource(given): "granted"} if granted else {})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """It away."""
    return [
        Change(resource=name, what="assignment", from_=now, to=None)
        for name, now in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Take it away, or grant it again; RunFailed when Identity Center says that it failed."""
    if bool(observe(aws, given, case).parts) == bool(change.to):
        return
    far = aws.organization()
    verb, word = ("create", "Creation") if change.to else ("delete", "Deletion")
    key = f"AccountAssignment{word}Status"
    answer = far.call(
        "sso-admin",
        f"{verb}_account_assignment",
        region=given.region,
        InstanceArn=given.instance,
        TargetId=given.in_account,
        TargetType="AWS_ACCOUNT",
        PermissionSetArn=given.permission_set,
        PrincipalType="USER",
        PrincipalId=given.user_id,
    )[key]
    for _ in range(LOOKS):
        if answer["Status"] != "IN_PROGRESS":
            break
        aws.wait(PAUSE_SECONDS)
        asked: dict[str, Any] = {f"AccountAssignment{word}RequestId": answer["RequestId"]}
        answer = far.call(
            "sso-admin",
            f"describe_account_assignment_{word.lower()}_status",
            region=given.region,
            InstanceArn=given.instance,
            **asked,
        )[key]
    if answer["Status"] == "FAILED":
        why = answer.get("FailureReason") or "it does not say why"
        raise RunFailed(f"Identity Center could not {verb} the assignment: {why}")


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is not granted any more."""
    what = f"{given.user_id} has no {given.permission_set} in {given.in_account}"
    try:
        granted = bool(observe(aws, given, case).parts)
    except AwsError as error:
        return [Check(what=what, holds=None, seen=error.message)]
    seen = "it is granted" if granted else "it is not granted"
    return [Check(what=what, holds=not granted, seen=seen)]


def _resource(given: Input) -> str:
    place = f"{given.in_account}/{given.permission_set.rsplit('/', 1)[-1]}/{given.user_id}"
    return f"{given.instance}#assignment/{place}"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words, where the organization is administered."""
    instance, _, part = change.resource.partition("#assignment/")
    account, permission_set, user = part.split("/")
    verb = "create" if change.to else "delete"
    full = f"{instance.replace(':instance/', ':permissionSet/')}/{permission_set}"
    return [
        [
            *("sso-admin", f"{verb}-account-assignment", "--instance-arn", instance),
            *("--target-id", account, "--target-type", "AWS_ACCOUNT"),
            *("--permission-set-arn", full),
            *("--principal-type", "USER", "--principal-id", user),
        ]
    ]
