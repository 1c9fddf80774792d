"""Calls that no API of AWS has, and every attacker makes: a function's URL, a database's port.

They go the same way as calls of AWS's: to the simulator, signed with what the caller holds, or not
at all. Who gets through is decided by what is in the account: the URL's AuthType, the function's
policy and its concurrency; the database's address, its security groups and its password. A
connection that is open stays open when security groups or passwords change, and ends with a
restart.

    lambda:InvokeFunctionUrl   FunctionUrl
    rds:Connect                DBInstanceIdentifier, Password
    rds:Query                  DBInstanceIdentifier: over a connection that the address has open
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Signing
from botocore.httpsession import URLLib3Session
from moto.awslambda.models import lambda_backends
from moto.ec2.models import ec2_backends
from moto.rds.models import rds_backends

from firedoor.errors import BadInput
from firedoor.simulator.credentials import Caller, Credentials
from firedoor.simulator.functions import refuse_when_stopped
from firedoor.simulator.policy import PolicySet, Request, decide
from firedoor.simulator.requests import context
from firedoor.simulator.standing import policies_of
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None
PARAMETERS: Mapping[str, frozenset[str]] = {
    "lambda:InvokeFunctionUrl": frozenset({"FunctionUrl"}),
    "rds:Connect": frozenset({"DBInstanceIdentifier", "Password"}),
    "rds:Query": frozenset({"DBInstanceIdentifier"}),
}
"""The calls, and the parameters that each wants."""


def mistake(call: str, given: Mapping[str, Any]) -> str:
    """Why a scenario cannot make such a call; "" when it can."""
    wanted = PARAMETERS[call]
    if set(given) == wanted:
        return ""
    return f"{call} takes the parameters {', '.join(sorted(wanted))}"


def send(
    endpoint: str,
    who: Credentials,
    call: str,
    given: Mapping[str, Any],
    headers: Mapping[str, str],
    region: str,
) -> tuple[int, dict[str, Any]]:
    """Make one of the calls: the status and the answer."""
    body = json.dumps(dict(given)).encode()
    request = AWSRequest(
        "POST",
        f"{endpoint}/",
        data=body,
        headers={**headers, "X-Firedoor-Drill": call, "X-Firedoor-Region": region},
    )
    if who.access_key_id:
        signing = Signing(who.access_key_id, who.secret_access_key, who.session_token)
        SigV4Auth(signing, call.partition(":")[0], region).add_auth(request)
    answer = URLLib3Session(proxies={}, timeout=20).send(request.prepare())
    found = json.loads(answer.content or b"{}")
    if not isinstance(found, dict):
        raise BadInput(f"{call} was not answered", where="the scenario")
    return int(answer.status_code), found


_INSIDE = [ipaddress.ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]


def _denied(why: str) -> ApiError:
    return ApiError("AccessDeniedException", f"Forbidden: {why}", 403)


def invoke_url(state: State, call: Call, caller: Caller) -> Result:
    """Whether a request to a function's URL reaches the function."""
    host = urlsplit(str(call.params.get("FunctionUrl"))).hostname
    for regions in list(lambda_backends.values()):
        for backend in list(regions.values()):
            for found in backend.list_functions(None):
                if found.url_config and urlsplit(found.url_config.url).hostname == host:
                    return _invoked(state, call, caller, found)
    raise _denied("there is no such URL")


def _invoked(state: State, call: Call, caller: Caller, found: Any) -> Result:
    kind = str(found.url_config.config.get("AuthType"))
    arn = ":".join(found.function_arn.split(":")[:7])
    statements = [one for one in found.policy.statements if one["Resource"] == arn]
    policy = ({"Version": "2012-10-17", "Statement": statements},)
    request = Request(
        action="lambda:InvokeFunctionUrl",
        resource=arn,
        principal=caller.arn,
        context={**context(call, caller, state.clock.now()), "lambda:FunctionUrlAuthType": kind},
    )
    if kind != "NONE" and not caller.account:
        raise _denied("the URL wants a signature")
    if kind == "NONE":
        # Whoever signs all the same is nobody in particular to it.
        owned = PolicySet(identity=(), resource=policy, resource_owner=found.account_id)
        verdict = decide(request, owned)
    else:
        verdict = decide(request, policies_of(caller, state.scps, policy, found.account_id))
    if not verdict.allowed:
        raise _denied(verdict.why)
    refuse_when_stopped(found)
    return {"StatusCode": 200}


def _database(call: Call) -> tuple[Any, Any]:
    """The instance that is meant, and the Region's EC2 that its security groups are in."""
    name = str(call.params.get("DBInstanceIdentifier") or "").lower()
    for account, regions in list(rds_backends.items()):
        found = regions[call.region].databases.get(name)
        if found is not None:
            return found, ec2_backends[account][call.region]
    raise ApiError("DBInstanceNotFound", f"DBInstance {name} not found.", 404)


def _sessions(found: Any) -> set[str]:
    """The addresses that have a connection open; kept on moto's instance, none after a restart."""
    restarts = len(getattr(found, "restarts", ()))
    if getattr(found, "sessions_of", None) != restarts:
        found.sessions_of, found.open_sessions = restarts, set()
    kept: set[str] = found.open_sessions
    return kept


def connect(state: State, call: Call, caller: Caller) -> Result:
    """Whether somebody at an address gets a connection to a database."""
    found, ec2 = _database(call)
    address = ipaddress.ip_address(call.source_ip)
    inside = any(address in network for network in _INSIDE)
    if not inside and not found.publicly_accessible:
        raise _denied("the database has no public address")
    groups = [str(one) for one in found.vpc_security_group_ids]
    if not any(_lets_in(ec2, group, address, int(found.port or 5432)) for group in groups):
        raise _denied("no security group lets the address in")
    holder = getattr(found, "cluster", None) or found
    by_hand = None if holder.manage_master_user_password else holder._master_user_password
    if not by_hand or by_hand != call.params.get("Password"):
        raise _denied("password authentication failed")
    _sessions(found).add(call.source_ip)
    return {"Connected": True}


def _lets_in(ec2: Any, group: str, address: Any, port: int) -> bool:
    found = ec2.get_security_group_from_id(group)
    for rule in found.ingress_rules if found is not None else ():
        every = str(rule.ip_protocol) == "-1"
        fits = every or int(rule.from_port or 0) <= port <= int(rule.to_port or 65535)
        span = str(rule.ip_range.get("CidrIp") or "")
        if fits and span and address in ipaddress.ip_network(span):
            return True
    return False


def query(state: State, call: Call, caller: Caller) -> Result:
    """Whether a connection that an address opened before is still open."""
    found, _ = _database(call)
    if call.source_ip not in _sessions(found):
        raise _denied("the connection is closed")
    return {"Rows": 1}


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "lambda:InvokeFunctionUrl": invoke_url,
    "rds:Connect": connect,
    "rds:Query": query,
}
