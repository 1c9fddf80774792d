"""Set how many instances an Auto Scaling group has at least, at most, and wants.

To nothing (`desired: 0`) it ends what somebody's group launched, and keeps it from launching more;
the group and its launch template stay, as evidence. The instances that the group then terminates
are lost: keep them first. To a number it gives a group back what it had. Scaling policies and
schedules of the group stay within its minimum and maximum.
Source: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.ec2._instance import region_in, region_of
from firedoor.errors import NotFound
from firedoor.kinds import Region

PERMISSIONS = (
    Permission("autoscaling:DescribeAutoScalingGroups"),
    Permission(
        "autoscaling:UpdateAutoScalingGroup",
        "arn:{partition}:autoscaling:{region}:{account}"
        ":autoScalingGroup:*:autoScalingGroupName/{group}",
    ),
)
EXAMPLE = {"group": "web", "desired": 0}
REOPENS = Reopens("the group would launch instances again, which the attacker may have made it for")
SIZES = ("MinSize", "MaxSize", "DesiredCapacity")


class Input(Given, frozen=True, kw_only=True):
    """The group, and how many it is to have; `smallest` and `largest` default to the same."""

    group: str
    desired: int = 0
    smallest: int | None = None
    largest: int | None = None
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> State:
    """The three sizes; nothing when there is no such group."""
    region = region_of(aws, given)
    found = aws.call(
        "autoscaling",
        "describe_auto_scaling_groups",
        region=region,
        AutoScalingGroupNames=[given.group],
    )["AutoScalingGroups"]
    if not found:
        return State(parts={})
    root = f"arn:{case.partition}:autoscaling:{region}:{case.account}:autoScalingGroup:*"
    sizes = {name: int(found[0][name]) for name in SIZES}
    return State(parts={f"{root}:autoScalingGroupName/{given.group}#size": sizes})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """All three at once, so that none stands against another."""
    wanted = _wanted(given)
    return [
        Change(resource=part, what="size", from_=now, to=wanted)
        for part, now in before.parts.items()
        if now != wanted
    ]


def _wanted(given: Input) -> dict[str, int]:
    low = given.desired if given.smallest is None else given.smallest
    high = given.desired if given.largest is None else given.largest
    return {"MinSize": low, "MaxSize": high, "DesiredCapacity": given.desired}


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set the sizes. NotFound when undo comes too late."""
    if not observe(aws, given, case).parts:
        raise NotFound(f"the Auto Scaling group {given.group!r} has been deleted since")
    aws.call(
        "autoscaling",
        "update_auto_scaling_group",
        region=region_in(change.resource),
        AutoScalingGroupName=given.group,
        **dict(change.to),
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """The sizes read as they were set."""
    state = observe(aws, given, case)
    what = f"the Auto Scaling group {given.group} wants {given.desired} instances"
    if not state.parts:
        return [Check(what=what, holds=True, seen="there is no such group")]
    now = next(iter(state.parts.values()))
    seen = ", ".join(f"{name} {value}" for name, value in now.items())
    return [Check(what=what, holds=now == _wanted(given), seen=seen)]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    to = dict(change.to)
    name = change.resource.partition("#")[0].rpartition("/")[2]
    return [
        [
            *("autoscaling", "update-auto-scaling-group", "--region", region_in(change.resource)),
            *("--auto-scaling-group-name", name, "--min-size", str(to["MinSize"])),
            *("--max-size", str(to["MaxSize"])),
            *("--desired-capacity", str(to["DesiredCapacity"])),
        ]
    ]
