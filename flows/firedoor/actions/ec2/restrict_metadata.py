"""Narrow the way in which an instance's programs get its role's credentials.

The metadata service answers only to tokens (version 2) and only on the machine itself (hop limit
1), which ends theft through a request that a web application is made to send. With `off` it does
not answer at all: the machine gets no new credentials, and what needs them stops. Containers on the
machine that need credentials stop in either case. Credentials that were fetched before go on until
they expire: iam.revoke_role_sessions cuts them. No security group and no network ACL filters it.
Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.ec2._instance import (
    GONE,
    INSTANCE,
    InstanceState,
    OfInstance,
    cannot_come_back,
    described,
    gone_check,
    name_of,
    region_in,
    root_of,
)
from firedoor.errors import AwsError

PERMISSIONS = (
    Permission("ec2:DescribeInstances"),
    Permission("ec2:ModifyInstanceMetadataOptions", INSTANCE),
)
EXAMPLE = {"instance": "i-0123456789abcdef0"}
REOPENS = Reopens("the way by which credentials were stolen from the machine would be open again")
OPTIONS = ("HttpEndpoint", "HttpTokens", "HttpPutResponseHopLimit")


class Input(OfInstance, frozen=True, kw_only=True):
    """The instance; `off`: the metadata service answers nobody any more."""

    off: bool = False


def observe(aws: Aws, given: Input, case: Case) -> InstanceState:
    """The three options as they are."""
    here = described(aws, given)
    root = root_of(aws, given, case)
    if here is None:
        return InstanceState(parts={}, root=root, gone=True)
    now = here.get("MetadataOptions") or {}
    return InstanceState(
        parts={f"{root}#metadata": {name: now.get(name) for name in OPTIONS}}, root=root
    )


def changes(given: Input, before: InstanceState, case: Case) -> list[Change]:
    """All three in one call; one that is narrower already stays."""
    return [
        Change(resource=resource, what="metadata options", from_=now, to=_wanted(given, now))
        for resource, now in before.parts.items()
        if now != _wanted(given, now)
    ]


def _wanted(given: Input, now: dict[str, Any]) -> dict[str, Any]:
    off = given.off or now.get("HttpEndpoint") == "disabled"
    narrow = {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    return {"HttpEndpoint": "disabled" if off else "enabled", **narrow}


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set the options. NotFound when undo comes too late."""
    instance = name_of(change.resource)
    wanted = {name: value for name, value in dict(change.to).items() if value is not None}
    try:
        aws.call(
            "ec2",
            "modify_instance_metadata_options",
            region=region_in(change.resource),
            InstanceId=instance,
            **wanted,
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        raise cannot_come_back(instance, "its metadata options") from None


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """The options read as they were set."""
    state = observe(aws, given, case)
    what = "hands out credentials " + ("to nobody" if given.off else "to tokens and itself only")
    if state.gone:
        return [gone_check(given.instance, what)]
    return [
        Check(
            what=f"{given.instance} {what}",
            holds=now == _wanted(given, now),
            seen=", ".join(f"{name} {value}" for name, value in now.items()),
        )
        for now in state.parts.values()
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    to = dict(change.to)
    return [
        [
            *("ec2", "modify-instance-metadata-options", "--region", region_in(change.resource)),
            *("--instance-id", name_of(change.resource), "--http-endpoint", to["HttpEndpoint"]),
            *("--http-tokens", to["HttpTokens"]),
            *("--http-put-response-hop-limit", str(to["HttpPutResponseHopLimit"])),
        ]
    ]
