"""STS: sessions that work, bound to who made them and to the simulated time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from firedoor.simulator import accounts
from firedoor.simulator.credentials import Caller
from firedoor.simulator.refusals import refusal
from firedoor.simulator.sessions import Session
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any]
_HOUR = 3600


def get_caller_identity(_: State, __: Call, caller: Caller) -> Result:
    """Allowed to every authenticated caller: never a proof of containment."""
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}


def get_session_token(state: State, call: Call, caller: Caller) -> Result:
    """A session with the user's own permissions."""
    duration = _duration(call, least=900, most=129600, default=43200)
    session = state.sessions.mint(
        kind="session_token",
        name=caller.entity.name,
        policies=None,
        mfa=_with_mfa(call, caller),
        **_owned_by(state, caller.entity, duration),
    )
    return {"Credentials": _shown(session)}


def get_federation_token(state: State, call: Call, caller: Caller) -> Result:
    """A session with what the user and the given policies both allow; without any, nothing."""
    duration = _duration(call, least=900, most=129600, default=43200)
    policies = _session_policies(call, caller.account)
    session = state.sessions.mint(
        kind="federated",
        name=call.params["Name"],
        policies=policies or (),
        tags=_tags(call),
        **_owned_by(state, caller.entity, duration),
    )
    return {
        "Credentials": _shown(session),
        "FederatedUser": {"FederatedUserId": session.user_id, "Arn": session.arn},
        "PackedPolicySize": 6,
    }


def assume_role(state: State, call: Call, caller: Caller) -> Result:
    """A role session; that the caller may is settled before this is reached."""
    role = accounts.role_by_arn(str(call.params["RoleArn"]))
    assert role is not None
    chained = caller.kind == "role"
    most = _HOUR if chained else int(role.max_session_duration or _HOUR)
    duration = _duration(call, least=900, most=most, default=_HOUR)
    session = state.sessions.mint(
        kind="role",
        name=call.params["RoleSessionName"],
        policies=_session_policies(call, role.account_id) or _limit(state, role),
        mfa=_with_mfa(call, caller),
        tags=_tags(call),
        **_owned_by(state, role, duration),
    )
    role.last_used = state.clock.now().replace(tzinfo=None)
    role.last_used_region = call.region
    return {
        "Credentials": _shown(session),
        "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
    }


def _limit(state: State, role: Any) -> tuple[dict[str, Any], ...] | None:
    found = state.limits.get(role.name)
    return (found,) if found else None


def get_access_key_info(state: State, call: Call, _: Caller) -> Result:
    """The account of a key, temporary or not."""
    key = str(call.params["AccessKeyId"])
    session = state.sessions.get(key)
    if session:
        return {"Account": session.account}
    found = accounts.find_key(state.accounts, key)
    if found is None:
        raise ApiError("ValidationError", "1 validation error detected: unknown access key id")
    return {"Account": found[0].account_id}


def _no(_: State, call: Call, __: Caller) -> Result:
    raise ApiError("NotImplemented", f"The simulated AWS has no {call.name}.", 501)


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "sts:GetCallerIdentity": get_caller_identity,
    "sts:GetSessionToken": get_session_token,
    "sts:GetFederationToken": get_federation_token,
    "sts:AssumeRole": assume_role,
    "sts:GetAccessKeyInfo": get_access_key_info,
    "sts:AssumeRoleWithSAML": _no,
    "sts:AssumeRoleWithWebIdentity": _no,
}


def _owned_by(state: State, entity: Any, duration: int) -> dict[str, Any]:
    now = state.clock.now()
    return {
        "account": entity.account_id,
        "owner_name": entity.name,
        "owner_id": entity.id,
        "owner_arn": entity.arn,
        "issued": now,
        "expires": now + timedelta(seconds=duration),
    }


def _shown(session: Session) -> Result:
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret_access_key,
        "SessionToken": session.token,
        "Expiration": session.expires.replace(microsecond=0),
    }


def _duration(call: Call, *, least: int, most: int, default: int) -> int:
    asked = call.params.get("DurationSeconds")
    duration = min(default, most) if asked is None else int(asked)
    if not least <= duration <= most:
        raise ApiError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            if duration > most
            else f"DurationSeconds must be at least {least}.",
        )
    return duration


def _session_policies(call: Call, account: str) -> tuple[dict[str, Any], ...]:
    inline = call.params.get("Policy")
    found = []
    if inline:
        document = accounts.document(inline)
        if not document:
            raise ApiError("MalformedPolicyDocument", "The policy is not in the valid JSON format.")
        found.append(document)
    for one in call.params.get("PolicyArns") or []:
        policy = accounts.iam(account).managed_policies.get(one.get("arn"))
        if policy is None:
            raise ApiError("PackedPolicyTooLarge", f"no policy {one.get('arn')!r}")
        found.append(accounts.default_document(policy))
    return tuple(found)


def _with_mfa(call: Call, caller: Caller) -> bool:
    """Whether an MFA code came along: any six digits of one of the user's own devices will do."""
    serial, code = call.params.get("SerialNumber"), str(call.params.get("TokenCode") or "")
    if not serial:
        return False
    devices = getattr(caller.entity, "mfa_devices", {})
    if serial not in devices or not (len(code) == 6 and code.isdigit()):
        raise refusal(
            call, "denied", "MultiFactorAuthentication failed with invalid MFA one time pass code."
        )
    return True


def _tags(call: Call) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in call.params.get("Tags") or []}
