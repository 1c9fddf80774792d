"""Cut an instance off the network: every interface gets a security group that allows nothing.

The group is made in the VPC of each interface, and what AWS puts into a new one, all traffic out,
is taken out again. Every interface is changed by itself, whatever VPC it is in; its former groups
are kept, exactly, for undo. What this does not cut: connections that AWS tracks and that are open
now, until they have been idle for too long (up to five days); DNS queries to the VPC's resolver;
the metadata service; sessions of Systems Manager (ssm.end_sessions). `ec2.deny_address` cuts open
connections with one address, `ec2.stop_instance` cuts all. Systems Manager no longer reaches the
machine: what needs it, memory above all, comes before.
Source: https://docs.aws.amazon.com/security-ir/latest/userguide/source-containment.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from firedoor.actions import contract
from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.ec2._groups import (
    EMPTY,
    empty_group,
    groups_called,
    make_group,
    remove_group,
    rules_of,
)
from firedoor.actions.ec2._instance import (
    InstanceState,
    OfInstance,
    arn_of,
    described,
    gone_check,
    interfaces,
    name_of,
    refuse_own,
    region_in,
    region_of,
    root_of,
)
from firedoor.errors import AwsError, NotFound, Refused, RunFailed

GROUP = "arn:{partition}:ec2:{region}:{account}:security-group/*"
OURS = {"StringLike": {"aws:ResourceTag/firedoor:incident": "*"}}
PERMISSIONS = (
    Permission("ec2:DescribeInstances"),
    Permission("ec2:DescribeNetworkInterfaces"),
    Permission("ec2:DescribeSecurityGroups"),
    Permission("ec2:CreateSecurityGroup", GROUP),
    Permission("ec2:CreateSecurityGroup", "arn:{partition}:ec2:{region}:{account}:vpc/*"),
    Permission(
        "ec2:CreateTags",
        GROUP,
        "the group says what it is for",
        {"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup"}},
    ),
    Permission("ec2:RevokeSecurityGroupEgress", GROUP, "a new group allows all egress", OURS),
    Permission("ec2:RevokeSecurityGroupIngress", GROUP, "what somebody put into our group", OURS),
    Permission("ec2:DeleteSecurityGroup", GROUP, "undo", OURS),
    Permission(
        "ec2:ModifyNetworkInterfaceAttribute",
        "arn:{partition}:ec2:{region}:{account}:network-interface/*",
    ),
    Permission("ec2:ModifyNetworkInterfaceAttribute", GROUP),
)
EXAMPLE = {"instance": "i-0123456789abcdef0"}
REOPENS = Reopens("the machine would be on the network again, with whoever sits in it")
SURVIVES = "connections that were open and are tracked may live on: ec2.deny_address or a stop cuts"


class Input(OfInstance, frozen=True, kw_only=True):
    """The instance. `after`: what has to come first, such as the step that dumps memory; it is
    looked at by nobody, and only puts the steps in order."""

    after: str | None = None


class Found(InstanceState, frozen=True, kw_only=True):
    """The groups of each interface. Our own stands under its name, since its id is new each time.

    `vpcs`: the ARN of each interface's VPC, by the interface's part.
    """

    vpcs: dict[str, str] = msgspec.field(default_factory=dict)


class Output(contract.Output, frozen=True, kw_only=True):
    """How many interfaces there were, and the name of the group that isolates them."""

    interfaces: int
    group: str


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The interfaces with their groups, and our group in each of their VPCs."""
    refuse_own(aws, given.instance)
    root = root_of(aws, given, case)
    region = region_of(aws, given)
    if described(aws, given) is None:
        return Found(parts={}, root=root, gone=True)
    attached = interfaces(aws, given)
    ours = groups_called(aws, region, _name(case), {each["VpcId"] for each in attached})
    ids = {group["GroupId"] for group in ours.values()}
    parts: dict[str, Any] = {}
    vpcs: dict[str, str] = {}
    for vpc, group in ours.items():
        parts[_group_part(arn_of(case, region, "vpc", vpc), case)] = rules_of(group)
    for each in attached:
        name = each["NetworkInterfaceId"]
        part = arn_of(case, region, "network-interface", name) + "#groups"
        parts[part] = [
            _name(case) if group["GroupId"] in ids else group["GroupId"] for group in each["Groups"]
        ]
        vpcs[part] = arn_of(case, region, "vpc", each["VpcId"])
    return Found(parts=parts, root=root, vpcs=vpcs)


def _name(case: Case) -> str:
    return case.name("isolation")


def _group_part(vpc: str, case: Case) -> str:
    return f"{vpc}#security-group/{_name(case)}"


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """An empty group in every VPC, then that group alone on every interface."""
    found: list[Change] = []
    for vpc in dict.fromkeys(before.vpcs.values()):
        part = _group_part(vpc, case)
        rules = before.parts.get(part)
        if rules != EMPTY:
            lost = "rules that somebody put into our isolation group are not put back"
            found.append(
                Change(
                    resource=part,
                    what="isolation group",
                    from_=rules,
                    to=EMPTY,
                    lost=lost if rules else "",
                )
            )
    for part in before.vpcs:
        if before.parts[part] != [_name(case)]:
            found.append(
                Change(
                    resource=part,
                    what="security groups",
                    from_=before.parts[part],
                    to=[_name(case)],
                )
            )
    return found


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Make or remove our group, or put groups on one interface.

    NotFound when undo comes too late for the interface; RunFailed when a former group is gone.
    """
    refuse_own(aws, given.instance)
    region = region_in(change.resource)
    if "#security-group/" in change.resource:
        _apply_group(aws, region, change, case)
    else:
        _apply_interface(aws, region, change, case)


def _apply_group(aws: Aws, region: str, change: Change, case: Case) -> None:
    vpc = name_of(change.resource)
    if change.to is None:
        remove_group(aws, region, _name(case), vpc)
        return
    if change.to != EMPTY:
        raise Refused("what somebody put into our isolation group cannot be brought back")
    group = make_group(aws, region, _name(case), vpc, case)
    empty_group(aws, region, group)


def _apply_interface(aws: Aws, region: str, change: Change, case: Case) -> None:
    interface = name_of(change.resource)
    try:
        answer = aws.call(
            "ec2", "describe_network_interfaces", region=region, NetworkInterfaceIds=[interface]
        )
        vpc = answer["NetworkInterfaces"][0]["VpcId"]
        aws.call(
            "ec2",
            "modify_network_interface_attribute",
            region=region,
            NetworkInterfaceId=interface,
            Groups=_ids(aws, region, vpc, change.to, case),
        )
    except AwsError as error:
        if error.code == "InvalidNetworkInterfaceID.NotFound":
            if _name(case) in (change.to or ()):
                return
            raise NotFound(f"{interface} has been deleted since: nothing to put back") from None
        if error.code.startswith("InvalidGroup"):
            raise RunFailed(
                f"{interface} is unchanged: {error.message}. A security group that it had has been "
                f"deleted; put the groups on it by hand: {', '.join(change.to)}"
            ) from error
        raise


def _ids(aws: Aws, region: str, vpc: str, wanted: Iterable[str], case: Case) -> list[str]:
    """Ids of groups: ours is looked up by its name in the VPC."""
    ids = []
    for group in wanted:
        if group != _name(case):
            ids.append(group)
            continue
        ours = groups_called(aws, region, group, {vpc}).get(vpc)
        if ours is None:
            raise RunFailed(
                f"the isolation group {group} of {vpc} has been deleted; run this again"
            )
        ids.append(str(ours["GroupId"]))
    return ids


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Every interface has our group alone, and it allows nothing."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.instance, "is cut off the network")]
    checks = []
    for part, vpc in state.vpcs.items():
        groups, rules = state.parts[part], state.parts.get(_group_part(vpc, case))
        holds = groups == [_name(case)] and rules == EMPTY
        seen = SURVIVES if holds else f"groups {', '.join(groups)}"
        if groups == [_name(case)] and rules != EMPTY:
            seen = "the isolation group allows something"
        checks.append(
            Check(
                what=f"interface {name_of(part)} of {given.instance} allows nothing new in or out",
                holds=holds,
                seen=seen,
            )
        )
    nothing = Check(what=f"{given.instance} is cut off", holds=True, seen="it has no interface")
    return checks or [nothing]


def output(given: Input, before: Found, case: Case) -> Output:
    """What later steps and people may ask."""
    return Output(interfaces=len(before.vpcs), group=_name(case))


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words; the id of the group that the first one makes goes into the others."""
    where = ["--region", region_in(change.resource)]
    if "#security-group/" not in change.resource:
        ids = [each if each.startswith("sg-") else "GROUP" for each in change.to]
        named = ["--network-interface-id", name_of(change.resource), "--groups", *ids]
        return [["ec2", "modify-network-interface-attribute", *where, *named]]
    if change.to is None:
        return [["ec2", "delete-security-group", *where, "--group-id", "GROUP"]]
    name = change.resource.rpartition("/")[2]
    made = ["--group-name", name, "--description", name, "--vpc-id", name_of(change.resource)]
    all_traffic = "IpProtocol=-1,IpRanges=[{CidrIp=0.0.0.0/0}]"
    emptied = ["--group-id", "GROUP", "--ip-permissions", all_traffic]
    return [
        ["ec2", "create-security-group", *where, *made],
        ["ec2", "revoke-security-group-egress", *where, *emptied],
    ]
