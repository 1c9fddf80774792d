"""Cancel a Spot request, a Spot fleet or a fleet, so that it launches no more.

A fleet's own instances are terminated with it, since it was made to run them; what they show is
kept before, or lost. Instances of a single Spot request go on: terminate them by themselves.
Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CancelSpotFleetRequests.html
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.ec2._instance import name_of, region_in, region_of
from firedoor.errors import AwsError, Refused
from firedoor.kinds import Region

PERMISSIONS = (
    Permission("ec2:DescribeSpotInstanceRequests"),
    Permission("ec2:DescribeSpotFleetRequests"),
    Permission("ec2:DescribeFleets"),
    Permission("ec2:CancelSpotInstanceRequests"),
    Permission("ec2:CancelSpotFleetRequests"),
    Permission("ec2:DeleteFleets"),
)
EXAMPLE = {"request": "sir-0123abcd"}
IRREVERSIBLE = "a request that was cancelled cannot be brought back: make a new one"
OVER = ("cancel", "delete", "closed", "failed")


class Input(Given, frozen=True, kw_only=True):
    """`sir-…` (a Spot request), `sfr-…` (a Spot fleet) or `fleet-…`."""

    request: Annotated[str, msgspec.Meta(pattern=r"^(sir|sfr|fleet)-[0-9a-z-]{4,60}$")]
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> State:
    """Whether it still launches."""
    region = region_of(aws, given)
    try:
        found = _found(aws, given.request, region)
    except AwsError as error:
        if "NotFound" not in error.code:
            raise
        found = ""
    root = f"arn:{case.partition}:ec2:{region}:{case.account}:spot-request/{given.request}"
    return State(parts={root: "active"} if found and not found.startswith(OVER) else {})


def _found(aws: Aws, request: str, region: str) -> str:
    """Its state; "" when there is none."""
    if request.startswith("sir-"):
        named: dict[str, Any] = {"SpotInstanceRequestIds": [request]}
        answer = aws.call("ec2", "describe_spot_instance_requests", region=region, **named)
        found = answer.get("SpotInstanceRequests") or [{}]
        return str(found[0].get("State") or "")
    if request.startswith("sfr-"):
        named = {"SpotFleetRequestIds": [request]}
        answer = aws.call("ec2", "describe_spot_fleet_requests", region=region, **named)
        found = answer.get("SpotFleetRequestConfigs") or [{}]
        return str(found[0].get("SpotFleetRequestState") or "")
    answer = aws.call("ec2", "describe_fleets", region=region, FleetIds=[request])
    return str((answer.get("Fleets") or [{}])[0].get("FleetState") or "")


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """It ends."""
    return [
        Change(resource=resource, what="request", from_=now, to=None, lost=IRREVERSIBLE)
        for resource, now in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Cancel it; one that is gone does not matter. Refused for the way back."""
    if change.to is not None:
        raise Refused("a request that was cancelled cannot be brought back: make a new one")
    operation, named = _call(name_of(change.resource))
    try:
        aws.call("ec2", operation, region=region_in(change.resource), **named)
    except AwsError as error:
        if "NotFound" not in error.code:
            raise


def _call(request: str) -> tuple[str, dict[str, Any]]:
    if request.startswith("sir-"):
        return "cancel_spot_instance_requests", {"SpotInstanceRequestIds": [request]}
    ends = {"TerminateInstances": True}
    if request.startswith("sfr-"):
        return "cancel_spot_fleet_requests", {"SpotFleetRequestIds": [request], **ends}
    return "delete_fleets", {"FleetIds": [request], **ends}


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It launches no more."""
    state = observe(aws, given, case)
    seen = "active" if state.parts else "cancelled, or gone"
    return [Check(what=f"{given.request} launches no more", holds=not state.parts, seen=seen)]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    request = name_of(change.resource)
    operation, named = _call(request)
    option = {"sir": "--spot-instance-request-ids", "sfr": "--spot-fleet-request-ids"}
    words = ["ec2", operation.replace("_", "-"), "--region", region_in(change.resource)]
    words += [option.get(request[:3], "--fleet-ids"), request]
    return [[*words, *(["--terminate-instances"] if "TerminateInstances" in named else [])]]
