"""The Regions that the simulated accounts have: those that the simulator was started with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from firedoor.simulator.credentials import Caller
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None


def describe_regions(state: State, call: Call, _: Caller) -> Result:
    """ec2:DescribeRegions; filters are not applied."""
    wanted = call.params.get("RegionNames") or state.regions
    for name in wanted:
        if name not in state.regions:
            raise ApiError("InvalidParameterValue", f"Invalid region provided: {name}")
    return {
        "Regions": [
            {
                "RegionName": name,
                "Endpoint": f"ec2.{name}.amazonaws.com",
                "OptInStatus": "opt-in-not-required",
            }
            for name in wanted
        ]
    }


def list_regions(state: State, _: Call, __: Caller) -> Result:
    """account:ListRegions."""
    return {
        "Regions": [
            {"RegionName": name, "RegionOptStatus": "ENABLED_BY_DEFAULT"} for name in state.regions
        ]
    }


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "ec2:DescribeRegions": describe_regions,
    "account:ListRegions": list_regions,
}
