"""The root user of an account: moto has none.

The root user may do everything that service control policies leave, and asks IAM about its own
keys and devices by leaving the user's name out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.moto_api._internal import mock_random

from firedoor.simulator import accounts
from firedoor.simulator.accounts import Root, RootKey
from firedoor.simulator.credentials import Caller, Credentials
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None
_MOST_KEYS = 2
_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def make_key(state: State, account: str) -> Credentials:
    """A new access key of the root user."""
    key = _new_key(state, accounts.root(account))
    return Credentials(key.access_key_id, key.secret_access_key, None, accounts.root(account).arn)


def _new_key(state: State, root: Root) -> RootKey:
    if len(root.keys) >= _MOST_KEYS:
        raise ApiError("LimitExceeded", f"Cannot exceed quota for AccessKeysPerUser: {_MOST_KEYS}")
    key = RootKey(
        access_key_id="AKIA" + "".join(mock_random.choice(_ID_LETTERS) for _ in range(16)),
        secret_access_key=mock_random.get_random_string(40),
        create_date=state.clock.now().replace(microsecond=0),
    )
    root.keys.append(key)
    return key


def _key(call: Call, caller: Caller) -> RootKey:
    number = call.params["AccessKeyId"]
    for key in accounts.root(caller.account).keys:
        if key.access_key_id == number:
            return key
    raise ApiError("NoSuchEntity", f"The Access Key with id {number} cannot be found", 404)


def _list_keys(_: State, __: Call, caller: Caller) -> Result:
    shown = [
        {"AccessKeyId": key.access_key_id, "Status": key.status, "CreateDate": key.create_date}
        for key in accounts.root(caller.account).keys
    ]
    return {"AccessKeyMetadata": shown, "IsTruncated": False}


def _create_key(state: State, _: Call, caller: Caller) -> Result:
    key = _new_key(state, accounts.root(caller.account))
    return {
        "AccessKey": {
            "UserName": "root",
            "AccessKeyId": key.access_key_id,
            "Status": key.status,
            "SecretAccessKey": key.secret_access_key,
            "CreateDate": key.create_date,
        }
    }


def _update_key(_: State, call: Call, caller: Caller) -> Result:
    _key(call, caller).status = str(call.params["Status"])
    return {}


def _delete_key(_: State, call: Call, caller: Caller) -> Result:
    accounts.root(caller.account).keys.remove(_key(call, caller))
    return {}


def _profile(_: State, __: Call, caller: Caller) -> Result:
    root = accounts.root(caller.account)
    if not root.password:
        raise ApiError("NoSuchEntity", "Login Profile for the root user cannot be found.", 404)
    made = datetime(2024, 1, 1, tzinfo=UTC)
    return {"LoginProfile": {"UserName": "root", "CreateDate": made}}


def _delete_profile(state: State, call: Call, caller: Caller) -> Result:
    _profile(state, call, caller)
    accounts.root(caller.account).password = False
    return {}


_OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "iam:ListAccessKeys": _list_keys,
    "iam:CreateAccessKey": _create_key,
    "iam:UpdateAccessKey": _update_key,
    "iam:DeleteAccessKey": _delete_key,
    "iam:GetLoginProfile": _profile,
    "iam:DeleteLoginProfile": _delete_profile,
    # The simulated root user has neither.
    "iam:ListMFADevices": lambda *_: {"MFADevices": [], "IsTruncated": False},
    "iam:ListSigningCertificates": lambda *_: {"Certificates": [], "IsTruncated": False},
}


def own(call: Call, caller: Caller) -> Callable[[State, Call, Caller], Result] | None:
    """The root user's own operation that a call is; None when it is about somebody else."""
    if caller.kind != "root" or call.params.get("UserName"):
        return None
    return _OPERATIONS.get(call.name)
