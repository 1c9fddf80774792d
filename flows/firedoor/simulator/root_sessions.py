"""STS's AssumeRoot: short sessions as a member account's root user, for one task each.

Only where the organization is administered may they be made, in a Region, for one of AWS's own
`root-task/` policies. A session may do what that policy says and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from moto.iam.policy_validation import VALID_RESOURCE_PATH_STARTING_VALUES

from firedoor.simulator import accounts, organizations
from firedoor.simulator.credentials import Caller
from firedoor.simulator.refusals import refusal
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

_TASKS = {
    "IAMAuditRootUserCredentials": (
        *("iam:GetUser", "iam:ListAccessKeys", "iam:GetLoginProfile", "iam:ListMFADevices"),
        *("iam:ListSigningCertificates", "iam:GetAccessKeyLastUsed"),
    ),
    "IAMDeleteRootUserCredentials": (
        *("iam:ListAccessKeys", "iam:GetLoginProfile", "iam:ListMFADevices", "iam:GetUser"),
        *("iam:ListSigningCertificates", "iam:DeleteAccessKey", "iam:DeleteLoginProfile"),
        *("iam:DeleteSigningCertificate", "iam:DeactivateMFADevice"),
    ),
    "IAMCreateRootUserPassword": ("iam:CreateLoginProfile", "iam:GetLoginProfile"),
}
_MOST = 900


def assume_root(state: State, call: Call, caller: Caller) -> dict[str, Any]:
    """A session of a member's root user."""
    target = str(call.params["TargetPrincipal"]).removesuffix(":root").rpartition(":")[2]
    management = organizations.management_of(target)
    if not management or caller.account != management or target == management:
        raise refusal(call, "denied", "You are not authorized to assume root of that account.")
    task = str(call.params["TaskPolicyArn"].get("arn") or "").rpartition("/root-task/")[2]
    if task not in _TASKS:
        raise ApiError("ValidationError", f"{task!r} is no task of the root user's")
    seconds = int(call.params.get("DurationSeconds") or _MOST)
    if not 0 < seconds <= _MOST:
        raise ApiError("ValidationError", f"DurationSeconds must be at most {_MOST}.")
    now = state.clock.now()
    root = accounts.root(target)
    allowed = {"Effect": "Allow", "Action": list(_TASKS[task]), "Resource": "*"}
    session = state.sessions.mint(
        kind="root",
        account=target,
        owner_name=root.name,
        owner_id=root.id,
        owner_arn=root.arn,
        name="root",
        issued=now,
        expires=now + timedelta(seconds=seconds),
        policies=({"Version": "2012-10-17", "Statement": [allowed]},),
    )
    return {
        "Credentials": {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret_access_key,
            "SessionToken": session.token,
            "Expiration": session.expires.replace(microsecond=0),
        }
    }


def account_summary(_: State, __: Call, caller: Caller) -> dict[str, Any]:
    """What of root's there is; the counts of other things are left out."""
    root = accounts.root(caller.account)
    return {
        "SummaryMap": {
            "AccountAccessKeysPresent": len(root.keys),
            "AccountPasswordPresent": int(root.password),
            "AccountMFAEnabled": 0,
            "AccountSigningCertificatesPresent": 0,
        }
    }


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], dict[str, Any]]] = {
    "sts:AssumeRoot": assume_root,
    "iam:GetAccountSummary": account_summary,
}


def install() -> None:
    """Teach moto that a policy may name root, as those for AssumeRoot do."""
    known = VALID_RESOURCE_PATH_STARTING_VALUES["iam"]["values"]
    if "root" not in known:
        known.append("root")
