"""Calls to the simulated AWS with anybody's credentials: the attacker's, an innocent's, a probe's.

As the attacker's own tools would make them: signed with what he holds, with his own user agent,
from his own address. Nothing is retried. A probe is a call that leaves no trace: it is neither
recorded in CloudTrail nor counted, so that looking whether somebody gets through is not taken for
his getting through.
"""

from __future__ import annotations

import base64
import difflib
import functools
import io
import json
import re
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from firedoor.aws.target import refuse_real
from firedoor.errors import BadInput
from firedoor.simulator import clients, drill_calls, network
from firedoor.simulator.credentials import Credentials

DENIALS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "AuthFailure",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "UnrecognizedClientException",
        "ExpiredToken",
        "ExpiredTokenException",
        # EC2's word for the same.
        "RequestExpired",
        network.TIMED_OUT,
    }
)
"""Error codes that mean "you may not". Anything else is a fault or an answer: it proves nothing."""

ABSENT = re.compile(
    r"^(NoSuch.*|.*NotFound.*|.*NotExist.*|.*DoesNotExist.*|404|ResourceNotFound.*"
    r"|Invalid[A-Za-z]+ID\.Malformed|.*ConfigurationNotFoundError)$"
)
"""Error codes that mean "there is no such thing"."""

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
DEFAULT_AGENT = "aws-sdk-java/2.31.9 os/linux lang/java#21"
DEFAULT_IP = "198.51.100.24"


@dataclass(frozen=True)
class Answered:
    """How a call ended. `code` is "" when it was carried out."""

    call: str
    allowed: bool
    code: str = ""
    message: str = ""
    result: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def denied(self) -> bool:
        """Whether AWS said that the caller may not."""
        return self.code in DENIALS or self.code == "403"

    @property
    def absent(self) -> bool:
        """Whether AWS said that there is no such thing."""
        return not self.allowed and ABSENT.match(self.code) is not None

    @property
    def inconclusive(self) -> bool:
        """Neither carried out nor denied: a fault, or an answer such as NoSuchEntity."""
        return not self.allowed and not self.denied


class Callers:
    """Makes calls to one endpoint. Safe to share between threads."""

    def __init__(self, endpoint: str, region: str = "us-east-1") -> None:
        refuse_real(endpoint)
        self.endpoint = endpoint
        self.region = region

    def mistake(self, call: str, given: Mapping[str, Any]) -> str:
        """Why AWS has no such call or parameters; "" when it has. Values are not looked at.

        From the service models, which boto3 validates with: nothing is called.
        """
        if call in drill_calls.PARAMETERS:
            return drill_calls.mistake(call, given)
        service, _, operation = call.partition(":")
        if call == network.CALL:
            return network.mistake(given)
        if service not in clients.services():
            return f"AWS has no service {service!r}"
        model = _model(service)
        if operation not in model.operation_names:
            return f"{service} has no operation {operation!r}"
        shape = model.operation_model(operation).input_shape
        return _misnamed(given, shape, call) if shape is not None or given else ""

    def call(
        self,
        who: Credentials,
        call: str,
        given: Mapping[str, Any] | None = None,
        *,
        ip: str = DEFAULT_IP,
        agent: str = DEFAULT_AGENT,
        probe: bool = False,
        region: str | None = None,
    ) -> Answered:
        """One call, `service:Operation`; BadInput when the call or its parameters do not exist."""
        if call in drill_calls.PARAMETERS:
            return self._drilled(who, call, given or {}, ip, agent, probe, region or self.region)
        service, _, operation = call.partition(":")
        if call == network.CALL:
            return self._connect(dict(given or {}), ip, probe, region or self.region)
        client = clients.client(service, region or self.region)
        method = getattr(client, xform_name(operation), None)
        if method is None:
            raise BadInput(f"{service} has no operation {operation!r}", where="the scenario")
        try:
            model = client.meta.service_model.operation_model(operation)
            with clients.asking(clients.Asking(who, ip, agent, probe, self.endpoint)):
                result = method(**_shaped(dict(given or {}), model.input_shape))
        except ClientError as error:
            told = error.response.get("Error", {})
            return Answered(
                call, False, str(told.get("Code") or "none"), str(told.get("Message", ""))
            )
        except ParamValidationError as error:
            raise BadInput(f"{call}: {error}", where="the scenario") from None
        except BotoCoreError as error:
            return Answered(call, False, type(error).__name__, str(error))
        body = result.get("Body")
        if body is not None:
            body.read()
        result.pop("ResponseMetadata", None)
        return Answered(call, True, result=result)

    def _connect(self, given: dict[str, Any], ip: str, probe: bool, region: str) -> Answered:
        """Packets to or from an instance; nobody's credentials matter."""
        wrong = network.mistake(given)
        if wrong:
            raise BadInput(wrong, where="the scenario")
        given.setdefault("Address", ip)
        asked = {**given, "Region": region, "Probe": probe}
        request = urllib.request.Request(
            self.endpoint + network.PATH, json.dumps(asked).encode(), method="POST"
        )
        try:
            with _OPENER.open(request, timeout=20) as reply:
                return Answered(network.CALL, True, result=json.load(reply))
        except urllib.error.HTTPError as error:
            why = str(json.load(error)["Why"])
            return Answered(network.CALL, False, network.TIMED_OUT, why)

    def _drilled(
        self,
        who: Credentials,
        call: str,
        given: Mapping[str, Any],
        ip: str,
        agent: str,
        probe: bool,
        region: str,
    ) -> Answered:
        headers = {"X-Firedoor-Source-Ip": ip, "User-Agent": agent}
        if probe:
            headers["X-Firedoor-Probe"] = "yes"
        status, told = drill_calls.send(self.endpoint, who, call, given, headers, region)
        if status < 300:
            return Answered(call, True, result=told)
        return Answered(call, False, str(told.get("__type")), str(told.get("message")))


@functools.cache
def _model(service: str) -> Any:
    return clients.session().get_service_model(service)


def _shaped(value: Any, shape: Any) -> Any:
    """Parameters as a file writes them (all scalars are text), typed as the service model says."""
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, Mapping):
        members = shape.members
        return {name: _shaped(inner, members.get(name)) for name, inner in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_shaped(inner, shape.member) for inner in value]
    if shape.type_name == "map" and isinstance(value, Mapping):
        return {name: _shaped(inner, shape.value) for name, inner in value.items()}
    if shape.type_name == "string" and isinstance(value, (dict, list)):
        return json.dumps(value, separators=(",", ":"))  # a policy, written as YAML
    return _SCALARS[shape.type_name](value) if shape.type_name in _SCALARS else value


def _boolean(value: Any) -> Any:
    return value == "true" if value in ("true", "false") else value


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value


def _fraction(value: Any) -> Any:
    fits = isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value)
    return float(value) if fits else value


def _bytes(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    kind, _, rest = value.partition(":")
    if kind == "base64":
        return base64.b64decode(rest)
    if kind == "zip":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as written:
            # A fixed time: the same text gives the same bytes.
            written.writestr(zipfile.ZipInfo("index.py"), rest)
        return archive.getvalue()
    return value.encode()


_SCALARS: Mapping[str, Callable[[Any], Any]] = {
    "boolean": _boolean,
    "integer": _whole,
    "long": _whole,
    "double": _fraction,
    "float": _fraction,
    "blob": _bytes,
    "string": lambda value: str(value) if isinstance(value, int) else value,
}


def _misnamed(value: Any, shape: Any, where: str) -> str:
    """The first parameter that the service model does not know, or wants and does not find."""
    if shape is None:
        return f"{where} takes no parameters"
    if shape.type_name == "structure" and isinstance(value, Mapping):
        for name in value:
            if name not in shape.members:
                near = difflib.get_close_matches(name, shape.members, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]!r}?" if near else f"it has: {_few(shape.members)}"
                return f"{where} has no parameter {name!r}; {hint}"
        for name in shape.required_members:
            if name not in value and name not in _FILLED_IN_BY_BOTO:
                return f"{where} needs the parameter {name!r}"
        inner = ((one, shape.members[name], f"{where} {name}") for name, one in value.items())
    elif shape.type_name == "list" and isinstance(value, list):
        inner = ((one, shape.member, where) for one in value)
    elif shape.type_name == "map" and isinstance(value, Mapping):
        inner = ((one, shape.value, where) for one in value.values())
    else:
        return ""
    return next((told for one in inner if (told := _misnamed(*one))), "")


_FILLED_IN_BY_BOTO = frozenset({"ClientToken", "CallerReference"})


def _few(names: Iterable[str]) -> str:
    found = sorted(names)
    return ", ".join(found[:12]) + (", …" if len(found) > 12 else "")


def picked(answer: Mapping[str, Any], expression: str) -> Any:
    """What a JMESPath expression finds in an answer, as plain JSON-like data."""
    return jmespath.search(expression, answer)


def minted(answer: Mapping[str, Any]) -> Credentials | None:
    """The credentials that an answer of IAM or STS holds; None when it holds none."""
    key = answer.get("AccessKey")
    if key:
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"], None, "")
    found = answer.get("Credentials")
    if not found:
        return None
    arn = str((answer.get("AssumedRoleUser") or answer.get("FederatedUser") or {}).get("Arn", ""))
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"], arn)
