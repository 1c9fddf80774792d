"""Make a user's SSH keys, signing certificates and service-specific credentials inactive.

They sign in without an access key: SSH keys and passwords to CodeCommit, API keys to Bedrock and
CloudWatch Logs, certificates to old SOAP interfaces. All of them, or `only` one. All can be made
active again. The credential report does not list service-specific credentials, so they are read
from IAM. A kind that cannot be read does not keep the others open; it is said as not proven.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateServiceSpecificCredential.html
"""

from __future__ import annotations

from typing import NamedTuple

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens
from firedoor.actions.iam._user import (
    GONE,
    UserState,
    gone_check,
    listed,
    name_of,
    refuse_own,
    set_status,
    user_of,
)
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import IamUserName

USER = "arn:{partition}:iam::{account}:user/{user}"
PERMISSIONS = (
    Permission("iam:ListSSHPublicKeys", USER),
    Permission("iam:UpdateSSHPublicKey", USER),
    Permission("iam:ListSigningCertificates", USER),
    Permission("iam:UpdateSigningCertificate", USER),
    Permission("iam:ListServiceSpecificCredentials", USER),
    Permission("iam:UpdateServiceSpecificCredential", USER),
)
EXAMPLE = {"user": "ci-deployer"}
REOPENS = Reopens("what signed in for an attacker once does so again when it is made active")


class Kind(NamedTuple):
    """One kind of credential, and how IAM lists and updates it."""

    words: str
    listing: str
    key: str
    updating: str
    id: str


KINDS = {
    "ssh-key": Kind(
        "SSH key",
        "list_ssh_public_keys",
        "SSHPublicKeys",
        "update_ssh_public_key",
        "SSHPublicKeyId",
    ),
    "signing-certificate": Kind(
        "signing certificate",
        "list_signing_certificates",
        "Certificates",
        "update_signing_certificate",
        "CertificateId",
    ),
    "service-credential": Kind(
        "service-specific credential",
        "list_service_specific_credentials",
        "ServiceSpecificCredentials",
        "update_service_specific_credential",
        "ServiceSpecificCredentialId",
    ),
}


class Input(Given, frozen=True, kw_only=True):
    """Whose credentials, and whether only one of them (its id: `APKA…`, `ACCA…`)."""

    user: IamUserName
    only: str | None = None


class Found(UserState, frozen=True, kw_only=True):
    """The status of each credential; `unread`: why a kind could not be read, by its name."""

    unread: dict[str, str]


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The status of each credential; an absent `only` is no error, it is nothing to do.

    AwsError when no kind can be read.
    """
    refuse_own(aws, given.user)
    parts: dict[str, str] = {}
    unread: dict[str, str] = {}
    for name, kind in KINDS.items():
        try:
            found = listed(
                aws, kind.listing, kind.key, kind.id, case=case, user=given.user, kind=name
            )
        except NoCredentials:
            raise
        except AwsError as error:
            if error.code in GONE:
                return Found(parts={}, unread={}, gone=True)
            unread[name] = error.message
            if len(unread) == len(KINDS):
                raise
            continue
        parts.update(found)
    chosen = {name: status for name, status in parts.items() if given.only in (None, name_of(name))}
    return Found(parts=dict(chosen), unread=unread)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Active → Inactive. Expired ones stay as they are."""
    return [
        Change(resource=resource, what="status", from_=status, to="Inactive")
        for resource, status in before.parts.items()
        if status == "Active"
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set one credential's status; NotFound when one to be made active has been deleted."""
    refuse_own(aws, given.user)
    kind = _kind(change.resource)
    set_status(
        aws,
        kind.updating,
        user=user_of(change.resource),
        status=change.to,
        **{kind.id: name_of(change.resource)},
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """None of them is active; what could not be read is not proven."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.user, "has no other credentials")]
    checks = [
        Check(
            what=f"{_kind(resource).words} {name_of(resource)} is not active",
            holds=status != "Active",
            seen=str(status),
        )
        for resource, status in state.parts.items()
    ]
    checks += [
        Check(what=f"{KINDS[name].words}s of {given.user} are not active", holds=None, seen=why)
        for name, why in state.unread.items()
    ]
    none = Check(what=f"{given.user} has no other credentials", holds=True, seen="none")
    return checks or [none]


def _kind(resource: str) -> Kind:
    return KINDS[resource.split("#", 1)[1].split("/", 1)[0]]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    kind = _kind(change.resource)
    option = {
        "SSHPublicKeyId": "--ssh-public-key-id",
        "CertificateId": "--certificate-id",
        "ServiceSpecificCredentialId": "--service-specific-credential-id",
    }[kind.id]
    return [
        [
            *("iam", kind.updating.replace("_", "-"), "--user-name", user_of(change.resource)),
            *(option, name_of(change.resource), "--status", str(change.to)),
        ]
    ]
