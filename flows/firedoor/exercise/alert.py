"""The alert that starts a drill, as it arrives: an event of EventBridge's.

A GuardDuty finding is there twice: in EventBridge's envelope with camelCase names, as it arrives,
and in the simulated GuardDuty in the API's PascalCase, where it can be confirmed. An event of
CloudTrail's is the record of the attacker's call. An AWS Health event stands for itself.
https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from firedoor.errors import BadInput
from firedoor.exercise.account import stamp
from firedoor.exercise.subjects import Subjects
from firedoor.runbook import Json
from firedoor.scenario import Scenario
from firedoor.scenario_attack import offset
from firedoor.scenario_finding import FindingSaid
from firedoor.simulator.attacker import Attacker
from firedoor.simulator.guardduty import detector
from firedoor.simulator.server import SimulatedAws
from firedoor.simulator.world import World

_NAMESPACE = uuid.UUID("3c5f8a57-7f0a-5a10-9a8e-2f2b8a5d1c77")


def raise_alert(
    scenario: Scenario, world: World, attacker: Attacker, aws: SimulatedAws, now: datetime
) -> dict[str, Json]:
    """Put the finding where it can be confirmed; the event that EventBridge sends of it."""
    said = scenario.finding
    region = said.region or aws.regions[0]
    if said.event is not None:
        detail = _recorded(scenario, world, attacker, aws, region)
        return _event("AWS API Call via CloudTrail", "aws." + _service(detail), detail, now)
    if said.health is not None:
        detail = _health(said, world, region, now)
        envelope = _event("AWS Health Event", "aws.health", detail, now)
        return {**envelope, "account": world.account, "region": region}
    detail = over(_guardduty(scenario, world, attacker, region, now), world.filled(said.details))
    aws.add_guardduty_finding(pascal(detail))
    return _event("GuardDuty Finding", "aws.guardduty", detail, now)


def _event(kind: str, source: str, detail: dict[str, Any], now: datetime) -> dict[str, Json]:
    number = str(detail.get("id") or detail.get("eventID") or detail.get("eventArn"))
    return {
        "version": "0",
        "id": str(uuid.uuid5(_NAMESPACE, number)),
        "detail-type": kind,
        "source": source,
        "account": detail.get("accountId") or detail.get("recipientAccountId", ""),
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": detail.get("region") or detail.get("awsRegion", ""),
        "resources": [],
        "detail": detail,
    }


def _guardduty(
    scenario: Scenario, world: World, attacker: Attacker, region: str, now: datetime
) -> dict[str, Any]:
    said = scenario.finding
    about = said.subject
    assert about is not None
    number = hashlib.md5(  # GuardDuty's ids look like this; nothing rests on it
        f"{scenario.metadata.id} {now.isoformat()}".encode(), usedforsecurity=False
    ).hexdigest()
    found = detector(world.account, region)
    who = about.principal or about.by
    own = [act for act in attacker.acts if act.call == said.api and act.who == who]
    first = own[0].at if own else now + offset(said.seen_from)
    subject = Subjects(scenario, world, attacker, region)
    action = subject.action(about, said.api)
    service: dict[str, Any] = {
        "serviceName": "guardduty",
        "detectorId": found,
        **({"action": action} if action else {}),
        **subject.detection(about),
        "resourceRole": "TARGET",
        "additionalInfo": {"value": "{}", "type": "default"},
        "eventFirstSeen": stamp(first),
        "eventLastSeen": stamp(own[-1].at if own else first),
        "archived": False,
        "count": max(1, len(own)),
    }
    return {
        "schemaVersion": "2.0",
        "accountId": world.account,
        "region": region,
        "partition": "aws",
        "id": number,
        "arn": f"arn:aws:guardduty:{region}:{world.account}:detector/{found}/finding/{number}",
        "type": said.type,
        "resource": subject.resource(about),
        "service": service,
        "severity": said.severity,
        "createdAt": stamp(now),
        "updatedAt": stamp(now),
        "title": world.filled(said.title),
        "description": world.filled(said.description or said.title),
    }


def _recorded(
    scenario: Scenario, world: World, attacker: Attacker, aws: SimulatedAws, region: str
) -> dict[str, Any]:
    """CloudTrail's record of the attacker's last call of this name."""
    call = str(scenario.finding.event)
    name = call.partition(":")[2]
    mine = {one.access_key_id for one in attacker.credentials().values()}
    for record in reversed(aws.trail.records):
        if (
            record["eventName"].startswith(name)
            and record["awsRegion"] == region
            and record["userIdentity"].get("accessKeyId") in mine
        ):
            return over(dict(record), world.filled(scenario.finding.details))
    raise BadInput(
        f"the alert is the attacker's {call} in {region}, which he does not call before it",
        where=f"scenario {scenario.metadata.id}",
    )


def _service(record: dict[str, Any]) -> str:
    return str(record["eventSource"]).partition(".")[0]


def _health(said: FindingSaid, world: World, region: str, now: datetime) -> dict[str, Any]:
    """An event of AWS Health's. Dates are RFC 1123 there, and everything is text."""
    health = said.health
    assert health is not None
    when = now.strftime("%a, %d %b %Y %H:%M:%S GMT")
    number = uuid.uuid5(_NAMESPACE, f"{health.code} {when}").hex
    detail = {
        "eventArn": f"arn:aws:health:{region}::event/{health.service}/{health.code}/{number}",
        "service": health.service,
        "eventTypeCode": health.code,
        "eventTypeCategory": health.category,
        "eventScopeCode": "ACCOUNT_SPECIFIC",
        "communicationId": f"{number}-1",
        "startTime": when,
        "lastUpdatedTime": when,
        "statusCode": "open",
        "eventRegion": region,
        "eventDescription": [
            {"language": "en_US", "latestDescription": world.filled(said.description or said.title)}
        ],
        "affectedEntities": [
            {"entityValue": world.filled(one), "status": "IMPAIRED", "lastUpdatedTime": when}
            for one in health.entities
        ],
        "eventMetadata": {"accountId": world.account, **world.filled(health.metadata)},
        "affectedAccount": world.account,
        "page": "1",
        "totalPages": "1",
    }
    return over(detail, world.filled(said.details))


def over(document: dict[str, Any], details: Mapping[str, Any]) -> dict[str, Any]:
    """A document with details put over it, mapping by mapping; lists are replaced."""
    found = dict(document)
    for key, value in details.items():
        inner = found.get(key)
        mapping = isinstance(value, Mapping)
        found[key] = over(inner, value) if isinstance(inner, dict) and mapping else value
    return found


def pascal(value: Any) -> Any:
    """The same with names as the API writes them, `accessKeyId` as `AccessKeyId`."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: pascal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [pascal(inner) for inner in value]
    return value
