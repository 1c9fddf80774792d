"""Take an instance out of service in its Auto Scaling group, without losing it.

In standby the group neither checks its health nor replaces or terminates it, and takes it out of
the load balancers that are the group's. Where the group may be one smaller, its wanted size goes
down by one, and back when the instance returns; where it is at its minimum already, the group
launches another in its place, which comes from the same image and template and may be as
vulnerable. Targets that somebody registered by hand stay: elb.deregister_instance.
Source: https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.ec2._instance import (
    InstanceState,
    OfInstance,
    name_of,
    region_in,
    region_of,
    root_of,
)
from firedoor.errors import AwsError, RunFailed

GROUP = "arn:{partition}:autoscaling:{region}:{account}:autoScalingGroup:*:autoScalingGroupName/*"
PERMISSIONS = (
    Permission("autoscaling:DescribeAutoScalingInstances"),
    Permission("autoscaling:DescribeAutoScalingGroups"),
    Permission("autoscaling:EnterStandby", GROUP),
    Permission("autoscaling:ExitStandby", GROUP, "undo"),
)
EXAMPLE = {"instance": "i-0123456789abcdef0"}
REOPENS = Reopens("a machine that the attacker was in would serve people again")
OUT = ("EnteringStandby", "Standby")

Input = OfInstance


class Found(InstanceState, frozen=True, kw_only=True):
    """Its place in the group. `room`: the group may be one smaller."""

    group: str = ""
    room: bool = False


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """Which group it is in, and how; `gone`: it is in none."""
    root = root_of(aws, given, case)
    member = _member(aws, given.instance, region_of(aws, given))
    if member is None:
        return Found(parts={}, root=root, gone=True)
    group = str(member["AutoScalingGroupName"])
    now = str(member["LifecycleState"])
    groups = aws.call(
        "autoscaling",
        "describe_auto_scaling_groups",
        region=region_of(aws, given),
        AutoScalingGroupNames=[group],
    )["AutoScalingGroups"]
    room = bool(groups) and groups[0]["DesiredCapacity"] > groups[0]["MinSize"]
    part = f"{root}#auto-scaling/{group}"
    return Found(
        parts={part: "Standby" if now in OUT else "InService"}, root=root, group=group, room=room
    )


def _member(aws: Aws, instance: str, region: str) -> dict[str, Any] | None:
    answer = aws.call(
        "autoscaling", "describe_auto_scaling_instances", region=region, InstanceIds=[instance]
    )
    found = answer.get("AutoScalingInstances") or ()
    live = [each for each in found if not each["LifecycleState"].startswith(("Term", "Detach"))]
    return live[0] if live else None


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """From service to standby."""
    return [
        Change(
            resource=part,
            what="place in the group, which gets one smaller"
            if before.room
            else "place in the group, which launches another",
            from_=now,
            to="Standby",
        )
        for part, now in before.parts.items()
        if now != "Standby"
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Into standby, or back into service; RunFailed when the group has no place for it any more."""
    region, instance = region_in(change.resource), name_of(change.resource)
    group = change.resource.partition("#auto-scaling/")[2]
    named = {"InstanceIds": [instance], "AutoScalingGroupName": group}
    now = observe(aws, given, case)
    if now.parts.get(change.resource) == change.to:
        return
    try:
        if change.to == "Standby":
            smaller = {"ShouldDecrementDesiredCapacity": now.room}
            aws.call("autoscaling", "enter_standby", region=region, **named, **smaller)
        else:
            aws.call("autoscaling", "exit_standby", region=region, **named)
    except AwsError as error:
        if error.code != "ValidationError" or change.to == "Standby":
            raise
        raise RunFailed(
            f"{instance} stays in standby: {error.message}. When the group launched another in its "
            "place, raise the group's maximum by one first"
        ) from error


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It reads Standby."""
    state = observe(aws, given, case)
    what = f"{given.instance} is out of service in its Auto Scaling group"
    if state.gone:
        return [Check(what=what, holds=True, seen="it is in none")]
    now = next(iter(state.parts.values()))
    return [Check(what=what, holds=now == "Standby", seen=f"{now} in {state.group}")]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    named = ["--region", region_in(change.resource), "--instance-ids", name_of(change.resource)]
    named += ["--auto-scaling-group-name", change.resource.partition("#auto-scaling/")[2]]
    if change.to != "Standby":
        return [["autoscaling", "exit-standby", *named]]
    smaller = "" if "smaller" in change.what else "no-"
    flag = f"--{smaller}should-decrement-desired-capacity"
    return [["autoscaling", "enter-standby", *named, flag]]
