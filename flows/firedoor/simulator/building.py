"""Makes the things of a scenario's world, one call after the other, in the order of the file.

What an item refers to is made before it, wherever it stands. Nothing of it is in CloudTrail.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from firedoor.errors import BadInput
from firedoor.scenario_world import (
    AwsCall,
    Bucket,
    Group,
    Holder,
    InstanceProfile,
    Item,
    ManagedPolicy,
    Role,
    Trusted,
    User,
)
from firedoor.simulator.callers import Answered, minted, picked
from firedoor.simulator.credentials import Credentials
from firedoor.simulator.limits import INLINE_BUDGET

ROOM_LEFT = 40
"""Characters that `inline_full` leaves of a user's inline budget: no deny fits into them."""

_SSH_KEY = (
    "ssh-rsa "
    + base64.b64encode(
        b"\0\0\0\x07ssh-rsa\0\0\0\x03\x01\0\x01\0\0\x01\x01\0"
        + hashlib.sha256(b"drill").digest() * 8
    ).decode()
)


class Site(Protocol):
    """Where it is built: how calls are made, and what names stand for."""

    account: str

    def administrate(
        self, call: str, given: Mapping[str, Any], region: str | None, account: str | None
    ) -> Answered:
        """Make a call as an administrator of the account."""

    def filled(self, value: Any) -> Any:
        """A value with the names in braces filled in."""

    def name(self, name: str, value: Any) -> None:
        """From now on `{name}` stands for a value."""


class Builder:
    """Builds one world. `keys`: the access keys made, by the names that the scenario gives them."""

    def __init__(self, world: tuple[Item, ...], site: Site, where: Callable[[int], str]) -> None:
        """`where`: the place of an item in the file, for messages."""
        self.world = world
        self.site = site
        self.where = where
        self.keys: dict[str, Credentials] = {}
        self._made: set[int] = set()
        self._at = 0

    def build(self) -> None:
        """Make every item; BadInput, with its place, for one that cannot be made."""
        for index in range(len(self.world)):
            self._make(index)

    def _make(self, index: int) -> None:
        if index in self._made:
            return
        self._made.add(index)
        item = self.world[index]
        for needed in self._needs(item):
            self._make(needed)
        self._at = index
        match item:
            case ManagedPolicy():
                self._policy(item)
            case Group():
                self._group(item)
            case User():
                self._user(item)
            case Role():
                self._role(item)
            case InstanceProfile():
                self._profile(item)
            case Bucket():
                self._bucket(item)
            case AwsCall():
                self._call(item)

    def _needs(self, item: Item) -> Iterator[int]:
        """The items that one refers to by their ids, or by the ARN of a policy."""
        named: set[str] = set()
        arns: tuple[str, ...] = item.managed if isinstance(item, Holder) else ()
        if isinstance(item, User):
            named |= set(item.groups)
        elif isinstance(item, Role):
            named |= {one for one in item.trusts if isinstance(one, str)}
        elif isinstance(item, InstanceProfile):
            named.add(item.role)
        for index, other in enumerate(self.world):
            policy = isinstance(other, ManagedPolicy) and any(
                arn.endswith(f"{{account}}:policy/{other.name}") for arn in arns
            )
            if other.id in named or policy:
                yield index

    def _call(self, item: AwsCall) -> None:
        answer = self._do(item.call, item.region, item.account, **self.site.filled(item.with_))
        for name, expression in item.gives.items():
            value = picked(answer, self.site.filled(expression))
            if value is None:
                raise self._cannot(f"{expression!r} finds nothing in the answer of {item.call}")
            self.site.name(name, value)

    def _profile(self, item: InstanceProfile) -> None:
        role = next(one.name for one in self.world if one.id == item.role and isinstance(one, Role))
        named = {"InstanceProfileName": item.name}
        self._do("iam:CreateInstanceProfile", **named)
        self._do("iam:AddRoleToInstanceProfile", **named, RoleName=role)

    def _policy(self, item: ManagedPolicy) -> None:
        self._do("iam:CreatePolicy", PolicyName=item.name, PolicyDocument=self._json(item.document))

    def _group(self, item: Group) -> None:
        self._do("iam:CreateGroup", GroupName=item.name)
        self._policies(item, "Group", item.name)

    def _role(self, item: Role) -> None:
        statements = [self._trust(one) for one in item.trusts]
        self._do(
            "iam:CreateRole",
            RoleName=item.name,
            MaxSessionDuration=item.max_session,
            AssumeRolePolicyDocument=self._json({"Version": "2012-10-17", "Statement": statements}),
        )
        self._policies(item, "Role", item.name)

    def _trust(self, trusted: str | Trusted) -> dict[str, Any]:
        own = f"arn:aws:iam::{self.site.account}"
        if isinstance(trusted, str):
            users = {user.id: user.name for user in self.world if isinstance(user, User)}
            arn = f"{own}:root" if trusted == "account" else f"{own}:user/{users[trusted]}"
            return _trusting({"AWS": arn}, "sts:AssumeRole", {})
        action = "sts:AssumeRole"
        who: dict[str, str] | str
        if trusted.service is not None:
            who = {"Service": trusted.service}
        elif trusted.account is not None:
            who = {"AWS": f"arn:aws:iam::{trusted.account}:root"}
        elif trusted.provider is not None:
            saml = ":saml-provider/" in trusted.provider
            action = "sts:AssumeRoleWithSAML" if saml else "sts:AssumeRoleWithWebIdentity"
            who = {"Federated": trusted.provider}
        else:
            who = {"AWS": str(trusted.principal)}
        return _trusting(who, action, trusted.condition)

    def _user(self, item: User) -> None:
        tags = [{"Key": key, "Value": value} for key, value in item.tags.items()]
        self._do("iam:CreateUser", UserName=item.name, Tags=tags)
        self._policies(item, "User", item.name)
        groups = {group.id: group.name for group in self.world if isinstance(group, Group)}
        for group in item.groups:
            self._do("iam:AddUserToGroup", GroupName=groups[group], UserName=item.name)
        for key in item.keys:
            made = minted(self._do("iam:CreateAccessKey", UserName=item.name))
            assert made is not None
            self.keys[key] = made
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
            self._do(f"iam:Attach{kind}Policy", **named, PolicyArn=self.site.filled(arn))

    def _json(self, document: Any) -> str:
        return _compact(self.site.filled(document))

    def _do(
        self, call: str, region: str | None = None, account: str | None = None, **given: Any
    ) -> Mapping[str, Any]:
        answered = self.site.administrate(call, given, region, account)
        if not answered.allowed:
            raise self._cannot(f"{call}: {answered.code}: {answered.message}")
        return answered.result

    def _cannot(self, why: str) -> BadInput:
        return BadInput(f"the world cannot be built: {why}", where=self.where(self._at))


def _trusting(who: Any, action: str, condition: Mapping[str, Any]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": who, "Action": action}
    return {**statement, "Condition": dict(condition)} if condition else statement


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
