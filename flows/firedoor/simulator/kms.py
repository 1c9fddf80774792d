"""KMS as it is and moto is not: keys that are off do nothing, and key policies decide who may.

A key that is disabled, or waits for its deletion, is refused; cancelling a deletion leaves it
disabled. A key policy must allow, or hand the decision to IAM by naming the account; an explicit
deny in it holds for everybody. Grants let their grantees in.
Source: KMS Developer Guide, "Key states" and "Determining access to KMS keys".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from moto.kms.models import kms_backends

from firedoor.simulator import accounts
from firedoor.simulator.credentials import Caller
from firedoor.simulator.policy import PolicySet, Request, Verdict, decide
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

_CRYPTO = frozenset(
    {
        *("Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateMac", "VerifyMac"),
        *("GenerateDataKeyWithoutPlaintext", "Sign", "Verify", "GenerateDataKeyPair"),
    }
)
# What KMS refuses of a key that waits for its deletion, besides using it.
_NOT_WHILE_GOING = frozenset(
    {
        *("EnableKey", "DisableKey", "CreateGrant", "ScheduleKeyDeletion", "EnableKeyRotation"),
        *("DisableKeyRotation", "GetKeyRotationStatus", "UpdateAlias", "UpdateKeyDescription"),
    }
)


def key_of(call: Call, caller: Caller) -> Any:
    """The key that a call is about; None when it is about none, or about one that is not there."""
    if call.service != "kms":
        return None
    said = call.params.get("KeyId") or call.params.get("TargetKeyId")
    account = caller.account
    if not said and "CiphertextBlob" in call.params:
        said = _inside(call.params["CiphertextBlob"])
    if not isinstance(said, str) or not said:
        return None
    region = call.region
    if said.startswith("arn:"):
        region, account = said.split(":")[3], said.split(":")[4]
        said = said.split(":", 5)[5]
    if account not in kms_backends or region not in kms_backends[account]:
        return None
    backend = kms_backends[account][region]
    if said.startswith("alias/"):
        said = str(backend.get_key_id_from_alias(said) or "")
    return backend.keys.get(said.removeprefix("key/"))


def _inside(blob: Any) -> str:
    """The id of the key that encrypted a text: moto writes it in front."""
    raw = bytes(blob) if isinstance(blob, (bytes, bytearray)) else b""
    return raw[:36].decode("ascii", "replace") if len(raw) > 36 else ""


def check(call: Call, caller: Caller) -> None:
    """Refuse what the state of the key does not allow."""
    key = key_of(call, caller)
    if key is None:
        return
    if call.operation == "CancelKeyDeletion" and key.key_state != "PendingDeletion":
        raise _invalid_state(key, "is not pending deletion")
    if key.key_state == "PendingDeletion" and (
        call.operation in _CRYPTO or call.operation in _NOT_WHILE_GOING
    ):
        raise _invalid_state(key, "is pending deletion")
    if key.key_state == "Disabled" and call.operation in _CRYPTO:
        raise ApiError("DisabledException", f"{key.arn} is disabled.")


def _invalid_state(key: Any, why: str) -> ApiError:
    return ApiError("KMSInvalidStateException", f"{key.arn} {why}.")


def _needed(call: Call, caller: Caller) -> Any:
    key = key_of(call, caller)
    if key is None:
        said = call.params.get("KeyId")
        raise ApiError("NotFoundException", f"Key '{said}' does not exist")
    return key


def _set(state: str) -> Callable[[State, Call, Caller], dict[str, Any]]:
    # moto knows a key by its id alone here, and takes an ARN for a key that is not there.
    def change(_: State, call: Call, caller: Caller) -> dict[str, Any]:
        key = _needed(call, caller)
        key.key_state, key.enabled, key.deletion_date = state, state == "Enabled", None
        return {"KeyId": key.arn} if call.operation == "CancelKeyDeletion" else {}

    return change


def schedule(state: State, call: Call, caller: Caller) -> dict[str, Any]:
    """ScheduleKeyDeletion: in 7 to 30 days of the simulated clock."""
    key = _needed(call, caller)
    days = int(call.params.get("PendingWindowInDays") or 30)
    if not 7 <= days <= 30:
        raise ApiError("ValidationException", "PendingWindowInDays has to be from 7 to 30.")
    key.key_state, key.enabled = "PendingDeletion", False
    # moto counts in local time without a zone.
    key.deletion_date = (state.clock.now() + timedelta(days=days)).replace(tzinfo=None)
    return {
        "KeyId": key.arn,
        "DeletionDate": key.deletion_date,
        "KeyState": key.key_state,
        "PendingWindowInDays": days,
    }


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], dict[str, Any] | None]] = {
    "kms:EnableKey": _set("Enabled"),
    "kms:DisableKey": _set("Disabled"),
    "kms:CancelKeyDeletion": _set("Disabled"),
    "kms:ScheduleKeyDeletion": schedule,
}


def authorised(call: Call, caller: Caller, request: Request, own: PolicySet) -> Verdict | None:
    """The decision on a call about a key; None when it is about none."""
    key = key_of(call, caller)
    if key is None:
        return None
    policy: Mapping[str, Any] = accounts.document(key.policy)
    whole = decide(
        request,
        PolicySet(
            identity=own.identity,
            boundary=own.boundary,
            session=own.session,
            scps=own.scps,
            resource=(policy,),
            resource_owner=key.account_id,
        ),
    )
    if "explicit deny" in whole.why:
        return whole
    if _granted(key, call.operation, caller):
        return Verdict(allowed=True, why="")
    alone = PolicySet(identity=(), resource=(policy,), resource_owner="")
    if not decide(request, alone).allowed:
        # Neither the caller nor his account is named: his own policies count for nothing.
        return Verdict(
            allowed=False,
            why=f"because no resource-based policy allows the {request.action} action",
        )
    return whole


def _granted(key: Any, operation: str, caller: Caller) -> bool:
    names = {*caller.names, caller.arn, f"arn:aws:iam::{caller.account}:root"}
    return any(
        operation in grant.operations and grant.grantee_principal in names
        for grant in key.grants.values()
    )


def owner(call: Call, caller: Caller) -> str:
    """The account of the key that a call is about; "" when it is about none."""
    key = key_of(call, caller)
    return str(key.account_id) if key is not None else ""


def resource_of(call: Call, caller: Caller) -> str:
    """The ARN of the key that a call is about; "" when it is about none."""
    key = key_of(call, caller)
    return str(key.arn) if key is not None else ""


def snapshot(account: str) -> dict[str, Any]:
    """The keys of an account by id: whether they are on, what is due, who may use them.

    Those that AWS makes for its services (`alias/aws/…`), when first needed, are AWS's.
    """
    regions: Mapping[str, Any] = kms_backends.get(account, {})
    return {
        str(key.id): {
            "enabled": key.key_state == "Enabled",
            "deletion": "scheduled" if key.key_state == "PendingDeletion" else None,
            "policy": accounts.document(key.policy),
            "grant": {grant.id: grant.grantee_principal for grant in key.grants.values()},
        }
        for backend in regions.values()
        for key in backend.keys.values()
        if not any(name.startswith("alias/aws/") for name in key.aliases)
    }
