"""Lambda as far as moto lacks it: code that can be downloaded, URLs, invocations, warm versions.

A function's URL is open (AuthType NONE) or wants a signature and a permission. A function whose
reserved concurrency is 0 runs for nobody: 429. Code lies in a bucket of AWS's own, at a link that
whoever has it may read, as with Lambda's presigned ones. URLs and policies of aliases are kept with
the function: moto knows the function's own alone. Nothing is executed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.s3.models import s3_backends

from firedoor.simulator.credentials import Caller
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None
CODE_ACCOUNT = "999999999999"
"""The account that the code of everybody's functions lies in: AWS's own."""
_LAYERS_BY_ARN = LambdaBackend.layers_versions_by_arn


def _layer_of_any_account(backend: Any, arn: str) -> Any:
    """A layer's version, in whichever account it was published."""
    parts = arn.split(":")
    owner = lambda_backends[parts[4]][parts[3]] if len(parts) > 6 else backend
    return _LAYERS_BY_ARN(owner, arn)


setattr(LambdaBackend, "layers_versions_by_arn", _layer_of_any_account)  # noqa: B010 moto's method


def _missing(what: str) -> ApiError:
    return ApiError("ResourceNotFoundException", f"Function not found: {what}", 404)


def function_of(call: Call, caller: Caller, qualifier: str | None = None) -> Any:
    """moto's function or version that a call names; ResourceNotFoundException if there is none."""
    name = str(call.params.get("FunctionName") or "")
    account = name.split(":")[4] if name.startswith("arn:") else caller.account
    short = name.split(":function:")[-1]
    short, _, own = short.partition(":")
    return _function(account, call.region, short, qualifier or own or None)


def _function(account: str, region: str, name: str, qualifier: str | None) -> Any:
    backend = lambda_backends[account][region]
    try:
        found = backend.get_function(name, None if qualifier == "$LATEST" else qualifier)
    except Exception as error:  # moto has an error of its own for each way of not finding it
        raise _missing(name) from error
    return found


def get_function(state: State, call: Call, caller: Caller) -> Result:
    """lambda:GetFunction with a link to the code that works."""
    found = function_of(call, caller, call.params.get("Qualifier"))
    answer: dict[str, Any] = found.get_code()
    answer.setdefault("Code", {})
    if found.package_type != "Image":
        answer["Code"] |= {"RepositoryType": "S3", "Location": _link(call, found)}
    if found.reserved_concurrency is not None:
        reserved = int(found.reserved_concurrency)
        answer["Concurrency"] = {"ReservedConcurrentExecutions": reserved}
    answer["Configuration"] = {k: v for k, v in answer["Configuration"].items() if v is not None}
    return answer


def _link(call: Call, found: Any) -> str:
    name = f"awslambda-{call.region}-tasks"
    backend = s3_backends[CODE_ACCOUNT]["aws"]
    if name not in backend.buckets:
        bucket = backend.create_bucket(name, call.region)
        everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
        everybody["Resource"] = f"arn:aws:s3:::{name}/*"
        bucket.policy = json.dumps({"Version": "2012-10-17", "Statement": [everybody]}).encode()
    key = f"snapshots/{found.account_id}/{found.function_name}-{found.code_digest.split(':')[-1]}"
    backend.put_object(name, key, found.code_bytes)
    return f"http://{call.header('host')}/{name}/{key}"


def list_url_configs(state: State, call: Call, caller: Caller) -> Result:
    """lambda:ListFunctionUrlConfigs: the function's own URL, where it has one."""
    found = function_of(call, caller)
    return {"FunctionUrlConfigs": [_url(found)] if found.url_config else []}


def _url(found: Any) -> dict[str, Any]:
    return {name: value for name, value in found.url_config.to_dict().items() if value is not None}


def _warm(found: Any) -> dict[str, int]:
    """How many environments each qualifier of a function asks for; kept on moto's function."""
    if not hasattr(found, "provisioned_concurrency"):
        found.provisioned_concurrency = {}
    kept: dict[str, int] = found.provisioned_concurrency
    return kept


def list_provisioned(state: State, call: Call, caller: Caller) -> Result:
    """lambda:ListProvisionedConcurrencyConfigs."""
    found = function_of(call, caller)
    root = f"arn:aws:lambda:{call.region}:{found.account_id}:function:{found.function_name}"
    return {
        "ProvisionedConcurrencyConfigs": [
            {
                "FunctionArn": f"{root}:{qualifier}",
                "RequestedProvisionedConcurrentExecutions": number,
                "AllocatedProvisionedConcurrentExecutions": number,
                "AvailableProvisionedConcurrentExecutions": number,
                "Status": "READY",
            }
            for qualifier, number in _warm(found).items()
        ]
    }


def put_provisioned(state: State, call: Call, caller: Caller) -> Result:
    """lambda:PutProvisionedConcurrencyConfig."""
    number = int(call.params["ProvisionedConcurrentExecutions"])
    _warm(function_of(call, caller))[str(call.params["Qualifier"])] = number
    return {"RequestedProvisionedConcurrentExecutions": number, "Status": "IN_PROGRESS"}


def delete_provisioned(state: State, call: Call, caller: Caller) -> Result:
    """lambda:DeleteProvisionedConcurrencyConfig."""
    _warm(function_of(call, caller)).pop(str(call.params["Qualifier"]), None)
    return {}


def put_concurrency(state: State, call: Call, caller: Caller) -> Result:
    """lambda:PutFunctionConcurrency, refused where more is kept warm."""
    found = function_of(call, caller)
    number = int(call.params["ReservedConcurrentExecutions"])
    if sum(_warm(found).values()) > number:
        raise ApiError(
            "InvalidParameterValueException",
            "ReservedConcurrentExecutions cannot be lower than the provisioned concurrency.",
        )
    found.reserved_concurrency = number
    return {"ReservedConcurrentExecutions": number}


def get_concurrency(state: State, call: Call, caller: Caller) -> Result:
    """lambda:GetFunctionConcurrency: nothing where none is reserved."""
    number = function_of(call, caller).reserved_concurrency
    return {} if number is None else {"ReservedConcurrentExecutions": int(number)}


def get_layer(state: State, call: Call, caller: Caller) -> Result:
    """lambda:GetLayerVersionByArn."""
    arn = str(call.params["Arn"])
    found = lambda_backends[caller.account][call.region].layers_versions_by_arn(arn)
    if found is None:
        raise ApiError("ResourceNotFoundException", f"Layer version {arn} does not exist.", 404)
    return {
        "LayerVersionArn": arn,
        "LayerArn": arn.rpartition(":")[0],
        "Version": int(arn.rpartition(":")[2]),
        "Description": found.description,
        "Content": {"CodeSha256": found.code_sha_256, "CodeSize": found.code_size},
    }


def _policy(found: Any, qualifier: str) -> list[dict[str, Any]]:
    """The statements of a function, or of an alias or version: their Resource says of which."""
    arn = found.function_arn.split(":")[:7]
    resource = ":".join([*arn, qualifier] if qualifier else arn)
    return [one for one in found.policy.statements if one["Resource"] == resource]


def policies(arn: str) -> tuple[dict[str, Any], ...]:
    """The policy of a function, alias or version, as a tuple of none or one document."""
    parts = arn.split(":")
    try:
        found = _function(parts[4], parts[3], parts[6], None)
    except ApiError:
        return ()
    statements = _policy(found, parts[7] if len(parts) > 7 else "")
    return ({"Version": "2012-10-17", "Statement": statements},) if statements else ()


def get_policy(state: State, call: Call, caller: Caller) -> Result:
    """lambda:GetPolicy, of a function or of a qualifier."""
    statements = _policy(function_of(call, caller), str(call.params.get("Qualifier") or ""))
    if not statements:
        raise ApiError(
            "ResourceNotFoundException", "The resource you requested does not exist.", 404
        )
    text = json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": statements})
    return {"Policy": text, "RevisionId": "00000000-0000-0000-0000-000000000000"}


_WRITTEN = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
}


def add_permission(state: State, call: Call, caller: Caller) -> Result:
    """lambda:AddPermission: the statement as Lambda writes it."""
    params, found = call.params, function_of(call, caller)
    qualifier, sid = str(params.get("Qualifier") or ""), str(params["StatementId"])
    if any(one["Sid"] == sid for one in _policy(found, qualifier)):
        text = f"The statement id ({sid}) provided already exists."
        raise ApiError("ResourceConflictException", text, 409)
    who = str(params["Principal"])
    principal: Any = who if who == "*" else {"Service" if who.endswith(".com") else "AWS": who}
    if who.isdigit():
        principal = {"AWS": f"arn:aws:iam::{who}:root"}
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": params["Action"],
        "Resource": ":".join(
            [*found.function_arn.split(":")[:7], *([qualifier] if qualifier else [])]
        ),
    }
    for name, (operator, key) in _WRITTEN.items():
        if params.get(name):
            tests = statement.setdefault("Condition", {}).setdefault(operator, {})
            tests[key] = params[name]
    found.policy.statements.append(statement)
    return {"Statement": json.dumps(statement)}


def remove_permission(state: State, call: Call, caller: Caller) -> Result:
    """lambda:RemovePermission."""
    found = function_of(call, caller)
    sid = call.params["StatementId"]
    for one in _policy(found, str(call.params.get("Qualifier") or "")):
        if one["Sid"] == sid:
            found.policy.statements.remove(one)
            return {}
    raise ApiError("ResourceNotFoundException", f"Statement {sid} is not found.", 404)


def invoke(state: State, call: Call, caller: Caller) -> Result:
    """lambda:Invoke: nothing is run; it is told whether it would have been."""
    refuse_when_stopped(function_of(call, caller))
    return {"StatusCode": 200, "Payload": b"null", "ExecutedVersion": "$LATEST"}


def refuse_when_stopped(found: Any) -> None:
    """TooManyRequestsException of a function with a reserved concurrency of 0."""
    if found.reserved_concurrency == 0:
        raise ApiError("TooManyRequestsException", "Rate Exceeded.", 429)


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "lambda:GetFunction": get_function,
    "lambda:ListFunctionUrlConfigs": list_url_configs,
    "lambda:ListProvisionedConcurrencyConfigs": list_provisioned,
    "lambda:PutProvisionedConcurrencyConfig": put_provisioned,
    "lambda:DeleteProvisionedConcurrencyConfig": delete_provisioned,
    "lambda:PutFunctionConcurrency": put_concurrency,
    "lambda:GetFunctionConcurrency": get_concurrency,
    "lambda:GetLayerVersionByArn": get_layer,
    "lambda:GetPolicy": get_policy,
    "lambda:AddPermission": add_permission,
    "lambda:RemovePermission": remove_permission,
    "lambda:Invoke": invoke,
}
