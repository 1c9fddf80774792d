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

from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, Bench, policy

PATH = "/ci/eu/"
Made = Mapping[str, Any]


@dataclass(frozen=True)
class World:
    """`prepare` makes the target, called `name`, and returns what the action is given.

    `writes` is the call that changes something, `undoes` the one that takes it back ("": none);
    `also_writes` and `also_undoes` are further ones, where more than one kind of thing is changed.
    `needs`: IAM actions that these calls need and that their names do not tell.
    `elsewhere`: what is done is done where the organization is administered. `any_target`: its
    permissions are not about one target. `as_root`: calls that a session of root makes, for which
    nobody else needs permission. `calls_each`: how many calls make one change.
    """

    action: str
    title: str
    prepare: Callable[[Bench, str], Made]
    writes: str
    undoes: str
    also_writes: frozenset[str] = frozenset()
    also_undoes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    elsewhere: bool = False
    any_target: bool = False
    as_root: frozenset[str] = frozenset()
    calls_each: int = 1

    @property
    def id(self) -> str:
        return f"{self.action} {self.title}"


def _set(*calls: str) -> frozenset[str]:
    return frozenset(calls)


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


def changed(kind: str, first: str, then: str, **given: Any) -> Callable[[Bench, str], Made]:
    """A thing of IAM's that an administrator set and somebody with a stolen key has set anew.

    `first` and `then` are the calls; in `given` of both, `{name}` stands for the target.
    """

    def prepare(bench: Bench, name: str) -> Made:
        # The responder's own calls count as firedoor's.
        admin = bench.client("iam", bench.user(f"{name}-admin"))
        thief = bench.user(f"{name}-thief")
        stolen = bench.client("iam", thief)
        trust = {"Effect": "Allow", "Principal": {"AWS": thief.arn}, "Action": "sts:AssumeRole"}
        admin.create_group(GroupName=name)
        admin.create_user(UserName=name)
        admin.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
        document = policy({"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"})
        made = admin.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
        words = {"name": name, "arn": made}
        for client, call, which in ((admin, first, "before"), (stolen, then, then)):
            bench.clock.advance(60)
            if call:
                asked = {
                    key: value.format(**words) if isinstance(value, str) else value
                    for key, value in given.get(which, given.get(call, {})).items()
                }
                getattr(client, call)(**asked)
        when = bench.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
        how = "".join(part.title() for part in then.split("_"))
        return {
            "how": how,
            "holder": made if kind == "version" else name,
            "policy": {"inline": "work", "attached": READ_ONLY, "member": name}.get(kind, ""),
            "when": when,
            "keys": [thief.access_key_id],
        }

    return prepare


def _restoring() -> list[World]:
    """Every kind of thing that can be put back, for every holder."""
    worlds = []
    old, new = "s3:GetObject", "s3:*"

    def document(action: str) -> str:
        # Braces are format's own.
        text = policy({"Effect": "Allow", "Action": action, "Resource": "*"})
        return text.replace("{", "{{").replace("}", "}}")

    for kind in ("user", "role", "group"):
        holder = {f"{kind.capitalize()}Name": "{name}"}
        put, attach = f"put_{kind}_policy", f"attach_{kind}_policy"
        added = {put: {**holder, "PolicyName": "work", "PolicyDocument": document(new)}}
        big = kind.capitalize()
        worlds += [
            World(
                "iam.restore_policy",
                f"{kind} inline added",
                changed("inline", "", put, **added),
                f"iam:Delete{big}Policy",
                f"iam:Put{big}Policy",
                any_target=True,
            ),
            World(
                "iam.restore_policy",
                f"{kind} attached",
                changed("attached", "", attach, **{attach: {**holder, "PolicyArn": READ_ONLY}}),
                f"iam:Detach{big}Policy",
                "",
                any_target=True,
            ),
        ]
    for kind in ("user", "role"):
        holder = {f"{kind.capitalize()}Name": "{name}"}
        put, delete = (f"{verb}_{kind}_permissions_boundary" for verb in ("put", "delete"))
        big = kind.capitalize()
        worlds.append(
            World(
                "iam.restore_policy",
                f"{kind} boundary",
                changed(
                    "boundary",
                    put,
                    delete,
                    **{put: {**holder, "PermissionsBoundary": READ_ONLY}, delete: holder},
                ),
                f"iam:Put{big}PermissionsBoundary",
                f"iam:Delete{big}PermissionsBoundary",
                any_target=True,
            )
        )
    trust = '{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":'
    trust += '{{"AWS":"%s"}},"Action":"sts:AssumeRole"}}]}}'
    update = "update_assume_role_policy"
    member = {"GroupName": "{name}", "UserName": "{name}"}
    version = {"PolicyArn": "{arn}", "PolicyDocument": document(old), "SetAsDefault": True}
    worlds += [
        World(
            "iam.restore_policy",
            "member",
            changed("member", "", "add_user_to_group", add_user_to_group=member),
            "iam:RemoveUserFromGroup",
            "iam:AddUserToGroup",
            any_target=True,
        ),
        World(
            "iam.restore_policy",
            "version",
            changed("version", "", "create_policy_version", create_policy_version=version),
            "iam:SetDefaultPolicyVersion",
            "iam:SetDefaultPolicyVersion",
            any_target=True,
        ),
        World(
            "iam.restore_policy",
            "trust",
            changed(
                "trust",
                update,
                update,
                before={"RoleName": "{name}", "PolicyDocument": trust % ACCOUNT},
                **{update: {"RoleName": "{name}", "PolicyDocument": trust % "*"}},
            ),
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateAssumeRolePolicy",
            any_target=True,
        ),
    ]
    return worlds


READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


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


def in_an_organization(bench: Bench, name: str) -> Made:
    bench.aws.found_organization(OTHER_ACCOUNT)
    return {"principal": bench.user(name).arn}


def with_a_path_like_a_pattern(bench: Bench, name: str) -> Made:
    bench.aws.found_organization(OTHER_ACCOUNT)
    made = bench.iam.create_user(UserName=name, Path="/a*/${aws:username}/")
    return {"principal": made["User"]["Arn"]}


def tampered_scp(bench: Bench, name: str) -> Made:
    """Our policy is attached, and somebody has written something else into it."""
    given = in_an_organization(bench, name)
    _attach(bench, f"deny-user-{name}")
    return given


def tampered_scp_of_a_person(bench: Bench, name: str) -> Made:
    given = person_in_an_organization(bench, name)
    _attach(bench, f"deny-person-{PERSON}-{ACCOUNT}")
    return given


def _attach(bench: Bench, suffix: str) -> None:
    organizations = bench.client("organizations", bench.aws.responder(OTHER_ACCOUNT))
    made = organizations.create_policy(
        Name=f"firedoor-INC-2026-0042-{suffix}",
        Description="ours",
        Type="SERVICE_CONTROL_POLICY",
        Content=policy({"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}),
    )
    number = made["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=number, TargetId=ACCOUNT)


def person_in_an_organization(bench: Bench, name: str) -> Made:
    bench.aws.found_organization(OTHER_ACCOUNT)
    return {"user_id": PERSON, "in_account": ACCOUNT}


def inactive_keys(bench: Bench, name: str) -> Made:
    two_keys(bench, name)
    for key in bench.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        bench.iam.update_access_key(
            UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive"
        )
    return {"user": name}


def mfa_device(bench: Bench, name: str) -> Made:
    bench.user(name)
    made = bench.iam.create_virtual_mfa_device(VirtualMFADeviceName=f"{name}-phone")
    serial = made["VirtualMFADevice"]["SerialNumber"]
    bench.iam.enable_mfa_device(
        UserName=name,
        SerialNumber=serial,
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )
    return {"user": name, "serial": serial}


def hardware(bench: Bench, name: str) -> Made:
    bench.user(name)
    bench.iam.enable_mfa_device(
        UserName=name,
        SerialNumber="GAHT12345678",
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )
    return {"user": name, "serial": "GAHT12345678"}


def bare(bench: Bench, name: str) -> Made:
    bench.iam.create_user(UserName=name)
    return {"user": name}


def with_everything(bench: Bench, name: str) -> Made:
    """A user on whom everything hangs that has to go before him."""
    mfa_device(bench, name)
    bench.iam.create_login_profile(UserName=name, Password="Winter-Wall-27")
    bench.iam.upload_ssh_public_key(UserName=name, SSHPublicKeyBody="ssh-rsa AAAAB3Nza x")
    bench.iam.upload_signing_certificate(UserName=name, CertificateBody=self_signed())
    bench.iam.create_service_specific_credential(
        UserName=name, ServiceName="codecommit.amazonaws.com"
    )
    bench.iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    bench.iam.create_group(GroupName=f"{name}-group")
    bench.iam.add_user_to_group(GroupName=f"{name}-group", UserName=name)
    return {"user": name}


def bounded(bench: Bench, name: str) -> Made:
    bench.user(name)
    bench.iam.put_user_permissions_boundary(
        UserName=name, PermissionsBoundary="arn:aws:iam::aws:policy/PowerUserAccess"
    )
    return {"user": name}


def denied_before(bench: Bench, name: str) -> Made:
    """A user whom our deny has shut out."""
    bench.user(name)
    bench.iam.put_user_policy(
        UserName=name,
        PolicyName="firedoor-INC-2026-0042-deny",
        PolicyDocument=policy({"Effect": "Deny", "Action": "*", "Resource": "*"}),
    )
    return {"user": name}


def cut_before(bench: Bench, name: str) -> Made:
    role(bench, name)
    for suffix in ("deny", "revoke-sessions"):
        bench.iam.put_role_policy(
            RoleName=name,
            PolicyName=f"firedoor-INC-2026-0042-{suffix}",
            PolicyDocument=policy({"Effect": "Deny", "Action": "*", "Resource": "*"}),
        )
    return {"role": name}


def root_in_an_organization(bench: Bench, _: str) -> Made:
    bench.aws.found_organization(OTHER_ACCOUNT)
    return {}


def trust_anchor(bench: Bench, name: str) -> Made:
    client = bench.client("rolesanywhere", None, "eu-central-1")
    source = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": "x"}}
    made = client.create_trust_anchor(name=name, source=source, enabled=True)
    return {"trust_anchor": made["trustAnchor"]["trustAnchorId"], "region": "eu-central-1"}


def anywhere_profile(bench: Bench, name: str) -> Made:
    client = bench.client("rolesanywhere", None, "eu-central-1")
    arn = bench.role(name, f"arn:aws:iam::{ACCOUNT}:root")
    made = client.create_profile(name=name, roleArns=[arn], enabled=True)
    return {"profile": made["profile"]["profileId"], "region": "eu-central-1"}


def _identity_center(bench: Bench) -> tuple[Any, Any, str, str, str]:
    """Clients of Identity Center where the organization is administered, and a person in it."""
    bench.aws.found_organization(OTHER_ACCOUNT)
    far = bench.aws.responder(OTHER_ACCOUNT)
    admin = bench.client("sso-admin", far, "eu-central-1")
    people = bench.client("identitystore", far, "eu-central-1")
    [instance] = admin.list_instances()["Instances"]
    store = instance["IdentityStoreId"]
    person = people.create_user(
        IdentityStoreId=store,
        UserName="ada.example",
        DisplayName="Ada",
        Name={"GivenName": "Ada", "FamilyName": "Example"},
    )["UserId"]
    return admin, people, instance["InstanceArn"], store, person


def assigned_person(bench: Bench, name: str) -> Made:
    admin, _, instance, _, person = _identity_center(bench)
    made = admin.create_permission_set(Name=name[:32], InstanceArn=instance)
    number = made["PermissionSet"]["PermissionSetArn"]
    admin.create_account_assignment(
        InstanceArn=instance,
        TargetId=ACCOUNT,
        TargetType="AWS_ACCOUNT",
        PermissionSetArn=number,
        PrincipalType="USER",
        PrincipalId=person,
    )
    return {
        "instance": instance,
        "user_id": person,
        "in_account": ACCOUNT,
        "permission_set": number,
        "region": "eu-central-1",
    }


def grouped_person(bench: Bench, name: str) -> Made:
    _, people, _, store, person = _identity_center(bench)
    group = people.create_group(IdentityStoreId=store, DisplayName=name)["GroupId"]
    people.create_group_membership(
        IdentityStoreId=store, GroupId=group, MemberId={"UserId": person}
    )
    return {"store": store, "group": group, "user_id": person, "region": "eu-central-1"}


PERSON = "00000000-1111-4222-8333-444455556666"
ATTACH, TAKE_OFF = "organizations:AttachPolicy", "organizations:DetachPolicy"
CREATE, SCRAP = "organizations:CreatePolicy", "organizations:DeletePolicy"
EDIT = "organizations:UpdatePolicy"
PUT, DELETE = "iam:PutUserPolicy", "iam:DeleteUserPolicy"
BOUND, UNBOUND = "iam:PutUserPermissionsBoundary", "iam:DeleteUserPermissionsBoundary"
KEY, SPECIAL = "iam:UpdateAccessKey", "iam:UpdateServiceSpecificCredential"
CUT, UNCUT = "iam:PutRolePolicy", "iam:DeleteRolePolicy"
WORLDS = (
    *_restoring(),
    World(
        "organizations.deny_identity_center_user",
        "person",
        person_in_an_organization,
        ATTACH,
        TAKE_OFF,
        also_writes=_set(CREATE),
        calls_each=2,
        also_undoes=_set(SCRAP),
        elsewhere=True,
        any_target=True,
    ),
    World(
        "organizations.deny_identity_center_user",
        "tampered",
        tampered_scp_of_a_person,
        EDIT,
        EDIT,
        elsewhere=True,
        any_target=True,
    ),
    World(
        "identitycenter.remove_assignment",
        "assigned",
        assigned_person,
        "sso-admin:DeleteAccountAssignment",
        "sso-admin:CreateAccountAssignment",
        elsewhere=True,
        any_target=True,
    ),
    World(
        "identitycenter.remove_group_membership",
        "grouped",
        grouped_person,
        "identitystore:DeleteGroupMembership",
        "identitystore:CreateGroupMembership",
        elsewhere=True,
        any_target=True,
    ),
    World("iam.bound_user", "plain", plain, BOUND, UNBOUND),
    World("iam.bound_user", "bounded", bounded, BOUND, BOUND),
    World("iam.delete_access_keys", "inactive", inactive_keys, "iam:DeleteAccessKey", ""),
    World("iam.remove_mfa_device", "hardware", hardware, "iam:DeactivateMFADevice", ""),
    World(
        "iam.remove_mfa_device",
        "virtual",
        mfa_device,
        "iam:DeactivateMFADevice",
        "",
        also_writes=_set("iam:DeleteVirtualMFADevice"),
        calls_each=2,
    ),
    World("iam.delete_user", "bare", bare, "iam:DeleteUser", ""),
    World(
        "iam.delete_user",
        "everything",
        with_everything,
        "iam:DeleteUser",
        "",
        also_writes=_set(
            "iam:DeleteLoginProfile",
            "iam:DeleteAccessKey",
            "iam:DeleteSigningCertificate",
            "iam:DeleteSSHPublicKey",
            "iam:DeleteServiceSpecificCredential",
            "iam:DeactivateMFADevice",
            "iam:DeleteUserPolicy",
            "iam:DetachUserPolicy",
            "iam:RemoveUserFromGroup",
        ),
    ),
    World("iam.release_user", "denied", denied_before, DELETE, PUT),
    World("iam.release_role", "cut and denied", cut_before, UNCUT, CUT),
    World(
        "iam.delete_root_credentials",
        "password",
        root_in_an_organization,
        "iam:DeleteLoginProfile",
        "",
        as_root=_set(
            *("iam:DeleteLoginProfile", "iam:GetLoginProfile", "iam:ListAccessKeys"),
            *("iam:ListMFADevices", "iam:ListSigningCertificates"),
        ),
        elsewhere=True,
        any_target=True,
    ),
    World(
        "rolesanywhere.disable_trust_anchor",
        "anchor",
        trust_anchor,
        "rolesanywhere:DisableTrustAnchor",
        "rolesanywhere:EnableTrustAnchor",
        any_target=True,
    ),
    World(
        "rolesanywhere.disable_profile",
        "profile",
        anywhere_profile,
        "rolesanywhere:DisableProfile",
        "rolesanywhere:EnableProfile",
        any_target=True,
    ),
    World(
        "organizations.deny_principal",
        "user",
        in_an_organization,
        ATTACH,
        TAKE_OFF,
        also_writes=_set(CREATE),
        calls_each=2,
        also_undoes=_set(SCRAP),
        elsewhere=True,
        any_target=True,
    ),
    World(
        "organizations.deny_principal",
        "path like a pattern",
        with_a_path_like_a_pattern,
        ATTACH,
        TAKE_OFF,
        also_writes=_set(CREATE),
        calls_each=2,
        also_undoes=_set(SCRAP),
        elsewhere=True,
        any_target=True,
    ),
    World(
        "organizations.deny_principal",
        "tampered",
        tampered_scp,
        EDIT,
        EDIT,
        elsewhere=True,
        any_target=True,
    ),
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
    World("iam.deny_role", "plain", role, CUT, UNCUT),
    World("iam.deny_role", "role with a path", role_with_path, CUT, UNCUT),
    World("iam.revoke_role_sessions", "plain", role, CUT, UNCUT),
    World("iam.revoke_role_sessions", "role with a path", role_with_path, CUT, UNCUT),
    World("iam.revoke_role_sessions", "tampered", tampered_cut, CUT, CUT),
)
