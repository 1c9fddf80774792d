"""IAM's refusals that moto does not make: sizes, quotas, conflicts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from firedoor.simulator import accounts
from firedoor.simulator.credentials import Caller
from firedoor.simulator.refusals import refusal
from firedoor.simulator.wire import ApiError, Call

# Non-whitespace characters of all inline policies of one entity together.
INLINE_BUDGET = {"user": 2048, "role": 10240, "group": 5120}
MANAGED_PER_ENTITY = 10


def check(call: Call, caller: Caller) -> None:
    """ApiError if IAM would refuse the call for a limit or a conflict."""
    found = _CHECKS.get(call.operation)
    if found and call.service == "iam":
        found(call, caller)


def entity(call: Call, caller: Caller) -> tuple[str, Any]:
    """(kind, moto's object or None) of the user, role or group that the call names."""
    backend, params = accounts.iam(caller.account), call.params
    if "RoleName" in params:
        roles = backend.roles.values()
        return "role", next((r for r in roles if r.name == params["RoleName"]), None)
    if "UserName" in params:
        return "user", backend.users.get(params["UserName"])
    return "group", backend.groups.get(params.get("GroupName"))


def _inline_budget(call: Call, caller: Caller) -> None:
    kind, found = entity(call, caller)
    if found is None:
        return
    policies = {**found.policies, call.params["PolicyName"]: call.params["PolicyDocument"]}
    used = sum(len("".join(text.split())) for text in policies.values())
    if used > INLINE_BUDGET[kind]:
        raise ApiError(
            "LimitExceeded",
            f"Maximum policy size of {INLINE_BUDGET[kind]} bytes exceeded for {kind} {found.name}",
            409,
        )


def _managed_quota(call: Call, caller: Caller) -> None:
    kind, found = entity(call, caller)
    if found is None or call.params["PolicyArn"] in found.managed_policies:
        return
    if len(found.managed_policies) >= MANAGED_PER_ENTITY:
        raise ApiError(
            "LimitExceeded",
            f"Cannot exceed quota for PoliciesPer{kind.capitalize()}: {MANAGED_PER_ENTITY}",
            409,
        )


def _delete_user(call: Call, caller: Caller) -> None:
    user = accounts.iam(caller.account).users.get(call.params["UserName"])
    if user is None:
        return
    for held, what in (
        (user.access_keys, "delete access keys"),
        (user.password, "delete login profile"),
        (user.ssh_public_keys, "delete SSH public keys"),
        (user.signing_certificates, "delete signing certificates"),
        (user.mfa_devices, "deactivate MFA devices"),
        (service_credentials(user), "delete service specific credentials"),
        (accounts.groups_of(user), "remove users from group"),
    ):
        if held:
            raise ApiError("DeleteConflict", f"Cannot delete entity, must {what} first.", 409)


def _delete_policy(call: Call, caller: Caller) -> None:
    policy = accounts.iam(caller.account).managed_policies.get(call.params["PolicyArn"])
    if policy is not None and policy.attachment_count > 0:
        raise ApiError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)


def _known_key(call: Call, caller: Caller) -> None:
    key = call.params["AccessKeyId"]
    if accounts.find_key([caller.account], key) is None:
        raise refusal(
            call,
            "denied",
            f"User: {caller.arn} is not authorized to perform: iam:GetAccessKeyLastUsed "
            f"on resource: access key {key}",
        )


def service_credentials(user: Any) -> dict[str, dict[str, Any]]:
    """A user's service-specific credentials by id; kept on moto's own user, so they go with him."""
    if not hasattr(user, "service_specific_credentials"):
        user.service_specific_credentials = {}
    found: dict[str, dict[str, Any]] = user.service_specific_credentials
    return found


def _json_policy(call: Call, _: Caller) -> None:
    """Trust policies: moto checks them, but accepts a document that is no object."""
    try:
        found = json.loads(call.params.get("PolicyDocument") or "{}")
    except ValueError:
        return
    if not isinstance(found, dict):
        raise ApiError("MalformedPolicyDocument", "Syntax errors in policy.")


_CHECKS: Mapping[str, Callable[[Call, Caller], None]] = {
    "PutUserPolicy": _inline_budget,
    "PutRolePolicy": _inline_budget,
    "PutGroupPolicy": _inline_budget,
    "AttachUserPolicy": _managed_quota,
    "AttachRolePolicy": _managed_quota,
    "AttachGroupPolicy": _managed_quota,
    "UpdateAssumeRolePolicy": _json_policy,
    "DeleteUser": _delete_user,
    "DeletePolicy": _delete_policy,
    "GetAccessKeyLastUsed": _known_key,
}
