"""Security groups that firedoor makes: found by name and VPC, made empty, removed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from firedoor.actions.contract import Aws, Case
from firedoor.actions.ec2._instance import TAG
from firedoor.errors import AwsError, RunFailed

EMPTY: dict[str, list[Any]] = {"ingress": [], "egress": []}
"""The rules of a group that allows nothing."""
LOOKS = 5
"""How often a new group is looked for: EC2 is eventually consistent."""
PAUSE_SECONDS = 1.0
_DUPLICATE = "InvalidGroup.Duplicate"
_NO_SUCH_RULE = "InvalidPermission.NotFound"


def groups_called(
    aws: Aws, region: str, name: str, vpcs: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """The groups of a name, by VPC."""
    wanted = [
        {"Name": "group-name", "Values": [name]},
        {"Name": "vpc-id", "Values": sorted(vpcs)},
    ]
    if not wanted[1]["Values"]:
        return {}
    found = aws.pages(
        "ec2", "describe_security_groups", "SecurityGroups", region=region, Filters=wanted
    )
    return {str(group["VpcId"]): group for group in found}


def rules_of(group: dict[str, Any]) -> dict[str, list[Any]]:
    """All rules of a group, without what they do not say."""
    return {
        "ingress": [_said(rule) for rule in group.get("IpPermissions") or ()],
        "egress": [_said(rule) for rule in group.get("IpPermissionsEgress") or ()],
    }


def _said(rule: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in rule.items() if value not in (None, [], "")}


def make_group(aws: Aws, region: str, name: str, vpc: str, case: Case) -> dict[str, Any]:
    """The group of that name in the VPC, made when there is none."""
    found = groups_called(aws, region, name, {vpc}).get(vpc)
    if found is not None:
        return found
    try:
        aws.call(
            "ec2",
            "create_security_group",
            region=region,
            GroupName=name,
            Description=f"firedoor {case.incident}: allows nothing, isolates",
            VpcId=vpc,
            TagSpecifications=[
                {
                    "ResourceType": "security-group",
                    "Tags": [{"Key": TAG, "Value": case.incident}],
                }
            ],
        )
    except AwsError as error:
        if error.code != _DUPLICATE:
            raise
    for _ in range(LOOKS):
        found = groups_called(aws, region, name, {vpc}).get(vpc)
        if found is not None:
            return found
        aws.wait(PAUSE_SECONDS)
    raise RunFailed(f"the security group {name} was made in {vpc}, and EC2 does not show it yet")


def empty_group(aws: Aws, region: str, group: dict[str, Any]) -> None:
    """Take every rule out of a group; rules that are gone already do not matter."""
    for part, operation in (
        ("ingress", "revoke_security_group_ingress"),
        ("egress", "revoke_security_group_egress"),
    ):
        rules = rules_of(group)[part]
        if not rules:
            continue
        try:
            aws.call("ec2", operation, region=region, GroupId=group["GroupId"], IpPermissions=rules)
        except AwsError as error:
            if error.code != _NO_SUCH_RULE:
                raise


def remove_group(aws: Aws, region: str, name: str, vpc: str) -> None:
    """Delete the group of that name; RunFailed while something still uses it."""
    found = groups_called(aws, region, name, {vpc}).get(vpc)
    if found is None:
        return
    try:
        aws.call("ec2", "delete_security_group", region=region, GroupId=found["GroupId"])
    except AwsError as error:
        if error.code != "DependencyViolation":
            raise
        raise RunFailed(
            f"the isolation group {name} stays: something still uses it. See its interfaces: aws "
            f"ec2 describe-network-interfaces --filters Name=group-id,Values={found['GroupId']}"
        ) from error
