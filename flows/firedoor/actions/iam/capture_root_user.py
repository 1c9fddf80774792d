"""Keep which credentials the account's root user has, and say what only people can do about it.

Read through a session of root for AWS's audit task, which the organization makes: access keys,
password, MFA devices, signing certificates; never a secret. In a management account, in an account
of its own, or where the organization does not manage root centrally, that cannot be read: then the
list of what to do by hand says so first. The list stands in `unknown`, since no call of ours can
tell whether it was done.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html
"""

from __future__ import annotations

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.actions.iam import _root
from firedoor.errors import AwsError
from firedoor.kinds import AccessKeyId, Arn

PERMISSIONS = (
    _root.ASSUMING,
    Permission("sts:AssumeRoot", _root.ROOT, "to look", _root.task("IAMAuditRootUserCredentials")),
)
EXAMPLE: dict[str, str] = {}
KEEPS = ("iam.root_credentials",)
BY_HAND = (
    "by hand: secure the mailbox of root's e-mail address first; whoever reads it can reset root",
    "by hand: as root, change the password, delete root's access keys, and register MFA anew",
    "by hand: look at the account's alternate contacts, e-mail address and phone number",
    "by hand: open a case with AWS Support; they alone can help where root is lost",
)
CENTRAL = (
    "by hand: secure the mailbox of root's e-mail address; whoever reads it may ask for a password",
    "by hand: look at the account's alternate contacts, e-mail address and phone number",
    "by hand: tell AWS Support; root in the wrong hands is theirs to know",
)


class Input(Given, frozen=True, kw_only=True):
    """Nothing: the account is the one that is acted in."""


class Output(contract.Output, frozen=True, kw_only=True):
    """`central`: root's credentials can be read, and deleted, through the organization."""

    arn: Arn
    central: bool
    key_ids: list[AccessKeyId]
    has_password: bool
    mfa_devices: int
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]
    not_kept: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Root's credentials, and what is left for people."""
    try:
        found = _root.credentials(aws.as_root("IAMAuditRootUserCredentials"), case)
    except AwsError as error:
        why = f"root's credentials cannot be read through the organization: {error.message}"
        return Output(
            arn=_root.arn(case),
            central=False,
            key_ids=[],
            has_password=True,
            mfa_devices=0,
            keep=(),
            unknown=(why, *BY_HAND),
            not_kept=KEEPS,
        )
    kinds = [name.split("#", 1)[1].partition("/")[::2] for name in found]
    return Output(
        arn=_root.arn(case),
        central=True,
        key_ids=[number for kind, number in kinds if kind == "access-key"],
        has_password=any(kind == "login-profile" for kind, _ in kinds),
        mfa_devices=sum(kind == "mfa-device" for kind, _ in kinds),
        keep=(
            Artefact(
                name="iam-root-user",
                content=found,
                about=f"the credentials of root of {case.account}",
            ),
        ),
        unknown=CENTRAL,
        not_kept=(),
    )
