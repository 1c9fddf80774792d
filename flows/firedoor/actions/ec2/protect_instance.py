"""Protect an instance and its volumes from being lost while they are evidence.

Termination and stop protection on, shutting down from inside stops instead of terminating, and no
volume is deleted with the instance. All of it is additive and comes back exactly. It does not hold
against Auto Scaling (see autoscaling.enter_standby), scheduled events, or whoever may take the
protection away again. AWS has no termination or stop protection for Spot instances.
Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_ChangingDisableAPITermination.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.ec2._instance import (
    INSTANCE,
    InstanceState,
    OfInstance,
    attribute,
    described,
    gone_check,
    name_of,
    region_in,
    root_of,
)
from firedoor.actions.ec2._power import set_attribute

PERMISSIONS = (
    Permission("ec2:DescribeInstances"),
    Permission("ec2:DescribeInstanceAttribute"),
    Permission("ec2:ModifyInstanceAttribute", INSTANCE),
    Permission("ec2:ModifyInstanceAttribute", "arn:{partition}:ec2:{region}:{account}:volume/*"),
)
EXAMPLE = {"instance": "i-0123456789abcdef0"}
REOPENS = Reopens()
FLAGS = {
    "termination-protection": ("disableApiTermination", True),
    "stop-protection": ("disableApiStop", True),
    "shutdown-behaviour": ("instanceInitiatedShutdownBehavior", "stop"),
}
"""The part, the attribute of AWS's, and what it is set to."""
NOT_FOR_SPOT = ("termination-protection", "stop-protection", "shutdown-behaviour")

Input = OfInstance


class Found(InstanceState, frozen=True, kw_only=True):
    """The protections as they are. `spot`: AWS does not take the first three for it."""

    spot: bool = False


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The attributes, and whether each volume goes with the instance."""
    here = described(aws, given)
    root = root_of(aws, given, case)
    if here is None:
        return Found(parts={}, root=root, gone=True)
    spot = here.get("InstanceLifecycle") == "spot"
    parts: dict[str, Any] = {
        f"{root}#{part}": attribute(aws, given, name)
        for part, (name, _) in FLAGS.items()
        if not (spot and part in NOT_FOR_SPOT)
    }
    for device in here.get("BlockDeviceMappings") or ():
        if "Ebs" in device:
            goes = bool(device["Ebs"].get("DeleteOnTermination"))
            parts[f"{root}#deleted-with-it/{device['DeviceName']}"] = goes
    return Found(parts=parts, root=root, spot=spot)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """What does not protect yet."""
    return [
        Change(resource=resource, what="protection", from_=now, to=_wanted(resource))
        for resource, now in before.parts.items()
        if now != _wanted(resource)
    ]


def _wanted(resource: str) -> Any:
    part = resource.partition("#")[2]
    return FLAGS[part][1] if part in FLAGS else False


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set one attribute. NotFound when undo comes too late."""
    set_attribute(aws, change, _attribute(change))


def _attribute(change: Change) -> dict[str, Any]:
    """The attribute of a change as ModifyInstanceAttribute takes it."""
    part = change.resource.partition("#")[2]
    if part in FLAGS:
        name = FLAGS[part][0]
        return {name[0].upper() + name[1:]: {"Value": change.to}}
    device = part.partition("/")[2]
    mapping = {"DeviceName": device, "Ebs": {"DeleteOnTermination": bool(change.to)}}
    return {"BlockDeviceMappings": [mapping]}


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Each protection reads as it was set."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.instance, "can no longer be lost")]
    return [
        Check(
            what=f"{given.instance}: {resource.partition('#')[2]} is {_wanted(resource)}",
            holds=now == _wanted(resource),
            seen=str(now),
        )
        for resource, now in state.parts.items()
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    part = change.resource.partition("#")[2]
    words = ["ec2", "modify-instance-attribute", "--region", region_in(change.resource)]
    words += ["--instance-id", name_of(change.resource)]
    if part == "shutdown-behaviour":
        return [[*words, "--instance-initiated-shutdown-behavior", str(change.to)]]
    if part in FLAGS:
        option = part.replace("termination-protection", "disable-api-termination").replace(
            "stop-protection", "disable-api-stop"
        )
        return [[*words, f"--{'' if change.to else 'no-'}{option}"]]
    goes = "true" if change.to else "false"
    mapping = (
        f'[{{"DeviceName":"{part.partition("/")[2]}","Ebs":{{"DeleteOnTermination":{goes}}}}}]'
    )
    return [[*words, "--block-device-mappings", mapping]]
