"""Keep everything that IAM says of a user, before anything about it is changed.

The user with tags and boundary, access keys with their last use, inline and attached policies with
their documents, groups with theirs, login profile, MFA devices, SSH keys, signing certificates and
service-specific credentials. Never a secret: IAM does not show any. What may not be read, and a
user who has been deleted, is said in `unknown`; the rest is kept all the same.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys_compromised.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firedoor.actions import contract
from firedoor.actions._side_by_side import side_by_side
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.actions.iam._user import (
    DELETED,
    GONE,
    document,
    inline_policies,
    login_profile,
)
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import AccessKeyId, IamUserName

USER = "arn:{partition}:iam::{account}:user/{user}"
PERMISSIONS = (
    Permission("iam:GetUser", USER),
    Permission("iam:ListAccessKeys", USER),
    Permission("iam:GetAccessKeyLastUsed"),
    Permission("iam:ListUserPolicies", USER),
    Permission("iam:GetUserPolicy", USER),
    Permission("iam:ListAttachedUserPolicies", USER),
    Permission("iam:GetPolicy"),
    Permission("iam:GetPolicyVersion"),
    Permission("iam:ListGroupsForUser", USER),
    Permission("iam:ListGroupPolicies"),
    Permission("iam:GetGroupPolicy"),
    Permission("iam:ListAttachedGroupPolicies"),
    Permission("iam:GetLoginProfile", USER),
    Permission("iam:ListMFADevices", USER),
    Permission("iam:ListSSHPublicKeys", USER),
    Permission("iam:ListSigningCertificates", USER),
    Permission("iam:ListServiceSpecificCredentials", USER),
)
EXAMPLE = {"user": "ci-deployer"}
KEEPS = (
    "iam.user",
    "iam.access_keys",
    "iam.inline_policies",
    "iam.attached_policies",
    "iam.groups",
    "iam.login_profile",
    "iam.mfa_devices",
    "iam.ssh_keys",
    "iam.signing_certificates",
    "iam.service_credentials",
)


class Input(Given, frozen=True, kw_only=True):
    """The user."""

    user: IamUserName


class Output(contract.Output, frozen=True, kw_only=True):
    """What later steps ask about; the rest is in the kept document."""

    has_console: bool
    key_ids: list[AccessKeyId]
    active_keys: int
    mfa_devices: int
    groups: list[str]
    attached_policies: list[str]
    inline_policies: list[str]
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]
    not_kept: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Read it all, side by side; the reads do not depend on each other."""
    user = given.user
    parts: dict[str, Callable[[], Any]] = {
        "user": lambda: _user(aws, user),
        "access_keys": lambda: _keys(aws, user),
        "inline_policies": lambda: inline_policies(aws, user),
        "attached_policies": lambda: attached_policies(
            aws, "list_attached_user_policies", UserName=user
        ),
        "groups": lambda: _groups(aws, user),
        "login_profile": lambda: login_profile(aws, user),
        "mfa_devices": lambda: _all(aws, "list_mfa_devices", "MFADevices", user),
        "ssh_keys": lambda: _all(aws, "list_ssh_public_keys", "SSHPublicKeys", user),
        "signing_certificates": lambda: _all(
            aws, "list_signing_certificates", "Certificates", user
        ),
        "service_credentials": lambda: _all(
            aws, "list_service_specific_credentials", "ServiceSpecificCredentials", user
        ),
    }
    found, refused = side_by_side(parts)
    unknown = [f"{name.replace('_', ' ')} of {user}: {why}" for name, why in refused]
    gone = "user" in found and found["user"] is None
    if gone:
        unknown = [f"IAM no longer knows anything of {user!r}: {DELETED}"]
    # A password that cannot be looked for must be taken to exist: the next step looks again.
    console = bool(found.get("login_profile")) or "login_profile" not in found
    keys = found.get("access_keys", [])
    return Output(
        has_console=console,
        key_ids=[key["AccessKeyId"] for key in keys],
        active_keys=sum(key["Status"] == "Active" for key in keys),
        mfa_devices=len(found.get("mfa_devices", [])),
        groups=[group["GroupName"] for group in found.get("groups", [])],
        attached_policies=[each["PolicyArn"] for each in found.get("attached_policies", [])],
        inline_policies=list(found.get("inline_policies", {})),
        keep=(
            Artefact(
                name=f"iam-user-{user}",
                content=found,
                about=f"IAM user {user} before containment",
            ),
        ),
        unknown=tuple(unknown),
        not_kept=tuple(f"iam.{name}" for name in parts if name not in found),
    )


def _user(aws: Aws, user: str) -> dict[str, Any] | None:
    """The user with tags and boundary, the boundary with its document; None when deleted."""
    try:
        found: dict[str, Any] = aws.call("iam", "get_user", UserName=user)["User"]
    except AwsError as error:
        if error.code in GONE:
            return None
        raise
    boundary = found.get("PermissionsBoundary")
    if boundary:
        _add_document(aws, boundary, boundary["PermissionsBoundaryArn"])
    return found


def _all(aws: Aws, operation: str, key: str, user: str) -> list[dict[str, Any]]:
    return list(aws.pages("iam", operation, key, UserName=user))


def _keys(aws: Aws, user: str) -> list[dict[str, Any]]:
    keys = _all(aws, "list_access_keys", "AccessKeyMetadata", user)
    for key in keys:
        try:
            used = aws.call("iam", "get_access_key_last_used", AccessKeyId=key["AccessKeyId"])
        except NoCredentials:
            raise
        except AwsError as error:
            # The ids matter more than their use: a later step may need them.
            key["LastUsed"] = {"Unknown": error.message}
        else:
            key["LastUsed"] = used.get("AccessKeyLastUsed", {})
    return keys


def attached_policies(aws: Aws, operation: str, **given: str) -> list[dict[str, Any]]:
    """Attached policies as a listing of IAM's names them, those of the account with documents."""
    found = list(aws.pages("iam", operation, "AttachedPolicies", **given))
    for policy in found:
        _add_document(aws, policy, policy["PolicyArn"])
    return found


def _add_document(aws: Aws, policy: dict[str, Any], arn: str) -> None:
    """AWS's own documents are public; the account's own can be changed by whoever gets in."""
    if f":iam::{aws.account}:" not in arn:
        return
    version = aws.call("iam", "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
    text = aws.call("iam", "get_policy_version", PolicyArn=arn, VersionId=version)
    policy["DefaultVersionId"] = version
    policy["Document"] = document(text["PolicyVersion"]["Document"])


def _groups(aws: Aws, user: str) -> list[dict[str, Any]]:
    groups = _all(aws, "list_groups_for_user", "Groups", user)
    for group in groups:
        name = group["GroupName"]
        group["AttachedPolicies"] = attached_policies(
            aws, "list_attached_group_policies", GroupName=name
        )
        group["InlinePolicies"] = {
            policy: document(
                aws.call("iam", "get_group_policy", GroupName=name, PolicyName=policy)[
                    "PolicyDocument"
                ]
            )
            for policy in aws.pages("iam", "list_group_policies", "PolicyNames", GroupName=name)
        }
    return groups
