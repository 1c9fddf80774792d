"""Delete a user that the attacker made, with everything that hangs on it.

IAM deletes a user only when nothing hangs on it any more, so the parts go first, in this order:
console password, access keys, certificates, SSH keys, service-specific credentials, MFA devices,
inline policies, attached policies, groups; then the user. Each is a change of its own, written down
before it is made; all of it is gone for good, and so it has to be kept as evidence before. Sessions
minted from the user's keys die with it; roles that it assumed do not.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_remove.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission
from firedoor.actions.iam._user import (
    DELETED,
    GONE,
    UserState,
    login_profile,
    name_of,
    part,
    refuse_own,
    user_of,
)
from firedoor.errors import AwsError, Refused
from firedoor.kinds import IamUserName

USER = "arn:{partition}:iam::{account}:user/{user}"
PERMISSIONS = (
    Permission("iam:GetUser", USER),
    Permission("iam:GetLoginProfile", USER),
    Permission("iam:ListAccessKeys", USER),
    Permission("iam:ListSigningCertificates", USER),
    Permission("iam:ListSSHPublicKeys", USER),
    Permission("iam:ListServiceSpecificCredentials", USER),
    Permission("iam:ListMFADevices", USER),
    Permission("iam:ListUserPolicies", USER),
    Permission("iam:ListAttachedUserPolicies", USER),
    Permission("iam:ListGroupsForUser", USER),
    Permission("iam:DeleteLoginProfile", USER),
    Permission("iam:DeleteAccessKey", USER),
    Permission("iam:DeleteSigningCertificate", USER),
    Permission("iam:DeleteSSHPublicKey", USER),
    Permission("iam:DeleteServiceSpecificCredential", USER),
    Permission("iam:DeactivateMFADevice", USER),
    Permission("iam:DeleteUserPolicy", USER),
    Permission("iam:DetachUserPolicy", USER),
    Permission("iam:RemoveUserFromGroup", "arn:{partition}:iam::{account}:group/*"),
    Permission("iam:DeleteUser", USER),
)
EXAMPLE = {"user": "build-agent"}
LOST = "a deleted user, its keys and its policies cannot be brought back; a new one is another"
IRREVERSIBLE = LOST
DESTROYS = (
    *("iam.user", "iam.access_keys", "iam.inline_policies", "iam.attached_policies"),
    *("iam.groups", "iam.login_profile", "iam.mfa_devices", "iam.ssh_keys"),
    *("iam.signing_certificates", "iam.service_credentials"),
)


class Input(Given, frozen=True, kw_only=True):
    """The user to delete."""

    user: IamUserName


Kind = tuple[str, str, str, Callable[[Any], str]]
_ORDER: Mapping[str, Kind] = {
    "access-key": (
        "list_access_keys",
        "AccessKeyMetadata",
        "delete_access_key",
        lambda each: str(each["AccessKeyId"]),
    ),
    "signing-certificate": (
        "list_signing_certificates",
        "Certificates",
        "delete_signing_certificate",
        lambda each: str(each["CertificateId"]),
    ),
    "ssh-key": (
        "list_ssh_public_keys",
        "SSHPublicKeys",
        "delete_ssh_public_key",
        lambda each: str(each["SSHPublicKeyId"]),
    ),
    "service-credential": (
        "list_service_specific_credentials",
        "ServiceSpecificCredentials",
        "delete_service_specific_credential",
        lambda each: str(each["ServiceSpecificCredentialId"]),
    ),
    "mfa-device": (
        "list_mfa_devices",
        "MFADevices",
        "deactivate_mfa_device",
        lambda each: str(each["SerialNumber"]),
    ),
    "inline-policy": ("list_user_policies", "PolicyNames", "delete_user_policy", str),
    "attached-policy": (
        "list_attached_user_policies",
        "AttachedPolicies",
        "detach_user_policy",
        lambda each: str(each["PolicyArn"]),
    ),
    "group": (
        "list_groups_for_user",
        "Groups",
        "remove_user_from_group",
        lambda each: str(each["GroupName"]),
    ),
}
"""By the kind of part, in the order of their going: how it is listed, and how it is removed."""
_NAMED = {
    "access-key": "AccessKeyId",
    "signing-certificate": "CertificateId",
    "ssh-key": "SSHPublicKeyId",
    "service-credential": "ServiceSpecificCredentialId",
    "mfa-device": "SerialNumber",
    "inline-policy": "PolicyName",
    "attached-policy": "PolicyArn",
    "group": "GroupName",
}


def observe(aws: Aws, given: Input, case: Case) -> UserState:
    """Everything that hangs on the user, in the order of its going, the user last."""
    refuse_own(aws, given.user)
    try:
        found = aws.call("iam", "get_user", UserName=given.user)["User"]
        parts: dict[str, Any] = {}
        if login_profile(aws, given.user):
            parts[part(case, given.user, "login-profile")] = "there"
        for kind, (operation, key, _, name) in _ORDER.items():
            for each in aws.pages("iam", operation, key, UserName=given.user):
                parts[part(case, given.user, kind, name(each))] = "there"
    except AwsError as error:
        if error.code not in GONE:
            raise
        return UserState(parts={}, gone=True)
    parts[part(case, given.user, "user")] = str(found["UserId"])
    return UserState(parts=parts)


def changes(given: Input, before: UserState, case: Case) -> list[Change]:
    """Each part away, the user last."""
    return [
        Change(resource=name, what=_kind(name).replace("-", " "), from_=value, to=None, lost=LOST)
        for name, value in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Remove one part, or the user; what is gone is done. Refused when it should come back."""
    refuse_own(aws, given.user)
    if change.to is not None:
        raise Refused(f"{change.resource} cannot be brought back: {LOST}")
    operation, named = _call(change)
    try:
        aws.call("iam", operation, UserName=user_of(change.resource), **named)
    except AwsError as error:
        if error.code not in GONE:
            raise


def _kind(resource: str) -> str:
    return resource.split("#", 1)[1].partition("/")[0]


def _call(change: Change) -> tuple[str, dict[str, str]]:
    kind = _kind(change.resource)
    if kind in ("user", "login-profile"):
        return "delete_user" if kind == "user" else "delete_login_profile", {}
    return _ORDER[kind][2], {_NAMED[kind]: name_of(change.resource)}


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """There is no such user."""
    state = observe(aws, given, case)
    seen = DELETED if state.gone else f"the user and {len(state.parts) - 1} parts are there"
    return [Check(what=f"there is no user {given.user}", holds=state.gone, seen=seen)]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    operation, named = _call(change)
    options = {
        "SSHPublicKeyId": "--ssh-public-key-id",
        "ServiceSpecificCredentialId": "--service-specific-credential-id",
        "AccessKeyId": "--access-key-id",
        "CertificateId": "--certificate-id",
        "SerialNumber": "--serial-number",
        "PolicyName": "--policy-name",
        "PolicyArn": "--policy-arn",
        "GroupName": "--group-name",
    }
    words = ["iam", operation.replace("_", "-"), "--user-name", user_of(change.resource)]
    return [words + [word for name, value in named.items() for word in (options[name], value)]]
