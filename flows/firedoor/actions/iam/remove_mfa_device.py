"""Remove an MFA device from a user: one that the attacker registered, by its serial number.

With a device of his own the attacker signs in "with MFA", and keeps the user out who has lost his.
The device is taken from the user, and a virtual one is deleted with its seed. Which devices are
the attacker's, CloudTrail says (EnableMFADevice): no other is touched. A user without any device
left signs in without MFA unless a policy asks for it: take the password away first.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeactivateMFADevice.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission
from firedoor.actions.iam._user import (
    GONE,
    UserState,
    gone_check,
    name_of,
    part,
    refuse_own,
    user_of,
)
from firedoor.errors import AwsError, Refused
from firedoor.kinds import IamUserName

USER = "arn:{partition}:iam::{account}:user/{user}"
PERMISSIONS = (
    Permission("iam:ListMFADevices", USER),
    Permission("iam:DeactivateMFADevice", USER),
    Permission("iam:DeleteVirtualMFADevice", "arn:{partition}:iam::{account}:mfa/*"),
)
EXAMPLE = {"user": "ci-deployer", "serial": "arn:aws:iam::111122223333:mfa/phone"}
LOST = "a removed MFA device cannot be brought back: its owner registers it anew"
IRREVERSIBLE = LOST
DESTROYS = ("iam.mfa_devices",)


class Input(Given, frozen=True, kw_only=True):
    """The user, and the device's serial number: an ARN for a virtual one."""

    user: IamUserName
    serial: str


def observe(aws: Aws, given: Input, case: Case) -> UserState:
    """Whether the user has the device."""
    refuse_own(aws, given.user)
    try:
        devices = list(aws.pages("iam", "list_mfa_devices", "MFADevices", UserName=given.user))
    except AwsError as error:
        if error.code not in GONE:
            raise
        return UserState(parts={}, gone=True)
    has = any(each["SerialNumber"] == given.serial for each in devices)
    name = part(case, given.user, "mfa-device", given.serial)
    return UserState(parts={name: "registered"} if has else {})


def changes(given: Input, before: UserState, case: Case) -> list[Change]:
    """The device away."""
    return [
        Change(resource=name, what="MFA device", from_=now, to=None, lost=LOST)
        for name, now in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Take the device from the user and delete it if it is a virtual one."""
    refuse_own(aws, given.user)
    if change.to is not None:
        raise Refused(f"{change.resource} cannot be brought back: {LOST}")
    serial = name_of(change.resource)
    calls = [("deactivate_mfa_device", {"UserName": user_of(change.resource)})]
    if serial.startswith("arn:"):
        calls.append(("delete_virtual_mfa_device", {}))
    for operation, named in calls:
        try:
            aws.call("iam", operation, **named, SerialNumber=serial)
        except AwsError as error:
            if error.code not in GONE:
                raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """The user does not have the device."""
    what = f"does not have MFA device {given.serial}"
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.user, what)]
    seen = "it is registered" if state.parts else "it is not listed"
    return [Check(what=f"{given.user} {what}", holds=not state.parts, seen=seen)]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    serial = ["--serial-number", name_of(change.resource)]
    words = [["iam", "deactivate-mfa-device", "--user-name", user_of(change.resource), *serial]]
    if name_of(change.resource).startswith("arn:"):
        words.append(["iam", "delete-virtual-mfa-device", *serial])
    return words
