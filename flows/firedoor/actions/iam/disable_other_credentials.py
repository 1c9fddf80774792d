"""Make a user's SSH keys, signing certificates and service-specific credentials inactive.

They sign in without an access key: SSH keys and passwords to CodeCommit, API keys to Bedrock and
CloudWatch Logs, certificates to old SOAP interfaces. All can be made active again. The credential
report does not list service-specific credentials, so they are read from IAM.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateServiceSpecificCredential.html
"""

from __future__ import annotations

from typing import NamedTuple

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.iam._user import name_of, part, refuse_own, user_of
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
    """Whose credentials."""

    user: IamUserName


def observe(aws: Aws, given: Input, case: Case) -> State:
    """The status of each credential."""
    return State(
        parts={
            part(case, given.user, name, each[kind.id]): each["Status"]
            for name, kind in KINDS.items()
            for each in aws.pages("iam", kind.listing, kind.key, UserName=given.user)
        }
    )


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Active → Inactive. Expired ones stay as they are."""
    return [
        Change(resource=resource, what="status", from_=status, to="Inactive")
        for resource, status in before.parts.items()
        if status == "Active"
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set one credential's status."""
    refuse_own(aws, given.user)
    kind = _kind(change.resource)
    aws.call(
        "iam",
        kind.updating,
        UserName=user_of(change.resource),
        Status=change.to,
        **{kind.id: name_of(change.resource)},
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """None of them is active."""
    state = observe(aws, given, case)
    if not state.parts:
        return [Check(what=f"{given.user} has no other credentials", holds=True, seen="none")]
    return [
        Check(
            what=f"{_kind(resource).words} {name_of(resource)} is not active",
            holds=status != "Active",
            seen=str(status),
        )
        for resource, status in state.parts.items()
    ]


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
