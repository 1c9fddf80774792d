"""Stop an instance: it does nothing more, and its disks stay.

What is in its memory and on disks of the machine itself (instance store) is lost, and a public
address that is not elastic is another one afterwards: keep memory first, if you want it. Stop
protection, ours or somebody's, is taken off for it. An instance of an Auto Scaling group is
replaced and terminated by the group unless it is in standby. A Spot instance of a one-time request
cannot be stopped.
Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.ec2._instance import (
    GONE,
    INSTANCE,
    InstanceState,
    OfInstance,
    cannot_come_back,
    gone_check,
    name_of,
    refuse_own,
    region_in,
)
from firedoor.actions.ec2._power import lift_or_set, power, protection_words
from firedoor.errors import AwsError

PERMISSIONS = (
    Permission("ec2:DescribeInstances"),
    Permission("ec2:DescribeInstanceAttribute"),
    Permission("ec2:ModifyInstanceAttribute", INSTANCE, "stop protection"),
    Permission("ec2:StopInstances", INSTANCE),
    Permission("ec2:StartInstances", INSTANCE, "undo"),
)
EXAMPLE = {"instance": "i-0123456789abcdef0"}
REOPENS = Reopens("what the attacker left on its disks starts with it")
PROTECTION = "disableApiStop"


class Input(OfInstance, frozen=True, kw_only=True):
    """The instance. `after`: what has to come first, such as the step that dumps memory."""

    after: str | None = None


def observe(aws: Aws, given: Input, case: Case) -> InstanceState:
    """Whether it runs, and whether it may be stopped."""
    refuse_own(aws, given.instance)
    return power(aws, given, case, PROTECTION)


def changes(given: Input, before: InstanceState, case: Case) -> list[Change]:
    """The protection off, where it is on, and the instance stopped."""
    state, guard = f"{before.root}#state", f"{before.root}#{PROTECTION}"
    if before.gone or before.parts[state] == "stopped":
        return []
    stop = Change(resource=state, what="state", from_=before.parts[state], to="stopped")
    lifted = Change(resource=guard, what="stop protection", from_=True, to=False)
    return [lifted, stop] if before.parts[guard] else [stop]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Lift or set the protection, stop or start. NotFound when undo comes too late."""
    refuse_own(aws, given.instance)
    if lift_or_set(aws, change, PROTECTION):
        return
    instance = name_of(change.resource)
    operation = "stop_instances" if change.to == "stopped" else "start_instances"
    try:
        aws.call("ec2", operation, region=region_in(change.resource), InstanceIds=[instance])
    except AwsError as error:
        if error.code not in GONE:
            raise
        if change.to != "stopped":
            raise cannot_come_back(instance, "its state") from None


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is stopped, or about to be."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.instance, "does nothing more")]
    now = state.parts[f"{state.root}#state"]
    return [
        Check(what=f"{given.instance} does nothing more", holds=now == "stopped", seen=str(now))
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    if not change.resource.endswith("#state"):
        return [protection_words(change)]
    verb = "stop-instances" if change.to == "stopped" else "start-instances"
    region = region_in(change.resource)
    return [["ec2", verb, "--region", region, "--instance-ids", name_of(change.resource)]]
