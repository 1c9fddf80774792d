"""Cut an address off the subnets of an instance, in both directions, open connections included.

A network ACL keeps no connections in mind: a deny in either direction ends what is open, which a
security group does not. Two entries, before every entry that allows anything, in the network ACL of
each subnet that the instance has an interface in. They act on the whole subnet, but on this one
address alone. Traffic within the subnet, DNS to the VPC's resolver and the metadata service pass no
network ACL.
Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.ec2._instance import (
    InstanceState,
    OfInstance,
    arn_of,
    described,
    gone_check,
    interfaces,
    name_of,
    region_in,
    region_of,
    root_of,
)
from firedoor.errors import AwsError, RunFailed
from firedoor.kinds import IpAddress

ACL = "arn:{partition}:ec2:{region}:{account}:network-acl/*"
PERMISSIONS = (
    Permission("ec2:DescribeInstances"),
    Permission("ec2:DescribeNetworkInterfaces"),
    Permission("ec2:DescribeNetworkAcls"),
    Permission("ec2:CreateNetworkAclEntry", ACL),
    Permission("ec2:DeleteNetworkAclEntry", ACL, "undo"),
)
EXAMPLE = {"instance": "i-0123456789abcdef0", "address": "198.51.100.7"}
REOPENS = Reopens("the attacker's address could be reached from the subnet again")
LAST = 32766
"""The highest number of an entry; the one after it is AWS's own deny of everything."""


class Input(OfInstance, frozen=True, kw_only=True):
    """The instance, and the address that its subnets are no longer to speak with."""

    address: IpAddress


class Found(InstanceState, frozen=True, kw_only=True):
    """Our entries, by number. `free`: for each that is missing, the number that it can have."""

    free: dict[str, int] = msgspec.field(default_factory=dict)


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The network ACLs of the instance's subnets."""
    root = root_of(aws, given, case)
    if described(aws, given) is None:
        return Found(parts={}, root=root, gone=True)
    region = region_of(aws, given)
    subnets = sorted({each["SubnetId"] for each in interfaces(aws, given)})
    parts: dict[str, Any] = {}
    free: dict[str, int] = {}
    if not subnets:
        return Found(parts=parts, root=root)
    wanted = [{"Name": "association.subnet-id", "Values": subnets}]
    found = aws.pages("ec2", "describe_network_acls", "NetworkAcls", region=region, Filters=wanted)
    for acl in found:
        for egress in (False, True):
            way = "out" if egress else "in"
            part = arn_of(case, region, "network-acl", acl["NetworkAclId"])
            part = f"{part}#deny-{way}/{given.address}"
            entries = [each for each in acl["Entries"] if bool(each["Egress"]) == egress]
            number = _ours(entries, given.address)
            if number:
                parts[part] = number
            else:
                free[part] = _free(entries)
    return Found(parts=parts, root=root, free=free)


def _ours(entries: list[dict[str, Any]], address: str) -> int:
    """The number of the entry that denies the address before anything is allowed; 0: none."""
    first = min((_number(each) for each in entries if each["RuleAction"] == "allow"), default=LAST)
    return next(
        (
            _number(each)
            for each in entries
            if each["RuleAction"] == "deny"
            and str(each["Protocol"]) == "-1"
            and each.get(_field(address)) == _block(address)
            and _number(each) < first
        ),
        0,
    )


def _field(address: str) -> str:
    return "Ipv6CidrBlock" if ":" in address else "CidrBlock"


def _block(address: str) -> str:
    """The address alone, as a network ACL takes it."""
    return f"{address}/{128 if ':' in address else 32}"


def _free(entries: list[dict[str, Any]]) -> int:
    """The last free number before the first entry that allows; 0 when there is none."""
    taken = {_number(each) for each in entries}
    first = min((_number(each) for each in entries if each["RuleAction"] == "allow"), default=LAST)
    return next((number for number in range(first - 1, 0, -1) if number not in taken), 0)


def _number(entry: dict[str, Any]) -> int:
    return int(entry["RuleNumber"])


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """One entry for each direction; RunFailed when there is no room before what allows."""
    for part, number in before.free.items():
        if not number:
            raise RunFailed(
                f"{given.address} is NOT cut off: network ACL {name_of(part)} allows something in "
                "entry 1, and nothing fits before it. Move that entry, or stop the instance"
            )
    return [
        Change(resource=part, what="network ACL entry", from_=None, to=number)
        for part, number in before.free.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Make one entry, or delete it; one that is there, or gone, already does not matter."""
    way, _, address = change.resource.partition("#deny-")[2].partition("/")
    named: dict[str, Any] = {
        "NetworkAclId": name_of(change.resource),
        "RuleNumber": int(change.from_ if change.to is None else change.to),
        "Egress": way == "out",
    }
    region = region_in(change.resource)
    try:
        if change.to is None:
            aws.call("ec2", "delete_network_acl_entry", region=region, **named)
            return
        what = {"Protocol": "-1", "RuleAction": "deny", _field(address): _block(address)}
        aws.call("ec2", "create_network_acl_entry", region=region, **named, **what)
    except AwsError as error:
        gone = change.to is None and error.code.startswith(
            ("InvalidNetworkAclEntry.NotFound", "InvalidNetworkAclID.NotFound")
        )
        there = error.code == "NetworkAclEntryAlreadyExists" and _is_made(aws, given, change, case)
        if not gone and not there:
            raise


def _is_made(aws: Aws, given: Input, change: Change, case: Case) -> bool:
    return bool(observe(aws, given, case).parts.get(change.resource) == change.to)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Both entries stand before everything that allows."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.instance, f"no longer speaks with {given.address}")]
    return [
        Check(
            what=f"network ACL {name_of(part)} denies {given.address} "
            f"({part.partition('#deny-')[2].partition('/')[0]})",
            holds=part in state.parts,
            seen=f"entry {state.parts[part]}" if part in state.parts else "no such entry",
        )
        for part in sorted({*state.parts, *state.free})
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    way, _, address = change.resource.partition("#deny-")[2].partition("/")
    number = change.from_ if change.to is None else change.to
    named = ["--region", region_in(change.resource), "--network-acl-id", name_of(change.resource)]
    named += ["--rule-number", str(number), "--egress" if way == "out" else "--ingress"]
    if change.to is None:
        return [["ec2", "delete-network-acl-entry", *named]]
    option = "--ipv6-cidr-block" if ":" in address else "--cidr-block"
    what = ["--protocol", "-1", "--rule-action", "deny", option, _block(address)]
    return [["ec2", "create-network-acl-entry", *named, *what]]
