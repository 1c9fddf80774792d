"""Delete every credential of a member account's root user, through the organization.

Password, access keys, signing certificates and MFA devices, by a session of root for AWS's task
that deletes them. Root can then neither sign in nor ask for a new password, until the organization
allows it again (`root-task/IAMCreateRootUserPassword`). It works for a member account where the
organization manages root centrally; elsewhere people do it, signed in as root. Do it before a
service control policy denies root: that denies this session as well.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.iam import _root
from firedoor.actions.iam._user import GONE, name_of
from firedoor.errors import AwsError, AwsRefused, Refused
from firedoor.kinds import mask_key_id

TASK = "IAMDeleteRootUserCredentials"
PERMISSIONS = (
    _root.ASSUMING,
    Permission("sts:AssumeRoot", _root.ROOT, "to delete", _root.task(TASK)),
)
EXAMPLE: dict[str, str] = {}
LOST = "a deleted credential of root cannot be brought back; the organization can allow a new one"
IRREVERSIBLE = LOST
DESTROYS = ("iam.root_credentials",)
_CALLS = {
    "login-profile": ("delete_login_profile", ""),
    "access-key": ("delete_access_key", "AccessKeyId"),
    "signing-certificate": ("delete_signing_certificate", "CertificateId"),
    "mfa-device": ("deactivate_mfa_device", "SerialNumber"),
}


class Input(Given, frozen=True, kw_only=True):
    """Nothing: the account is the one that is acted in."""


def observe(aws: Aws, given: Input, case: Case) -> State:
    """Every credential that root has; Refused when firedoor itself acts as root."""
    if aws.principal == _root.arn(case):
        raise Refused(
            "firedoor acts as root itself: it would shut itself out",
            rule="own principal",
            instead="Use other credentials for this",
        )
    return State(parts=_root.credentials(aws.as_root(TASK), case))


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Each credential away."""
    return [
        Change(resource=name, what="credential of root", from_=now, to=None, lost=LOST)
        for name, now in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Delete one; what is gone is done. Refused when it should be brought back."""
    if change.to is not None:
        raise Refused(f"{mask_key_id(change.resource)} cannot be brought back: {LOST}")
    operation, named = _call(change)
    try:
        aws.as_root(TASK).call("iam", operation, **named)
    except AwsError as error:
        if error.code not in GONE:
            raise


def _call(change: Change) -> tuple[str, dict[str, str]]:
    operation, number = _CALLS[change.resource.split("#", 1)[1].partition("/")[0]]
    return operation, {number: name_of(change.resource)} if number else {}


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Root has none; or the organization denies it everything by now, this look included."""
    what = f"root of {case.account} has no credentials"
    try:
        left = _root.credentials(aws.as_root(TASK), case)
    except AwsRefused as error:
        denied = "explicit deny in a service control policy" in error.message
        return [Check(what=what, holds=denied or None, seen=error.message)]
    except AwsError as error:
        return [Check(what=what, holds=None, seen=error.message)]
    seen = mask_key_id(", ".join(name.split("#", 1)[1] for name in left)) or "none is listed"
    return [Check(what=what, holds=not left, seen=seen)]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words, with the credentials that `aws sts assume-root` gave."""
    operation, named = _call(change)
    options = {
        "AccessKeyId": "--access-key-id",
        "CertificateId": "--certificate-id",
        "SerialNumber": "--serial-number",
    }
    words = ["iam", operation.replace("_", "-")]
    return [words + [word for name, value in named.items() for word in (options[name], value)]]
