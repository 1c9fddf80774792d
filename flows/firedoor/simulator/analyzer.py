"""IAM Access Analyzer: analyzers of external access, and what they find in policies.

Of keys and buckets. A statement that allows a principal of another account, or everybody, is an
active finding; it is found anew whenever it is asked, so that nothing is ever out of date.
Conditions are not looked at.
Source: IAM User Guide, "IAM Access Analyzer resource types for external access".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.kms.models import kms_backends
from moto.s3.models import s3_backends

from firedoor.simulator import accounts
from firedoor.simulator.credentials import Caller
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None


def _analyzers(state: State, call: Call, caller: Caller) -> dict[str, dict[str, Any]]:
    return state.of("access-analyzer", caller.account, call.region)


def create_analyzer(state: State, call: Call, caller: Caller) -> Result:
    name = str(call.params["analyzerName"])
    arn = f"arn:aws:access-analyzer:{call.region}:{caller.account}:analyzer/{name}"
    _analyzers(state, call, caller)[arn] = {
        "arn": arn,
        "name": name,
        "type": call.params.get("type"),
        "createdAt": state.clock.now(),
        "status": "ACTIVE",
    }
    return {"arn": arn}


def list_analyzers(state: State, call: Call, caller: Caller) -> Result:
    wanted = call.params.get("type")
    found = _analyzers(state, call, caller).values()
    return {"analyzers": [one for one in found if wanted in (None, one["type"])]}


def _needed(state: State, call: Call, caller: Caller) -> None:
    if call.params.get("analyzerArn") not in _analyzers(state, call, caller):
        raise ApiError("ResourceNotFoundException", "There is no such analyzer.", 404)


def list_findings(state: State, call: Call, caller: Caller) -> Result:
    _needed(state, call, caller)
    criteria = (call.params.get("filter") or {}).get("resource") or {}
    return {
        "findings": [
            {key: value for key, value in finding.items() if key != "findingDetails"}
            for arn in criteria.get("eq") or ()
            for finding in _findings(state, caller, str(arn))
        ]
    }


def get_finding(state: State, call: Call, caller: Caller) -> Result:
    _needed(state, call, caller)
    for arn in _all(caller.account):
        for finding in _findings(state, caller, arn):
            if finding["id"] == call.params.get("id"):
                return finding
    raise ApiError("ResourceNotFoundException", "There is no such finding.", 404)


def get_resource(state: State, call: Call, caller: Caller) -> Result:
    _needed(state, call, caller)
    arn = str(call.params["resourceArn"])
    if arn not in set(_all(caller.account)):
        raise ApiError("ResourceNotFoundException", "It has not been analyzed.", 404)
    now = state.clock.now()
    return {
        "resource": {
            "resourceArn": arn,
            "resourceType": _type(arn),
            **dict.fromkeys(("createdAt", "analyzedAt", "updatedAt"), now),
            "isPublic": any(one == "*" for _, one in _outsiders(caller.account, arn)),
            "resourceOwnerAccount": caller.account,
        }
    }


def _all(account: str) -> Iterator[str]:
    regions: Mapping[str, Any] = kms_backends.get(account, {})
    for backend in regions.values():
        yield from (str(key.arn) for key in backend.keys.values())
    yield from (f"arn:aws:s3:::{name}" for name in s3_backends[account]["aws"].buckets)


def _type(arn: str) -> str:
    return "AWS::KMS::Key" if ":kms:" in arn else "AWS::S3::Bucket"


def _policies(account: str, arn: str) -> list[Mapping[str, Any]]:
    if ":kms:" in arn:
        regions: Mapping[str, Any] = kms_backends.get(account, {})
        backend = regions.get(arn.split(":")[3])
        key = backend.keys.get(arn.rpartition("/")[2]) if backend else None
        return [accounts.document(key.policy)] if key else []
    bucket = accounts.bucket(arn.rpartition(":")[2])
    return list(accounts.bucket_policies(bucket)) if bucket is not None else []


def _outsiders(account: str, arn: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Each statement that allows somebody outside, and whom."""
    for policy in _policies(account, arn):
        statements = policy.get("Statement") or []
        for statement in statements if isinstance(statements, list) else [statements]:
            principal = statement.get("Principal")
            said = principal.get("AWS") if isinstance(principal, Mapping) else principal
            for one in said if isinstance(said, list) else [said]:
                if statement.get("Effect") == "Allow" and one and account not in str(one):
                    yield statement, str(one)


def _findings(state: State, caller: Caller, arn: str) -> Iterator[dict[str, Any]]:
    now = state.clock.now()
    for statement, who in _outsiders(caller.account, arn):
        said = statement.get("Action") or []
        text = json.dumps([arn, statement, who], sort_keys=True)
        yield {
            "id": hashlib.sha256(text.encode()).hexdigest()[:32],
            "resource": arn,
            "resourceType": _type(arn),
            "resourceOwnerAccount": caller.account,
            "status": "ACTIVE",
            "findingType": "ExternalAccess",
            **dict.fromkeys(("createdAt", "analyzedAt", "updatedAt"), now),
            "findingDetails": [
                {
                    "externalAccessDetails": {
                        "action": said if isinstance(said, list) else [said],
                        "condition": {},
                        "isPublic": who == "*",
                        "principal": {"AWS": who},
                    }
                }
            ],
        }


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "accessanalyzer:CreateAnalyzer": create_analyzer,
    "accessanalyzer:ListAnalyzers": list_analyzers,
    "accessanalyzer:ListFindingsV2": list_findings,
    "accessanalyzer:GetFindingV2": get_finding,
    "accessanalyzer:GetAnalyzedResource": get_resource,
}
