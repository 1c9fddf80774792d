"""SES as it is and moto is not: sending can be paused, for a Region or for a configuration set.

Messages are taken and go nowhere. Source: SES API v2, GetAccount and PutAccountSendingAttributes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.sesv2.models import sesv2_backends

from firedoor.simulator.credentials import Caller
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None
_PAUSED = "Email sending is paused"


def _account(state: State, call: Call, caller: Caller) -> dict[str, Any]:
    found = state.of("ses", caller.account, call.region)
    found.setdefault("SendingEnabled", True)
    found.setdefault("off", [])
    return found


def _set(call: Call, caller: Caller) -> str:
    name = str(call.params["ConfigurationSetName"])
    backend = sesv2_backends[caller.account][call.region]
    if name not in backend.core_backend.config_sets:
        raise ApiError("NotFoundException", f"Configuration set <{name}> does not exist.", 404)
    return name


def get_account(state: State, call: Call, caller: Caller) -> Result:
    return {
        "DedicatedIpAutoWarmupEnabled": False,
        "EnforcementStatus": "HEALTHY",
        "ProductionAccessEnabled": True,
        "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 12.0},
        "SendingEnabled": _account(state, call, caller)["SendingEnabled"],
    }


def put_account(state: State, call: Call, caller: Caller) -> Result:
    _account(state, call, caller)["SendingEnabled"] = bool(call.params.get("SendingEnabled"))
    return {}


def get_set(state: State, call: Call, caller: Caller) -> Result:
    name = _set(call, caller)
    off = _account(state, call, caller)["off"]
    return {"ConfigurationSetName": name, "SendingOptions": {"SendingEnabled": name not in off}}


def put_set(state: State, call: Call, caller: Caller) -> Result:
    name, off = _set(call, caller), _account(state, call, caller)["off"]
    if name in off:
        off.remove(name)
    if not call.params.get("SendingEnabled"):
        off.append(name)
    return {}


def check(state: State, call: Call, caller: Caller) -> None:
    """Refuse to send what is paused."""
    if call.service not in ("ses", "sesv2") or not call.operation.startswith("Send"):
        return
    account = _account(state, call, caller)
    second = call.service == "sesv2"
    if not account["SendingEnabled"]:
        code = "SendingPausedException" if second else "AccountSendingPausedException"
        raise ApiError(code, f"{_PAUSED} for your account.")
    if call.params.get("ConfigurationSetName") in account["off"]:
        code = "SendingPausedException" if second else "ConfigurationSetSendingPausedException"
        raise ApiError(code, f"{_PAUSED} for the configuration set.")


def send(_: State, call: Call, caller: Caller) -> Result:
    return {"MessageId": call.request_id}


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "sesv2:GetAccount": get_account,
    "sesv2:PutAccountSendingAttributes": put_account,
    "sesv2:GetConfigurationSet": get_set,
    "sesv2:PutConfigurationSetSendingOptions": put_set,
    "sesv2:SendEmail": send,
}


def snapshot(account: str, kept: Mapping[tuple[str, str, str], Mapping[str, Any]]) -> Any:
    """Where an account may send mail and as whom; what nobody has touched is left out."""
    own = {
        region: one
        for (service, owner, region), one in kept.items()
        if (service, owner) == ("ses", account)
    }
    backends: Mapping[str, Any] = sesv2_backends.get(account, {})
    return {
        "accounts": {
            "sending": {r: False for r, one in own.items() if not one.get("SendingEnabled", True)}
        },
        "configuration-sets": {name: "paused" for one in own.values() for name in one["off"]},
        "identities": {
            identity.email_identity: {
                "policy": {name: json.loads(text) for name, text in identity.policies.items()}
            }
            for backend in backends.values()
            for identity in backend.core_backend.email_identities.values()
        },
    }
