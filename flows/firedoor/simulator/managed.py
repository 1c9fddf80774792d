"""Operations of Systems Manager that moto lacks: who is managed, sessions, how commands ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.moto_api._internal import mock_random

from firedoor.simulator.compute_extras import ec2_of
from firedoor.simulator.credentials import Caller
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None


def _ssm(call: Call, caller: Caller) -> Any:
    from moto.ssm.models import ssm_backends  # lazy: few worlds have any

    return ssm_backends[caller.account][call.region]


def _managed(call: Call, caller: Caller) -> list[Any]:
    """Instances whose agent is heard: those that run and have an instance profile."""
    backend = ec2_of(call, caller)
    bound = {
        each.instance.id
        for each in backend.iam_instance_profile_associations.values()
        if each.state in ("associating", "associated")
    }
    return [one for one in backend.all_instances() if one.state == "running" and one.id in bound]


def instance_information(_: State, call: Call, caller: Caller) -> Result:
    """ssm:DescribeInstanceInformation; of the filters only InstanceIds is applied."""
    wanted = [
        value
        for each in call.params.get("Filters") or ()
        if each.get("Key") == "InstanceIds"
        for value in each.get("Values") or ()
    ]
    return {
        "InstanceInformationList": [
            {
                "InstanceId": one.id,
                "PingStatus": "Online",
                "PlatformType": "Linux",
                "ResourceType": "EC2Instance",
                "AgentVersion": "3.3.1611.0",
            }
            for one in _managed(call, caller)
            if not wanted or one.id in wanted
        ]
    }


def _sessions(state: State, call: Call, caller: Caller) -> dict[str, dict[str, Any]]:
    held: dict[str, dict[str, Any]] = state.beside.setdefault(
        (caller.account, call.region, "ssm-sessions"), {}
    )
    return held


def start_session(state: State, call: Call, caller: Caller) -> Result:
    """ssm:StartSession."""
    target = str(call.params["Target"])
    if target not in {one.id for one in _managed(call, caller)}:
        raise ApiError("TargetNotConnected", f"{target} is not connected.")
    name = f"{caller.arn.rpartition('/')[2]}-{mock_random.get_random_hex(17)}"
    _sessions(state, call, caller)[name] = {
        "SessionId": name,
        "Target": target,
        "Status": "Connected",
        "StartDate": state.clock.now(),
        "Owner": caller.arn,
    }
    return {"SessionId": name, "TokenValue": "token", "StreamUrl": "wss://localhost"}


def describe_sessions(state: State, call: Call, caller: Caller) -> Result:
    """ssm:DescribeSessions; of the filters only Target is applied."""
    active = call.params.get("State") == "Active"
    wanted = [
        each.get("value") for each in call.params.get("Filters") or () if each["key"] == "Target"
    ]
    return {
        "Sessions": [
            each
            for each in _sessions(state, call, caller).values()
            if (each["Status"] == "Connected") == active
            and (not wanted or each["Target"] in wanted)
        ]
    }


def terminate_session(state: State, call: Call, caller: Caller) -> Result:
    """ssm:TerminateSession; one that has ended already is no error."""
    name = str(call.params["SessionId"])
    held = _sessions(state, call, caller).get(name)
    if held:
        held["Status"] = "Terminated"
    return {"SessionId": name}


def command_invocations(_: State, call: Call, caller: Caller) -> Result:
    """ssm:ListCommandInvocations, by instance and command."""
    backend = _ssm(call, caller)
    instance, command = call.params.get("InstanceId"), call.params.get("CommandId")
    return {
        "CommandInvocations": [
            {
                "CommandId": one.command_id,
                "InstanceId": name,
                "Comment": one.comment,
                "DocumentName": one.document_name,
                "Status": one.status,
            }
            for one in backend._commands
            for name in one.instance_ids
            if instance in (None, name) and command in (None, one.command_id)
        ]
    }


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "ssm:DescribeInstanceInformation": instance_information,
    "ssm:StartSession": start_session,
    "ssm:DescribeSessions": describe_sessions,
    "ssm:TerminateSession": terminate_session,
    "ssm:ListCommandInvocations": command_invocations,
}
