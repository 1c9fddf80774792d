"""Builds a scenario's world in the simulated AWS, and holds everybody's credentials.

What is built is the account as it was before anything happened: nothing of the building is in
CloudTrail. Secrets stay in here and in the clients made with them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from firedoor.errors import BadInput, RunFailed
from firedoor.scenario_world import Bucket, Group, Holder, Item, ManagedPolicy, Role, User
from firedoor.simulator.callers import Answered, Callers, minted
from firedoor.simulator.credentials import Credentials
from firedoor.simulator.limits import INLINE_BUDGET

if TYPE_CHECKING:
    from firedoor.scenario import Scenario
    from firedoor.simulator.server import SimulatedAws

ROOM_LEFT = 40
"""Characters that `inline_full` leaves of a user's inline budget: no deny fits into them."""

_SSH_KEY = (
    "ssh-rsa "
    + base64.b64encode(
        b"\0\0\0\x07ssh-rsa\0\0\0\x03\x01\0\x01\0\0\x01\x01\0"
        + hashlib.sha256(b"drill").digest() * 8
    ).decode()
)


class World:
    """The account of a scenario. `held`: credentials by the name that the scenario gives them."""

    def __init__(self, scenario: Scenario, aws: SimulatedAws, callers: Callers) -> None:
        self.scenario = scenario
        self.aws = aws
        self.callers = callers
        self.account = aws.accounts[0]
        self.held: dict[str, Credentials] = {}
        self._keys: dict[str, Credentials] = {}

    def build(self) -> None:
        """Make every item; what others refer to comes first."""
        order = (ManagedPolicy, Group, User, Role, Bucket)
        with self.aws.setting_the_scene():
            for kind in order:
                for item in self.scenario.world:
                    if isinstance(item, kind):
                        self._make(item)
        for name, principal in self.scenario.principals.items():
            if principal.key is not None:
                self.held[name] = self._keys[principal.key]

    def credentials(self, name: str) -> Credentials | None:
        """Whose name it is in the scenario; None when he does not hold them (yet).

        A session of a role that is there from the start is assumed when it is first used.
        """
        principal = self.scenario.principals.get(name)
        if name not in self.held and principal is not None and principal.session_of:
            if principal.side == "fresh":
                return None
            self.held[name] = self._needed(self.assume(name))
        return self.held.get(name)

    def assume(self, name: str, *, probe: bool = False) -> Credentials | Answered:
        """A new session of the role that a principal stands for, or how the attempt was refused."""
        principal = self.scenario.principals[name]
        role = next(item for item in self.scenario.world if item.id == principal.session_of)
        assert isinstance(role, Role)
        assert principal.by is not None
        answered = self.callers.call(
            self._needed(self.credentials(principal.by)),
            "sts:AssumeRole",
            {
                "RoleArn": f"arn:aws:iam::{self.account}:role/{role.name}",
                "RoleSessionName": name.replace("_", "-"),
                "DurationSeconds": role.max_session,
            },
            probe=probe,
        )
        return minted(answered.result) or answered

    def filled(self, value: Any) -> Any:
        """A value of the scenario with `{account}` and `{NAME.key}` filled in."""
        if isinstance(value, str):
            text = value.replace("{account}", self.account)
            for name, credentials in self.held.items():
                text = text.replace(f"{{{name}.key}}", credentials.access_key_id)
            return text
        if isinstance(value, Mapping):
            return {key: self.filled(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.filled(inner) for inner in value]
        return value

    def user_of(self, name: str) -> str:
        """The IAM user that a principal's key belongs to; "" for sessions and minted keys."""
        principal = self.scenario.principals.get(name)
        for item in self.scenario.world:
            if isinstance(item, User) and principal is not None and principal.key in item.keys:
                return item.name
        return ""

    def _make(self, item: Item) -> None:
        match item:
            case ManagedPolicy():
                self._policy(item)
            case Group():
                self._group(item)
            case User():
                self._user(item)
            case Role():
                self._role(item)
            case Bucket():
                self._bucket(item)

    def _policy(self, item: ManagedPolicy) -> None:
        self._do("iam:CreatePolicy", PolicyName=item.name, PolicyDocument=self._json(item.document))

    def _group(self, item: Group) -> None:
        self._do("iam:CreateGroup", GroupName=item.name)
        self._policies(item, "Group", item.name)

    def _role(self, item: Role) -> None:
        names = {user.id: user.name for user in self.scenario.world if isinstance(user, User)}
        own = f"arn:aws:iam::{self.account}"
        trusted = [
            f"{own}:root" if who == "account" else f"{own}:user/{names[who]}" for who in item.trusts
        ]
        trust = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}
        self._do(
            "iam:CreateRole",
            RoleName=item.name,
            MaxSessionDuration=item.max_session,
            AssumeRolePolicyDocument=self._json({"Version": "2012-10-17", "Statement": [trust]}),
        )
        self._policies(item, "Role", item.name)

    def _user(self, item: User) -> None:
        tags = [{"Key": key, "Value": value} for key, value in item.tags.items()]
        self._do("iam:CreateUser", UserName=item.name, Tags=tags)
        self._policies(item, "User", item.name)
        groups = {group.id: group.name for group in self.scenario.world if isinstance(group, Group)}
        for group in item.groups:
            self._do("iam:AddUserToGroup", GroupName=groups[group], UserName=item.name)
        for key in item.keys:
            made = minted(self._do("iam:CreateAccessKey", UserName=item.name))
            self._keys[key] = self._needed(made)
        if item.inline_full:
            self._fill(item)
        self._other_credentials(item)

    def _other_credentials(self, item: User) -> None:
        name = {"UserName": item.name}
        if item.login_profile:
            password = f"Drill-{hashlib.sha256(item.name.encode()).hexdigest()[:20]}-1a"
            self._do("iam:CreateLoginProfile", **name, Password=password)
        if item.mfa:
            made = self._do("iam:CreateVirtualMFADevice", VirtualMFADeviceName=item.name)
            serial = made["VirtualMFADevice"]["SerialNumber"]
            self._do(
                "iam:EnableMFADevice",
                **name,
                SerialNumber=serial,
                AuthenticationCode1="123456",
                AuthenticationCode2="654321",
            )
        if item.ssh_key:
            self._do("iam:UploadSSHPublicKey", **name, SSHPublicKeyBody=_SSH_KEY)
        if item.signing_certificate:
            self._do("iam:UploadSigningCertificate", **name, CertificateBody=_CERTIFICATE)
        for service in item.service_credentials:
            self._do("iam:CreateServiceSpecificCredential", **name, ServiceName=service)

    def _fill(self, item: User) -> None:
        """Inline policies up to the limit, of the kind that grows over the years: many buckets."""
        used = sum(len("".join(self._json(one).split())) for one in item.inline.values())
        free = INLINE_BUDGET["user"] - used - ROOM_LEFT
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": [""]}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        buckets = statement["Resource"]
        assert isinstance(buckets, list)
        buckets.clear()
        while len(_compact(document)) < free - 60:
            buckets.append(f"arn:aws:s3:::archive-{len(buckets):04d}/*")
        buckets.append("arn:aws:s3:::" + "a" * max(3, free - len(_compact(document)) - 16))
        self._do(
            "iam:PutUserPolicy",
            UserName=item.name,
            PolicyName="grown-over-the-years",
            PolicyDocument=_compact(document),
        )

    def _bucket(self, item: Bucket) -> None:
        self._do("s3:CreateBucket", Bucket=item.name)
        for key, content in item.objects.items():
            self._do("s3:PutObject", Bucket=item.name, Key=key, Body=content.encode())
        if item.policy is not None:
            self._do("s3:PutBucketPolicy", Bucket=item.name, Policy=self._json(item.policy))

    def _policies(self, item: Holder, kind: str, name: str) -> None:
        named = {f"{kind}Name": name}
        for policy, document in item.inline.items():
            text = self._json(document)
            self._do(f"iam:Put{kind}Policy", **named, PolicyName=policy, PolicyDocument=text)
        for arn in item.managed:
            self._do(f"iam:Attach{kind}Policy", **named, PolicyArn=self.filled(arn))

    def _json(self, document: Any) -> str:
        return _compact(self.filled(document))

    def _do(self, call: str, **given: Any) -> Mapping[str, Any]:
        answered = self.callers.call(self.aws.responder(), call, given)
        if not answered.allowed:
            raise BadInput(
                f"the world cannot be built: {call}: {answered.code}: {answered.message}",
                where=f"scenario {self.scenario.metadata.id}",
            )
        return answered.result

    def _needed(self, found: Credentials | Answered | None) -> Credentials:
        if isinstance(found, Credentials):
            return found
        why = f": {found.code}: {found.message}" if found else ""
        raise RunFailed(
            f"a principal of scenario {self.scenario.metadata.id!r} cannot get credentials{why}"
        )


def _compact(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))


_CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBdzCCAR2gAwIBAgIUF3NjWwDMIFJMXfAlZt7N2Iye7wowCgYIKoZIzj0EAwIw
EDEOMAwGA1UEAwwFZHJpbGwwIBcNMjYxMTI0MjIwODU1WhgPMjEyNjEwMzEyMjA4
NTVaMBAxDjAMBgNVBAMMBWRyaWxsMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
NIDLKW/AKj2OTbqKuo4mkq5vY6SGztkO9uQ56q3vIs60nbTSQLE0P03XZcGhKu6I
JffwDGyo415T5KpeZInMeaNTMFEwHQYDVR0OBBYEFKrLAD9uKuAE934S118a/MWT
lXdiMB8GA1UdIwQYMBaAFKrLAD9uKuAE934S118a/MWTlXdiMA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAKJI7oWlPELTQUg1eEoZ9YNzYPvGDjxt
OV7s7ijwxp5ZAiA5OLPkBzgljD22LPIXPP28MWcThjxaWKC98XzWS/Mx3A==
-----END CERTIFICATE-----
"""
# Self-signed, of CN=drill, valid for a hundred years; its key was thrown away.
