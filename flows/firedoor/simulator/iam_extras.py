"""IAM operations that moto lacks or gets wrong: boundaries, login profiles, service credentials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.moto_api._internal import mock_random

from firedoor.simulator import accounts
from firedoor.simulator.credentials import Caller
from firedoor.simulator.limits import service_credentials
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def _user(call: Call, caller: Caller) -> Any:
    name = call.params.get("UserName") or caller.user_name
    user = accounts.iam(caller.account).users.get(name)
    if user is None:
        raise no_such(f"The user with name {name} cannot be found.")
    return user


def no_such(message: str) -> ApiError:
    """IAM's NoSuchEntity."""
    return ApiError("NoSuchEntity", message, 404)


def set_boundary(user: Any, arn: str | None) -> None:
    """Give a user a permissions boundary, or take it away; GetUser shows it."""
    if arn is not None and arn not in accounts.iam(user.account_id).managed_policies:
        raise no_such(f"Scope ARN: {arn} does not exist or is not attachable.")
    user.permissions_boundary_arn = arn
    user.permissions_boundary = arn and {
        "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
        "PermissionsBoundaryArn": arn,
    }


def put_user_boundary(_: State, call: Call, caller: Caller) -> Result:
    set_boundary(_user(call, caller), call.params["PermissionsBoundary"])
    return {}


def delete_user_boundary(_: State, call: Call, caller: Caller) -> Result:
    user = _user(call, caller)
    if accounts.boundary_arn(user) is None:
        raise no_such(f"User {user.name} has no permissions boundary.")
    set_boundary(user, None)
    return {}


def _profile(user: Any, now: Any = None) -> dict[str, Any]:
    if not user.password:
        raise no_such(f"Login Profile for User {user.name} cannot be found.")
    if not hasattr(user, "login_created"):
        user.login_created = now or user.create_date
    return {
        "UserName": user.name,
        "CreateDate": user.login_created,
        "PasswordResetRequired": bool(user.password_reset_required),
    }


def create_login_profile(state: State, call: Call, caller: Caller) -> Result:
    user = _user(call, caller)
    if user.password:
        raise ApiError("EntityAlreadyExists", f"Login Profile for User {user.name} exists.", 409)
    user.password = call.params.get("Password") or "unset"
    user.password_reset_required = call.params.get("PasswordResetRequired", False)
    user.login_created = state.clock.now().replace(microsecond=0)
    return {"LoginProfile": _profile(user)}


def get_login_profile(_: State, call: Call, caller: Caller) -> Result:
    return {"LoginProfile": _profile(_user(call, caller))}


def update_login_profile(_: State, call: Call, caller: Caller) -> Result:
    user = _user(call, caller)
    _profile(user)
    user.password = call.params.get("Password") or user.password
    if "PasswordResetRequired" in call.params:
        user.password_reset_required = call.params["PasswordResetRequired"]
    return {}


def change_password(_: State, call: Call, caller: Caller) -> Result:
    user = _user(call, caller)
    _profile(user)
    if user.password != call.params.get("OldPassword"):
        raise ApiError("InvalidUserType", "The old password was not given correctly.")
    user.password, user.password_reset_required = call.params["NewPassword"], False
    return {}


def _shown(credential: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in credential.items() if key != "ServicePassword"}


def create_service_credential(state: State, call: Call, caller: Caller) -> Result:
    user, service = _user(call, caller), call.params["ServiceName"]
    own = service_credentials(user)
    if sum(one["ServiceName"] == service for one in own.values()) >= 2:
        raise ApiError(
            "LimitExceeded", "Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2", 409
        )
    number = "ACCA" + "".join(mock_random.choice(_LETTERS) for _ in range(17))
    credential = {
        "CreateDate": state.clock.now().replace(microsecond=0),
        "ServiceName": service,
        "ServiceUserName": f"{user.name}-at-{caller.account}",
        "ServicePassword": mock_random.get_random_string(44),
        "ServiceSpecificCredentialId": number,
        "UserName": user.name,
        "Status": "Active",
    }
    own[number] = credential
    return {"ServiceSpecificCredential": credential}


def list_service_credentials(_: State, call: Call, caller: Caller) -> Result:
    backend = accounts.iam(caller.account)
    everybody = call.params.get("AllUsers")
    users = backend.users.values() if everybody else [_user(call, caller)]
    wanted = call.params.get("ServiceName")
    return {
        "ServiceSpecificCredentials": [
            _shown(one)
            for user in users
            for one in service_credentials(user).values()
            if wanted in (None, one["ServiceName"])
        ],
        "IsTruncated": False,
    }


def _credential(call: Call, caller: Caller) -> tuple[dict[str, Any], dict[str, Any]]:
    own = service_credentials(_user(call, caller))
    number = call.params["ServiceSpecificCredentialId"]
    if number not in own:
        raise no_such(f"The service specific credential {number} cannot be found.")
    return own, own[number]


def update_service_credential(_: State, call: Call, caller: Caller) -> Result:
    _credential(call, caller)[1]["Status"] = call.params["Status"]
    return {}


def reset_service_credential(_: State, call: Call, caller: Caller) -> Result:
    credential = _credential(call, caller)[1]
    credential["ServicePassword"] = mock_random.get_random_string(44)
    return {"ServiceSpecificCredential": credential}


def delete_service_credential(_: State, call: Call, caller: Caller) -> Result:
    own, credential = _credential(call, caller)
    del own[credential["ServiceSpecificCredentialId"]]
    return {}


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "iam:PutUserPermissionsBoundary": put_user_boundary,
    "iam:DeleteUserPermissionsBoundary": delete_user_boundary,
    "iam:CreateLoginProfile": create_login_profile,
    "iam:GetLoginProfile": get_login_profile,
    "iam:UpdateLoginProfile": update_login_profile,
    "iam:ChangePassword": change_password,
    "iam:CreateServiceSpecificCredential": create_service_credential,
    "iam:ListServiceSpecificCredentials": list_service_credentials,
    "iam:UpdateServiceSpecificCredential": update_service_credential,
    "iam:ResetServiceSpecificCredential": reset_service_credential,
    "iam:DeleteServiceSpecificCredential": delete_service_credential,
}


def after(call: Call, caller: Caller) -> None:
    """What must follow a successful change by moto."""
    users = accounts.iam(caller.account).users
    if call.name == "iam:CreateUser" and call.params.get("PermissionsBoundary"):
        set_boundary(users[call.params["UserName"]], call.params["PermissionsBoundary"])
    elif call.name == "iam:UpdateUser" and call.params.get("NewUserName"):
        user = users[call.params["NewUserName"]]
        tagger = accounts.iam(caller.account).tagger
        old = f"{user.arn.removesuffix(user.name)}{call.params['UserName']}"
        tagger.tag_resource(user.arn, tagger.list_tags_for_resource(old)["Tags"])
        tagger.delete_all_tags_for_resource(old)
        for key in [*user.access_keys, *user.ssh_public_keys]:
            key.user_name = user.name
        for credential in service_credentials(user).values():
            credential["UserName"] = user.name


def own_user(call: Call, caller: Caller) -> dict[str, str]:
    """The caller's own user, for IAM calls that leave the optional UserName out."""
    if call.service != "iam" or call.model is None or call.params.get("UserName"):
        return {}
    shape = call.model.input_shape
    if shape is None or "UserName" not in shape.members or "UserName" in shape.required_members:
        return {}
    if (
        caller.kind == "root"
        or call.params.get("AllUsers")
        or call.operation in ("ListVirtualMFADevices",)
    ):
        return {}
    if caller.user_name is None:
        raise ApiError(
            "ValidationError", "Must specify userName when calling with non-User credentials"
        )
    call.params["UserName"] = caller.user_name
    return {"UserName": caller.user_name}
