"""Take an instance out of every load balancer, so that nobody is sent to it any more.

Target groups of its VPC that know it by id or by one of its addresses, and classic load balancers.
Requests under way are let finish (connection draining). No call of AWS's tells which load balancers
an instance is in: the target groups of its Auto Scaling group are asked, and those of its VPC, one
request each. An instance in standby is out of its group's own target groups already.
Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-register-targets.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.ec2._instance import (
    InstanceState,
    OfInstance,
    described,
    gone_check,
    interfaces,
    region_in,
    region_of,
    root_of,
)
from firedoor.errors import AwsError, NotFound

TARGETS = "arn:{partition}:elasticloadbalancing:{region}:{account}:targetgroup/*"
CLASSIC = "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/*"
PERMISSIONS = (
    Permission("ec2:DescribeInstances"),
    Permission("ec2:DescribeNetworkInterfaces"),
    Permission("elasticloadbalancing:DescribeTargetGroups"),
    Permission("elasticloadbalancing:DescribeTargetHealth"),
    Permission("elasticloadbalancing:DescribeLoadBalancers", why="classic ones"),
    Permission("elasticloadbalancing:DeregisterTargets", TARGETS),
    Permission("elasticloadbalancing:RegisterTargets", TARGETS, "undo"),
    Permission("elasticloadbalancing:DeregisterInstancesFromLoadBalancer", CLASSIC),
    Permission("elasticloadbalancing:RegisterInstancesWithLoadBalancer", CLASSIC, "undo"),
)
EXAMPLE = {"instance": "i-0123456789abcdef0"}
REOPENS = Reopens("people would be sent to a machine that the attacker was in")
LEAVING = ("draining", "unused")
MISSING = frozenset({"TargetGroupNotFound", "LoadBalancerNotFound"})
OUT_ALREADY = frozenset({"InvalidTarget", "InvalidInstance", "InvalidEndPoint"})

Input = OfInstance


def observe(aws: Aws, given: Input, case: Case) -> InstanceState:
    """Each place where it is registered: target group, target and port, or load balancer."""
    here = described(aws, given)
    root = root_of(aws, given, case)
    if here is None:
        return InstanceState(parts={}, root=root, gone=True)
    parts = dict(_targets(aws, given, here))
    parts |= dict(_classic(aws, given, case))
    return InstanceState(parts=parts, root=root)


def _targets(aws: Aws, given: Input, here: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    region = region_of(aws, given)
    own = {given.instance} | {
        str(address["PrivateIpAddress"])
        for each in interfaces(aws, given)
        for address in each.get("PrivateIpAddresses") or ()
    }
    groups = aws.pages("elbv2", "describe_target_groups", "TargetGroups", region=region)
    for group in groups:
        if group.get("VpcId") != here.get("VpcId"):
            continue
        health = aws.call(
            "elbv2", "describe_target_health", region=region, TargetGroupArn=group["TargetGroupArn"]
        )
        for each in health["TargetHealthDescriptions"]:
            target = each["Target"]
            leaving = (each.get("TargetHealth") or {}).get("State") in LEAVING
            # `unused` is also a target of a group that no load balancer uses: it stays registered.
            reason = str((each.get("TargetHealth") or {}).get("Reason") or "")
            gone = leaving and not reason.startswith("Target.NotInUse")
            if target["Id"] in own and not gone:
                part = f"{group['TargetGroupArn']}#target/{target['Id']}/{target.get('Port', '')}"
                yield part, "registered"


def _classic(aws: Aws, given: Input, case: Case) -> Iterator[tuple[str, Any]]:
    region = region_of(aws, given)
    root = f"arn:{case.partition}:elasticloadbalancing:{region}:{case.account}:loadbalancer"
    found = aws.pages("elb", "describe_load_balancers", "LoadBalancerDescriptions", region=region)
    for each in found:
        if any(one["InstanceId"] == given.instance for one in each.get("Instances") or ()):
            yield f"{root}/{each['LoadBalancerName']}#instance/{given.instance}", "registered"


def changes(given: Input, before: InstanceState, case: Case) -> list[Change]:
    """Out of each."""
    return [
        Change(resource=part, what="registration", from_=now, to=None)
        for part, now in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Deregister, or register again as it was. NotFound when undo comes too late."""
    service, operation, named = _call(change)
    try:
        aws.call(service, operation, region=region_in(change.resource), **named)
    except AwsError as error:
        if error.code not in MISSING and (change.to or error.code not in OUT_ALREADY):
            raise
        if change.to is not None:
            name = change.resource.partition("#")[0]
            raise NotFound(f"{name} has been deleted since: nothing to register with") from None


def _call(change: Change) -> tuple[str, str, dict[str, Any]]:
    """The service, the operation and its parameters."""
    holder, _, part = change.resource.partition("#")
    if part.startswith("instance/"):
        verb = "register_instances_with" if change.to else "deregister_instances_from"
        named = {"LoadBalancerName": holder.rpartition("/")[2]}
        instances = [{"InstanceId": part.partition("/")[2]}]
        return "elb", f"{verb}_load_balancer", {**named, "Instances": instances}
    _, name, port = part.split("/")
    target: dict[str, Any] = {"Id": name, **({"Port": int(port)} if port else {})}
    verb = "register_targets" if change.to else "deregister_targets"
    return "elbv2", verb, {"TargetGroupArn": holder, "Targets": [target]}


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is registered nowhere; what drains has been taken out."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.instance, "is in no load balancer")]
    seen = ", ".join(part.partition("#")[0].rpartition("/")[2] for part in state.parts)
    return [
        Check(
            what=f"{given.instance} is in no load balancer",
            holds=not state.parts,
            seen=f"registered: {seen}" if seen else "registered nowhere",
        )
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    service, operation, named = _call(change)
    words = [service, operation.replace("_", "-"), "--region", region_in(change.resource)]
    if service == "elb":
        one = named["Instances"][0]["InstanceId"]
        return [[*words, "--load-balancer-name", named["LoadBalancerName"], "--instances", one]]
    target = named["Targets"][0]
    said = ",".join(f"{key}={value}" for key, value in target.items())
    return [[*words, "--target-group-arn", named["TargetGroupArn"], "--targets", said]]
