"""The wire form of AWS's APIs: what a request asks, and how answers are written.

Operations and parameters are read with the same service models that boto3 writes them with
(through moto's parsers), so every service that moto knows can be named and authorised.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore.model import OperationNotFoundError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException, NotFound

# Signing names whose botocore service has another name.
_SERVICE_OF = {
    "monitoring": "cloudwatch",
    "states": "stepfunctions",
    "email": "ses",
    "access-analyzer": "accessanalyzer",
    "elasticfilesystem": "efs",
    "tagging": "resourcegroupstaggingapi",
    "sso": "sso-admin",
    "execute-api": "apigateway",
}
# Services of the whole partition: their calls belong to us-east-1, whatever the client's Region.
GLOBAL_SERVICES = frozenset({"iam", "organizations", "account", "route53", "cloudfront"})
GLOBAL_REGION = "us-east-1"


class ApiError(Exception):
    """An error that the simulated AWS answers with; `code` is AWS's own."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class DropConnection(Exception):
    """The change was made, and the connection is closed without an answer."""


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; header names as they are sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Call:
    """One request to the simulated AWS; `params` are named and typed as the service model says."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    service: str = ""
    signing_name: str = ""
    region: str = GLOBAL_REGION
    operation: str = ""
    protocol: str = "query"
    params: dict[str, Any] = field(default_factory=dict)
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    source_ip: str = "198.51.100.10"
    model: OperationModel | None = None
    presigned: bool = False

    def header(self, name: str) -> str:
        """A header's value, or an empty text; names are kept in lower case."""
        return self.headers.get(name.lower(), "")

    @property
    def name(self) -> str:
        """Like `iam:GetUser`."""
        return f"{self.service}:{self.operation}"

    @property
    def drill(self) -> str:
        """The call that only drills have, such as `lambda:InvokeFunctionUrl`; "" for AWS's own."""
        return self.header("x-firedoor-drill")

    def query_pairs(self) -> list[tuple[str, str]]:
        """The query string, decoded, in order."""
        return parse_qsl(self.query, keep_blank_values=True)


def open_call(method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> Call:
    """A request as a `Call` with its service and Region; the operation is still to be read."""
    parts = urlsplit(target)
    call = Call(
        method=method,
        path=parts.path or "/",
        query=parts.query,
        headers={name.lower(): value for name, value in headers},
        body=body,
    )
    _read_scope(call)
    call.source_ip = call.header("x-firedoor-source-ip") or call.source_ip
    return call


def read_operation(call: Call) -> None:
    """Read operation and parameters into the call; ApiError when none can be recognised."""
    if call.drill:
        return
    call.model = _operation(call)
    call.operation = str(call.model.name)


def _read_scope(call: Call) -> None:
    """Service and Region from the credential scope; an unsigned request is taken for S3.

    A call that only drills have (`firedoor.simulator.drill_calls`) says what it is in its headers.
    """
    if call.drill:
        call.service, _, call.operation = call.drill.partition(":")
        call.signing_name, call.protocol = call.service, "rest-json"
        call.region = call.header("x-firedoor-region") or GLOBAL_REGION
        call.params = dict(json.loads(call.body or b"{}"))
        return
    scope = re.search(r"Credential=[^/]+/\d{8}/([^/]*)/([^/]*)/aws4_request", _signature_text(call))
    call.signing_name = scope[2].lower() if scope else "s3"
    call.region = (scope[1] if scope else "") or GLOBAL_REGION
    if not scope and call.body.startswith(b"Action=Assume"):
        call.signing_name = "sts"
    call.service = _SERVICE_OF.get(call.signing_name, call.signing_name)
    if call.service == "s3" and call.path.startswith("/v20180820/"):
        call.service = "s3control"
    # Two APIs under one signing name, told apart by the path.
    if call.service == "ses" and call.path.startswith("/v2/"):
        call.service = "sesv2"
    if call.service == "bedrock" and call.path.startswith("/model/"):
        call.service = "bedrock-runtime"
    if call.service == "elasticloadbalancing":
        call.service = "elb" if b"Version=2012-06-01" in call.body else "elbv2"
    if call.service in GLOBAL_SERVICES:
        call.region = GLOBAL_REGION


def _signature_text(call: Call) -> str:
    given = call.header("authorization")
    if given:
        return given
    pairs = dict(call.query_pairs())
    call.presigned = "X-Amz-Signature" in pairs
    return f"Credential={pairs['X-Amz-Credential']}" if "X-Amz-Credential" in pairs else ""


def _operation(call: Call) -> OperationModel:
    try:
        service = get_service_model(call.service)
    except Exception as error:  # botocore's loader has its own family of errors
        raise ApiError("UnknownService", f"no service {call.signing_name!r}", 404) from error
    request = moto_request(call, "localhost")
    try:
        call.protocol = determine_request_protocol(service, request.content_type)
        uri_params: dict[str, Any] = {}
        model: OperationModel
        if call.protocol in ("query", "ec2"):
            model = service.operation_model(request.values.get("Action", ""))
        elif call.protocol == "json":
            model = service.operation_model(call.header("x-amz-target").rsplit(".", 1)[-1])
        else:
            model, uri_params = get_service_router(call.service).match(request)
        call.params = PROTOCOL_PARSERS[call.protocol](model, map_type=dict).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.data,
                "url_path": request.path,
                "url_params": uri_params,
            }
        )
    except (OperationNotFoundError, NotFound, HTTPException, KeyError, NotImplementedError) as e:
        raise ApiError("InvalidAction", "The action is not valid for this endpoint.", 404) from e
    except RequestParserError as error:
        raise ApiError("ValidationError", str(error)) from error
    return model


def moto_request(call: Call, host: str, body: bytes | None = None) -> Request:
    """The request as moto reads it, sent to `host`, with `body` in place of its own if given."""
    query = call.query
    headers = {name: value for name, value in call.headers.items() if name != "host"}
    if call.presigned:
        query = "&".join(part for part in query.split("&") if not part.lower().startswith("x-amz-"))
    headers["authorization"] = (
        "AWS4-HMAC-SHA256 Credential=AKIASIMULATEDAWS0000/20300101/"
        f"{call.region}/{call.signing_name}/aws4_request, SignedHeaders=host, Signature=0"
    )
    url = f"https://{host}{call.path}" + (f"?{query}" if query else "")
    if body is not None:
        headers["content-length"] = str(len(body))
    request = Request.from_primitives(
        call.method, url, headers, call.body if body is None else body
    )
    request.environ["RAW_URI"] = call.path + (f"?{query}" if query else "")
    return request


def write_reply(call: Call, result: object) -> Reply:
    """A result, named as the service model says, in the protocol of the call."""
    if call.model is None:
        return Reply(200, {"Content-Type": "application/json"}, json.dumps(result).encode())
    serializer = get_serializer_class(call.service, call.protocol)(operation_model=call.model)
    written = serializer.serialize(result)
    body = written["body"]
    raw = body.encode() if isinstance(body, str) else bytes(body or b"")
    headers = {str(key): str(value) for key, value in written["headers"].items()}
    return Reply(int(written["status_code"]), headers, raw)
