"""Bedrock: models that answer whoever may ask them, and provisioned throughput.

moto has neither. Converse is authorised by InvokeModel, as in AWS; a bearer token is not simulated.
Source: Bedrock User Guide, "Converse API" and the service authorization reference.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.moto_api._internal import mock_random

from firedoor.simulator.credentials import Caller
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None
ACTIONS = {
    "Converse": "InvokeModel",
    "ConverseStream": "InvokeModelWithResponseStream",
}
"""Operations that IAM knows under another name."""


def resource_of(call: Call, caller: Caller) -> str:
    """The ARN of the model or throughput that a call is about; "" when it is about none."""
    model = call.params.get("modelId") or call.params.get("provisionedModelId")
    if call.service not in ("bedrock", "bedrock-runtime") or not isinstance(model, str):
        return ""
    bare = f"arn:aws:bedrock:{call.region}::foundation-model/{model}"
    return model if model.startswith("arn:") else bare


def invoke(_: State, call: Call, caller: Caller) -> Result:
    return {"body": json.dumps({"completion": "…"}).encode(), "contentType": "application/json"}


def converse(_: State, call: Call, caller: Caller) -> Result:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": "…"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 9, "outputTokens": 1, "totalTokens": 10},
        "metrics": {"latencyMs": 300},
    }


def _throughputs(state: State, call: Call, caller: Caller) -> dict[str, dict[str, Any]]:
    return state.of("bedrock", caller.account, call.region)


def create_throughput(state: State, call: Call, caller: Caller) -> Result:
    number = mock_random.get_random_hex(12)
    arn = f"arn:aws:bedrock:{call.region}:{caller.account}:provisioned-model/{number}"
    now = state.clock.now()
    model = str(call.params["modelId"])
    _throughputs(state, call, caller)[arn] = {
        "modelUnits": call.params["modelUnits"],
        "desiredModelUnits": call.params["modelUnits"],
        "provisionedModelName": call.params["provisionedModelName"],
        "provisionedModelArn": arn,
        **dict.fromkeys(
            ("modelArn", "desiredModelArn", "foundationModelArn"),
            f"arn:aws:bedrock:{call.region}::foundation-model/{model}",
        ),
        "status": "InService",
        "creationTime": now,
        "lastModifiedTime": now,
    }
    return {"provisionedModelArn": arn}


def _one(state: State, call: Call, caller: Caller) -> str:
    asked = str(call.params["provisionedModelId"])
    for arn, one in _throughputs(state, call, caller).items():
        if asked in (arn, arn.rpartition("/")[2], one["provisionedModelName"]):
            return arn
    text = "Could not find the provisioned model"
    raise ApiError("ResourceNotFoundException", text, 404)


def get_throughput(state: State, call: Call, caller: Caller) -> Result:
    return dict(_throughputs(state, call, caller)[_one(state, call, caller)])


def delete_throughput(state: State, call: Call, caller: Caller) -> Result:
    del _throughputs(state, call, caller)[_one(state, call, caller)]
    return {}


def list_throughputs(state: State, call: Call, caller: Caller) -> Result:
    return {"provisionedModelSummaries": list(_throughputs(state, call, caller).values())}


def list_jobs(state: State, call: Call, caller: Caller) -> Result:
    return {"invocationJobSummaries": []}


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "bedrock-runtime:InvokeModel": invoke,
    "bedrock-runtime:Converse": converse,
    "bedrock:CreateProvisionedModelThroughput": create_throughput,
    "bedrock:GetProvisionedModelThroughput": get_throughput,
    "bedrock:DeleteProvisionedModelThroughput": delete_throughput,
    "bedrock:ListProvisionedModelThroughputs": list_throughputs,
    "bedrock:ListModelInvocationJobs": list_jobs,
}


def snapshot(account: str, kept: Mapping[tuple[str, str, str], Mapping[str, Any]]) -> Any:
    """The provisioned throughput of an account, by its id."""
    return {
        arn.rpartition("/")[2]: one["provisionedModelName"]
        for (service, owner, _), found in kept.items()
        if (service, owner) == ("bedrock", account)
        for arn, one in found.items()
    }
