"""The alert that starts a drill: a GuardDuty finding, as it is sent and as GuardDuty has it.

The same finding twice: in EventBridge's envelope with camelCase names, as it arrives, and in the
simulated GuardDuty in the API's PascalCase, where it can be confirmed.
https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Any

from firedoor.errors import BadInput
from firedoor.runbook import Json
from firedoor.scenario import Scenario
from firedoor.scenario_attack import offset
from firedoor.simulator.attacker import Attacker
from firedoor.simulator.guardduty import detector
from firedoor.simulator.server import SimulatedAws
from firedoor.simulator.world import World

_NAMESPACE = uuid.UUID("3c5f8a57-7f0a-5a10-9a8e-2f2b8a5d1c77")


def raise_alert(
    scenario: Scenario, world: World, attacker: Attacker, aws: SimulatedAws, now: datetime
) -> dict[str, Json]:
    """Put the finding into the simulated GuardDuty; the event that EventBridge sends of it."""
    account, region = world.account, aws.regions[0]
    detail = _detail(scenario, world, attacker, account, region, now)
    aws.add_guardduty_finding(_pascal(detail))
    return {
        "version": "0",
        "id": str(uuid.uuid5(_NAMESPACE, str(detail["id"]))),
        "detail-type": "GuardDuty Finding",
        "source": "aws.guardduty",
        "account": account,
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [],
        "detail": detail,
    }


def _detail(
    scenario: Scenario,
    world: World,
    attacker: Attacker,
    account: str,
    region: str,
    now: datetime,
) -> dict[str, Any]:
    said = scenario.finding
    number = hashlib.md5(  # GuardDuty's ids look like this; nothing rests on it
        f"{scenario.metadata.id} {now.isoformat()}".encode(), usedforsecurity=False
    ).hexdigest()
    found = detector(account, region)
    service, _, api = said.api.partition(":")
    own = [act for act in attacker.acts if act.call == said.api and act.who == said.about]
    first = own[0].at if own else now + offset(said.seen_from)
    last = own[-1].at if own else first
    return {
        "schemaVersion": "2.0",
        "accountId": account,
        "region": region,
        "partition": "aws",
        "id": number,
        "arn": f"arn:aws:guardduty:{region}:{account}:detector/{found}/finding/{number}",
        "type": said.type,
        "resource": {"resourceType": "AccessKey", "accessKeyDetails": _whose(scenario, world)},
        "service": {
            "serviceName": "guardduty",
            "detectorId": found,
            "action": {
                "actionType": "AWS_API_CALL",
                "awsApiCallAction": {
                    "api": api,
                    "serviceName": f"{service}.amazonaws.com",
                    "callerType": "Remote IP",
                    "remoteIpDetails": {
                        "ipAddressV4": attacker.attack.ip,
                        "organization": {
                            "asn": "64496",
                            "asnOrg": "Example Hosting",
                            "isp": "Example Hosting",
                            "org": "Example Hosting",
                        },
                        "country": {"countryName": "Unknown"},
                        "city": {"cityName": ""},
                        "geoLocation": {"lat": 0, "lon": 0},
                    },
                    "affectedResources": {},
                },
            },
            "resourceRole": "TARGET",
            "additionalInfo": {"value": "{}", "type": "default"},
            "eventFirstSeen": _stamp(first),
            "eventLastSeen": _stamp(last),
            "archived": False,
            "count": max(1, len(own)),
        },
        "severity": said.severity,
        "createdAt": _stamp(now),
        "updatedAt": _stamp(now),
        "title": said.title,
        "description": said.description or said.title,
    }


def _whose(scenario: Scenario, world: World) -> dict[str, str]:
    """`accessKeyDetails`: the user and key, or the role and session, that the finding is about."""
    name = scenario.finding.about
    held = world.credentials(name)
    if held is None:
        raise BadInput(
            f"the finding is about {name!r}, who holds no credentials before it",
            where=f"scenario {scenario.metadata.id}",
        )
    answered = world.callers.call(held, "sts:GetCallerIdentity", probe=True).result
    arn, user_id = str(answered.get("Arn", "")), str(answered.get("UserId", ""))
    path = arn.rpartition(":")[2].split("/")
    session = path[0] == "assumed-role"
    return {
        "accessKeyId": held.access_key_id,
        "principalId": user_id,
        "userType": "AssumedRole" if session else "IAMUser",
        "userName": path[1] if session else path[-1],
    }


def _pascal(value: Any) -> Any:
    """The same with names as the API writes them, `accessKeyId` as `AccessKeyId`."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: _pascal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_pascal(inner) for inner in value]
    return value


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
