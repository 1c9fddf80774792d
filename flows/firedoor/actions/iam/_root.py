"""The root user of a member account, reached through the organization.

No IAM policy binds root. Where the organization manages root credentials centrally, its management
account (or one it delegated to) makes a session of a member's root for one task: to look at the
credentials, or to delete them. Elsewhere only people can do it, signed in as root.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firedoor.actions.contract import Aws, Case, Permission
from firedoor.actions.iam._user import GONE
from firedoor.errors import AwsError

ROOT = "arn:{partition}:iam::{account}:root"
ROLE = "arn:{partition}:iam::*:role/firedoor-*"
TASK = "arn:{partition}:iam::aws:policy/root-task/"


def task(name: str) -> dict[str, dict[str, str]]:
    """The condition that allows a session for one task only."""
    return {"ArnEquals": {"sts:TaskPolicyArn": TASK + name}}


ASSUMING = Permission("sts:AssumeRole", ROLE, "to act where the organization is administered")
"""What root's session does then is allowed by the task's own policy, and by nobody else's."""
LISTED: Mapping[str, tuple[str, str, str]] = {
    "access-key": ("list_access_keys", "AccessKeyMetadata", "AccessKeyId"),
    "signing-certificate": ("list_signing_certificates", "Certificates", "CertificateId"),
    "mfa-device": ("list_mfa_devices", "MFADevices", "SerialNumber"),
}
"""By the kind of credential: how it is listed, and what its id is called."""


def arn(case: Case) -> str:
    """Root's ARN, which stands for the whole account too."""
    return f"arn:{case.partition}:iam::{case.account}:root"


def credentials(root: Aws, case: Case) -> dict[str, Any]:
    """Every credential of root's, by the name of its part, as `root` (a session of its) sees it."""
    found: dict[str, Any] = {}
    try:
        root.call("iam", "get_login_profile")
    except AwsError as error:
        if error.code not in GONE:
            raise
    else:
        found[f"{arn(case)}#login-profile"] = "there"
    for kind, (operation, key, number) in LISTED.items():
        for each in root.call("iam", operation)[key]:
            found[f"{arn(case)}#{kind}/{each[number]}"] = str(each.get("Status") or "there")
    return found
