"""For every mutating action: targets that it changes, each in a way of its own.

A new action adds its worlds here; the contract's tests run over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.simulator.conftest import ACCOUNT, Bench, policy

PATH = "/ci/eu/"
Made = Mapping[str, Any]


@dataclass(frozen=True)
class World:
    """`prepare` makes the target, called `name`, and returns what the action is given.

    `writes` is the call that changes something, `undoes` the one that takes it back ("": none);
    `also_writes` and `also_undoes` are further ones, where more than one kind of thing is changed.
    `needs`: IAM actions that these calls need and that their names do not tell.
    """

    action: str
    title: str
    prepare: Callable[[Bench, str], Made]
    writes: str
    undoes: str
    also_writes: frozenset[str] = frozenset()
    also_undoes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        return f"{self.action} {self.title}"


def plain(bench: Bench, name: str) -> Made:
    bench.user(name)
    return {"user": name}


def with_path(bench: Bench, name: str) -> Made:
    bench.iam.create_user(UserName=name, Path=PATH)
    bench.iam.create_access_key(UserName=name)
    bench.iam.create_login_profile(UserName=name, Password="Winter-Wall-27")
    bench.iam.create_service_specific_credential(
        UserName=name, ServiceName="codecommit.amazonaws.com"
    )
    return {"user": name}


def inline_full(bench: Bench, name: str) -> Made:
    bench.user(name)
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::" + "x" * 1850}
    bench.iam.put_user_policy(UserName=name, PolicyName="full", PolicyDocument=policy(statement))
    return {"user": name}


def full_of_everything(bench: Bench, name: str) -> Made:
    inline_full(bench, name)
    for number in range(10):
        made = bench.iam.create_policy(
            PolicyName=f"{name}-{number}",
            PolicyDocument=policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}),
        )
        bench.iam.attach_user_policy(UserName=name, PolicyArn=made["Policy"]["Arn"])
    return {"user": name}


def full_with_a_boundary(bench: Bench, name: str) -> Made:
    full_of_everything(bench, name)
    bench.iam.put_user_permissions_boundary(
        UserName=name, PermissionsBoundary="arn:aws:iam::aws:policy/PowerUserAccess"
    )
    return {"user": name}


def tampered_deny(bench: Bench, name: str) -> Made:
    """Our policy stands, but somebody has written something else into it."""
    bench.user(name)
    bench.iam.put_user_policy(
        UserName=name,
        PolicyName="firedoor-INC-2026-0042-deny",
        PolicyDocument=policy({"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}),
    )
    return {"user": name}


def two_keys(bench: Bench, name: str) -> Made:
    bench.user(name)
    bench.iam.create_access_key(UserName=name)
    return {"user": name}


def one_of_two_keys(bench: Bench, name: str) -> Made:
    key = bench.user(name).access_key_id
    bench.iam.create_access_key(UserName=name)
    return {"user": name, "only": key}


def console(bench: Bench, name: str) -> Made:
    bench.user(name)
    bench.iam.create_login_profile(UserName=name, Password="Winter-Wall-27")
    return {"user": name}


def other_credentials(bench: Bench, name: str) -> Made:
    bench.user(name)
    for service in ("codecommit.amazonaws.com", "bedrock.amazonaws.com"):
        bench.iam.create_service_specific_credential(UserName=name, ServiceName=service)
    return {"user": name}


def ssh_key(bench: Bench, name: str) -> Made:
    bench.user(name)
    bench.iam.upload_ssh_public_key(UserName=name, SSHPublicKeyBody="ssh-rsa AAAAB3Nza x")
    return {"user": name}


def certificate(bench: Bench, name: str) -> Made:
    bench.user(name)
    bench.iam.upload_signing_certificate(UserName=name, CertificateBody=self_signed())
    return {"user": name}


@cache
def self_signed() -> str:
    """A certificate, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ci")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def role(bench: Bench, name: str) -> Made:
    bench.role(name, f"arn:aws:iam::{ACCOUNT}:root")
    return {"role": name}


def role_with_path(bench: Bench, name: str) -> Made:
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
    }
    bench.iam.create_role(RoleName=name, Path=PATH, AssumeRolePolicyDocument=policy(trust))
    return {"role": name}


def tampered_cut(bench: Bench, name: str) -> Made:
    """Our policy stands, with a cut-off that somebody has moved to long ago."""
    role(bench, name)
    bench.iam.put_role_policy(
        RoleName=name,
        PolicyName="firedoor-INC-2026-0042-revoke-sessions",
        PolicyDocument=policy(
            {
                "Sid": "FiredoorRevokeOlderSessions",
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2001-01-01T00:00:00Z"}},
            }
        ),
    )
    return {"role": name, "minted": "2026-03-14T08:59:00.000Z"}


PUT, DELETE = "iam:PutUserPolicy", "iam:DeleteUserPolicy"
BOUND, UNBOUND = "iam:PutUserPermissionsBoundary", "iam:DeleteUserPermissionsBoundary"
KEY, SPECIAL = "iam:UpdateAccessKey", "iam:UpdateServiceSpecificCredential"
CUT, UNCUT = "iam:PutRolePolicy", "iam:DeleteRolePolicy"
WORLDS = (
    World("iam.deny_user", "plain", plain, PUT, DELETE),
    World("iam.deny_user", "user with a path", with_path, PUT, DELETE),
    World("iam.deny_user", "tampered", tampered_deny, PUT, PUT),
    World(
        "iam.deny_user", "inline full", inline_full, "iam:AttachUserPolicy", "iam:DetachUserPolicy"
    ),
    World("iam.deny_user", "all full", full_of_everything, BOUND, UNBOUND),
    World("iam.deny_user", "all full and bounded", full_with_a_boundary, BOUND, BOUND),
    World("iam.disable_access_keys", "two keys", two_keys, KEY, KEY),
    World("iam.disable_access_keys", "one of two", one_of_two_keys, KEY, KEY),
    World("iam.disable_access_keys", "user with a path", with_path, KEY, KEY),
    World("iam.disable_other_credentials", "services", other_credentials, SPECIAL, SPECIAL),
    World("iam.disable_other_credentials", "user with a path", with_path, SPECIAL, SPECIAL),
    World(
        "iam.disable_other_credentials",
        "SSH key",
        ssh_key,
        "iam:UpdateSSHPublicKey",
        "iam:UpdateSSHPublicKey",
    ),
    World(
        "iam.disable_other_credentials",
        "certificate",
        certificate,
        "iam:UpdateSigningCertificate",
        "iam:UpdateSigningCertificate",
    ),
    World("iam.remove_console_access", "password", console, "iam:DeleteLoginProfile", ""),
    World("iam.remove_console_access", "user with a path", with_path, "iam:DeleteLoginProfile", ""),
    World("iam.revoke_role_sessions", "plain", role, CUT, UNCUT),
    World("iam.revoke_role_sessions", "role with a path", role_with_path, CUT, UNCUT),
    World("iam.revoke_role_sessions", "tampered", tampered_cut, CUT, CUT),
)
