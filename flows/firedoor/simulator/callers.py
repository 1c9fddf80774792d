"""Calls to the simulated AWS with anybody's credentials: the attacker's, an innocent's, a probe's.

A client is made for each set of credentials, as the attacker's own tools would: signed with what he
holds, with his own user agent, from his own address. Nothing is retried. A probe is a call that
leaves no trace: it is neither recorded in CloudTrail nor counted, so that looking whether somebody
gets through is not taken for his getting through.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from firedoor.aws.target import refuse_real
from firedoor.errors import BadInput
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
    }
)
"""Error codes that mean "you may not". Anything else is a fault or an answer: it proves nothing."""

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
        return self.code in DENIALS or (self.code == "403" and "AccessDenied" in self.message)

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
        self._session = botocore.session.Session()
        self._clients: dict[tuple[str, ...], Any] = {}
        self._lock = threading.Lock()

    def call(
        self,
        who: Credentials,
        call: str,
        given: Mapping[str, Any] | None = None,
        *,
        ip: str = DEFAULT_IP,
        agent: str = DEFAULT_AGENT,
        probe: bool = False,
    ) -> Answered:
        """One call, `service:Operation`; BadInput when the call or its parameters do not exist."""
        service, _, operation = call.partition(":")
        client = self._client(service, who, ip, agent, probe)
        method = getattr(client, xform_name(operation), None)
        if method is None:
            raise BadInput(f"{service} has no operation {operation!r}", where="the scenario")
        try:
            model = client.meta.service_model.operation_model(operation)
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

    def _client(self, service: str, who: Credentials, ip: str, agent: str, probe: bool) -> Any:
        key = (service, who.access_key_id, ip, agent, str(probe))
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._made(service, who, ip, agent, probe)
            return self._clients[key]

    def _made(self, service: str, who: Credentials, ip: str, agent: str, probe: bool) -> Any:
        if service not in self._session.get_available_services():
            raise BadInput(f"AWS has no service {service!r}", where="the scenario")
        client = self._session.create_client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint,
            aws_access_key_id=who.access_key_id,
            aws_secret_access_key=who.secret_access_key,
            aws_session_token=who.session_token,
            config=Config(
                retries={"total_max_attempts": 1},
                user_agent=agent,
                connect_timeout=5,
                read_timeout=20,
                proxies={},
            ),
        )
        refuse_real(client.meta.endpoint_url)

        def mark(request: Any, **_: Any) -> None:
            request.headers.add_header("X-Firedoor-Source-Ip", ip)
            if probe:
                request.headers.add_header("X-Firedoor-Probe", "yes")

        client.meta.events.register("before-sign.*", mark)
        return client


def _shaped(value: Any, shape: Any) -> Any:
    """Parameters as a file writes them (all scalars are text), typed as the service model says."""
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, Mapping):
        return {name: _shaped(inner, shape.members.get(name)) for name, inner in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_shaped(inner, shape.member) for inner in value]
    if not isinstance(value, str):
        return value
    if shape.type_name == "boolean" and value in ("true", "false"):
        return value == "true"
    if shape.type_name in ("integer", "long") and value.lstrip("-").isdigit():
        return int(value)
    return value


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
