"""Terminate an instance for good, once what it shows is kept.

Termination protection, ours or the attacker's, is taken off for it. Volumes that are not deleted
with the instance stay, and cost, until somebody deletes them; disks of the machine itself are lost.
Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Permission
from firedoor.actions.ec2._instance import (
    GONE,
    INSTANCE,
    InstanceState,
    OfInstance,
    gone_check,
    name_of,
    refuse_own,
    region_in,
)
from firedoor.actions.ec2._power import lift_or_set, power, protection_words
from firedoor.errors import AwsError, Refused

PERMISSIONS = (
    Permission("ec2:DescribeInstances"),
    Permission("ec2:DescribeInstanceAttribute"),
    Permission("ec2:ModifyInstanceAttribute", INSTANCE, "termination protection"),
    Permission("ec2:TerminateInstances", INSTANCE),
)
EXAMPLE = {"instance": "i-0123456789abcdef0"}
IRREVERSIBLE = "an instance that was terminated cannot be brought back: build it anew"
DESTROYS = ("ec2.instance", "ec2.volumes")
PROTECTION = "disableApiTermination"

Input = OfInstance


def observe(aws: Aws, given: Input, case: Case) -> InstanceState:
    """Its state, and whether it may be terminated."""
    refuse_own(aws, given.instance)
    return power(aws, given, case, PROTECTION)


def changes(given: Input, before: InstanceState, case: Case) -> list[Change]:
    """The protection off, where it is on, and the instance terminated."""
    if before.gone:
        return []
    state, guard = f"{before.root}#state", f"{before.root}#{PROTECTION}"
    end = Change(
        resource=state, what="state", from_=before.parts[state], to=None, lost=IRREVERSIBLE
    )
    lifted = Change(
        resource=guard, what="termination protection", from_=True, to=False, lost=IRREVERSIBLE
    )
    return [lifted, end] if before.parts[guard] else [end]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Lift the protection, terminate. Refused for the way back."""
    refuse_own(aws, given.instance)
    if change.to not in (None, False):
        raise Refused("an instance that was terminated cannot be brought back: build it anew")
    try:
        if lift_or_set(aws, change, PROTECTION):
            return
        region = region_in(change.resource)
        named = [name_of(change.resource)]
        aws.call("ec2", "terminate_instances", region=region, InstanceIds=named)
    except AwsError as error:
        if error.code not in GONE:
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is terminated, or about to be."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.instance, "is no more")]
    now = state.parts[f"{state.root}#state"]
    return [Check(what=f"{given.instance} is no more", holds=False, seen=str(now))]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    if not change.resource.endswith("#state"):
        return [protection_words(change)]
    region = region_in(change.resource)
    named = ["--instance-ids", name_of(change.resource)]
    return [["ec2", "terminate-instances", "--region", region, *named]]
