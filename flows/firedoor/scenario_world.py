"""What a scenario puts into the simulated account: the world before anything happened.

In every text `{account}` stands for the account's number. Policies are written as IAM's own
documents. Source of the limits: the IAM and S3 service models.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from firedoor.kinds import BucketName, IamRoleName, IamUserName
from firedoor.runbook import Identifier, Said

PolicyDocument = Annotated[
    dict[str, Any], msgspec.Meta(description="An IAM policy: Version and Statement.")
]
PolicyName = Annotated[
    str, msgspec.Meta(pattern=r"^[\w+=,.@-]{1,128}$", description="The name of a policy.")
]
PolicyArn = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^arn:aws:iam::(aws|\{account\}):policy/[\w+=,.@/-]{1,512}$",
        description="The ARN of a managed policy; `{account}` stands for the account.",
    ),
]


class Holder(Said, frozen=True, kw_only=True):
    """What users, roles and groups have in common: a name in the file, and policies."""

    id: Identifier
    inline: dict[PolicyName, PolicyDocument] = msgspec.field(default_factory=dict)
    managed: tuple[PolicyArn, ...] = ()


class Group(Holder, frozen=True, kw_only=True, tag_field="type", tag="iam.group"):
    """An IAM group."""

    name: IamUserName


class User(Holder, frozen=True, kw_only=True, tag_field="type", tag="iam.user"):
    """An IAM user and every way in which he can sign in.

    `keys` name his access keys (AWS allows two). `inline_full`: his inline policies are filled up
    to IAM's 2,048 characters, so that not even a short deny fits in beside them.
    """

    name: IamUserName
    groups: tuple[Identifier, ...] = ()
    keys: Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=2)] = ()
    inline_full: bool = False
    login_profile: bool = False
    mfa: bool = False
    ssh_key: bool = False
    signing_certificate: bool = False
    service_credentials: tuple[str, ...] = ()
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class Role(Holder, frozen=True, kw_only=True, tag_field="type", tag="iam.role"):
    """An IAM role. `trusts` names users of this world, or `account` for everyone in it."""

    name: IamRoleName
    trusts: Annotated[tuple[Identifier, ...], msgspec.Meta(min_length=1)]
    max_session: Annotated[int, msgspec.Meta(ge=3600, le=43200)] = 3600


class ManagedPolicy(Said, frozen=True, kw_only=True, tag_field="type", tag="iam.policy"):
    """A customer managed policy; its ARN is `arn:aws:iam::{account}:policy/<name>`."""

    id: Identifier
    name: PolicyName
    document: PolicyDocument


class Bucket(Said, frozen=True, kw_only=True, tag_field="type", tag="s3.bucket"):
    """A bucket with small objects: key to content."""

    id: Identifier
    name: BucketName
    objects: dict[str, str] = msgspec.field(default_factory=dict)
    policy: PolicyDocument | None = None


Item = Group | User | Role | ManagedPolicy | Bucket
