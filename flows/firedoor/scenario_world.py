"""What a scenario puts into the simulated account: the world before anything happened.

In every text `{account}` stands for the account's number, `{region}` for its Region, and `{name}`
for what an `aws.call` further up gave that name. Policies are written as IAM's own documents.
Source of the limits: the IAM and S3 service models.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from firedoor.kinds import BucketName, IamRoleName, IamUserName
from firedoor.runbook import Identifier, Json, Said

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

Call = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z][a-z0-9-]*:[A-Z][A-Za-z0-9]+$",
        description="An API call as service:Operation, with boto3's service name: iam:ListUsers.",
    ),
]
AccountId = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{12}$", description="An account's twelve digits.")
]
RegionName = Annotated[
    str,
    msgspec.Meta(pattern=r"^[a-z]{2}(-[a-z]+){1,3}-[0-9]$", description="A Region: us-east-1."),
]
Picked = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        description="A JMESPath expression over the answer of a call: Instances[0].InstanceId.",
    ),
]
# Below the world's `gives` and an act's alike: a name, and where its value stands in the answer.
Gives = dict[Identifier, Picked]


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


class Trusted(Said, frozen=True, kw_only=True):
    """Whom else a role trusts: an AWS service (`ec2.amazonaws.com`), everyone in an account (of
    their own policies), an identity provider (its ARN), or any principal (an ARN or `*`).

    `condition`: the statement's Condition, such as an external id.
    """

    service: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9.-]+\.amazonaws\.com$")] | None = None
    account: AccountId | None = None
    provider: str | None = None
    principal: str | None = None
    condition: dict[str, dict[str, Json]] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        said = (self.service, self.account, self.provider, self.principal)
        if sum(one is not None for one in said) != 1:
            raise ValueError("needs exactly one of 'service', 'account', 'provider', 'principal'")


class Role(Holder, frozen=True, kw_only=True, tag_field="type", tag="iam.role"):
    """An IAM role. `trusts` names users of this world, or `account` for everyone in it; for
    services, other accounts and the like see `Trusted`."""

    name: IamRoleName
    trusts: Annotated[tuple[Identifier | Trusted, ...], msgspec.Meta(min_length=1)]
    max_session: Annotated[int, msgspec.Meta(ge=3600, le=43200)] = 3600


class InstanceProfile(
    Said, frozen=True, kw_only=True, tag_field="type", tag="iam.instance_profile"
):
    """What hands a role's credentials to an instance; `role` is a role of this world."""

    id: Identifier
    name: Annotated[str, msgspec.Meta(pattern=r"^[\w+=,.@-]{1,128}$")]
    role: Identifier


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


class AwsCall(Said, frozen=True, kw_only=True, tag_field="type", tag="aws.call"):
    """Anything else: one call of AWS's own API, made by an administrator of the account.

    `with`: its parameters as boto3 takes them. Binary ones are text; `base64:…` stands for bytes,
    `zip:…` for an archive with that text as its `index.py`. `gives`: names for values of the
    answer (JMESPath), usable as `{name}` in everything that comes later. `account`: another
    account than the scenario's own.
    """

    id: Identifier
    call: Call
    with_: dict[str, Json] = msgspec.field(name="with", default_factory=dict)
    region: RegionName | None = None
    account: AccountId | None = None
    gives: Gives = msgspec.field(default_factory=dict)


Item = Group | User | Role | InstanceProfile | ManagedPolicy | Bucket | AwsCall
