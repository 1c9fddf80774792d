"""Calls, written into the trail."""

from __future__ import annotations

from typing import Any, cast

from botocore.parsers import ResponseParserError, create_parser

from firedoor.simulator import kms
from firedoor.simulator.credentials import Caller
from firedoor.simulator.event_names import as_written, is_data_event, name_of, source_of
from firedoor.simulator.trail import (
    Trail,
    event_region,
    identity_of,
    is_read_only,
    without_secrets,
)
from firedoor.simulator.wire import Call, Reply

_CREDENTIALS = frozenset({"AssumeRole", "GetSessionToken", "GetFederationToken"})


def record(
    trail: Trail, call: Call, caller: Caller, reply: Reply, result: dict[str, Any] | None
) -> None:
    """Record a call that was carried out, or that the service itself refused."""
    if result is None:
        result = _parsed(call, reply)
    if reply.status >= 400:
        error = result.get("Error") or {}
        record_error(
            trail, call, caller, str(error.get("Code", reply.status)), str(error.get("Message", ""))
        )
        return
    response = None
    if call.operation in _CREDENTIALS or not is_read_only(call.operation):
        result.pop("ResponseMetadata", None)
        shape = call.model.output_shape if call.model else None
        response = without_secrets(as_written(call, result, shape)) or None
    entry = trail.add({**_common(call, caller), "responseElements": response})
    if call.operation == "AssumeRole":
        _tell_the_other_account(trail, call, caller, entry)


def record_error(trail: Trail, call: Call, caller: Caller, code: str, message: str) -> None:
    """Record a call that was refused."""
    shown = f"Client.{code}" if call.protocol == "ec2" else code
    trail.add({**_common(call, caller), "errorCode": shown, "errorMessage": message})


def _common(call: Call, caller: Caller) -> dict[str, Any]:
    data = is_data_event(call)
    shape = call.model.input_shape if call.model else None
    key = kms.resource_of(call, caller)
    return {
        **({"resources": [{"ARN": key, "type": "AWS::KMS::Key"}]} if key else {}),
        "userIdentity": identity_of(caller),
        "eventSource": source_of(call),
        "eventName": name_of(call),
        "awsRegion": event_region(call),
        "sourceIPAddress": call.source_ip,
        "userAgent": call.header("user-agent"),
        "requestParameters": without_secrets(as_written(call, call.params, shape)) or None,
        "requestID": call.request_id,
        "readOnly": is_read_only(call.operation),
        "managementEvent": not data,
        "eventCategory": "Data" if data else "Management",
    }


def _tell_the_other_account(
    trail: Trail, call: Call, caller: Caller, entry: dict[str, Any]
) -> None:
    """The account whose role was assumed gets a record of its own, of a caller it does not know."""
    owner = str(call.params.get("RoleArn", "")).split(":")[4]
    if owner == caller.account:
        return
    own = {key: value for key, value in entry.items() if key != "eventID"}
    own["userIdentity"] = {
        "type": "AWSAccount",
        "principalId": caller.user_id,
        "accountId": caller.account,
    }
    trail.add({**own, "recipientAccountId": owner, "sharedEventID": entry["eventID"]})


def _parsed(call: Call, reply: Reply) -> dict[str, Any]:
    """The answer as boto3 would read it; nothing where it cannot be read."""
    if call.model is None:
        return {}
    if reply.status < 300 and is_read_only(call.operation):
        return {}
    try:
        found: dict[str, Any] = create_parser(call.protocol).parse(
            {
                "status_code": reply.status,
                "headers": {name.lower(): value for name, value in reply.headers.items()},
                "body": reply.body,
            },
            cast(Any, call.model.output_shape),
        )
    except ResponseParserError:
        return {}
    return found
