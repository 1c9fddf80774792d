"""GuardDuty findings: as EventBridge, GetFindings and the S3 export send them.

`resourceType` decides what is attacked, not which `*Details` block is there: findings on access
keys also carry the instance, findings on clusters the key. But `Policy:S3/*` and `Stealth:S3/*`
say AccessKey and are about a bucket, so the finding's type comes first.
https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-format.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from firedoor.errors import NotAFinding
from firedoor.findings.details import things
from firedoor.findings.model import Actor, Finding, Kind, Occurred, Resource, label_of
from firedoor.findings.principal import principal
from firedoor.findings.sequence import sequence
from firedoor.findings.text import (
    Doubts,
    at,
    distinct,
    items,
    mapping,
    moment,
    number,
    text,
    truth,
    whole,
)

TYPE = re.compile(r"[A-Za-z0-9]{2,40}:[A-Za-z0-9]{2,40}/[A-Za-z0-9_.!&-]{2,120}")

KINDS: Mapping[str, Kind] = {
    "accesskey": "access_key",
    "s3bucket": "bucket",
    "s3object": "object",
    "instance": "instance",
    "ekscluster": "eks_cluster",
    "ecscluster": "ecs_cluster",
    "container": "container",
    "lambda": "function",
    "rdsdbinstance": "database",
    "rdslimitlessdb": "database",
    "ebssnapshot": "snapshot",
    "ec2image": "image",
    "recoverypoint": "recovery_point",
    "backuprecoverypoint": "recovery_point",
    "attacksequence": "attack_sequence",
}
# The instance of every sample finding.
_SAMPLE_INSTANCE = "i-99999999"
_BY_SERVICE: Mapping[str, Kind] = {
    "IAMUser": "access_key",
    "S3": "bucket",
    "EC2": "instance",
    "Lambda": "function",
    "RDS": "database",
    "SES": "identity",
}
# Malware findings name what was scanned after the mark: `Execution:EC2/MaliciousFile!Snapshot`.
_BY_MARK: Mapping[str, Kind] = {
    "Snapshot": "snapshot",
    "AMI": "image",
    "RecoveryPoint": "recovery_point",
}


def is_finding(document: Any) -> bool:
    """Whether this is a GuardDuty finding without its envelope, in either spelling."""
    kind = at(document, "type")
    return isinstance(kind, str) and bool(
        (at(document, "service", "serviceName") == "guardduty")
        or (
            TYPE.fullmatch(kind) is not None
            and (mapping(document, "resource") or mapping(document, "service"))
            and (at(document, "id") or at(document, "accountId")) is not None
        )
    )


def finding(document: Any, envelope: Mapping[str, Any]) -> Finding:
    """The finding in a document; account and Region from the envelope when it lacks them."""
    doubts = Doubts()
    said_type = text(at(document, "type"), 200)
    if not said_type:
        raise NotAFinding("it is a GuardDuty event without a finding type")
    if not TYPE.fullmatch(said_type):
        doubts.add("the finding type is not written as GuardDuty writes them")
    account = _account(document, envelope, doubts)
    severity = number(at(document, "severity"))
    if severity is None or not 0 <= severity <= 10:
        doubts.add("no usable severity; taken as medium")
        severity = 5.0
    title = text(at(document, "title"), 512) or ""
    finding_id = text(at(document, "id"), 200)
    if not finding_id:
        doubts.add("it has no id, so it cannot be confirmed with GuardDuty")
    resource = _resource(document, said_type, account, doubts)
    return Finding(
        id=finding_id or "",
        type=said_type,
        source="guardduty",
        account=account,
        region=doubts.of_kind("region", at(document, "region"), "the Region")
        or doubts.of_kind("region", envelope.get("region"), "the Region")
        or "",
        partition=_partition(at(document, "partition")),
        severity=severity,
        severity_label=label_of(severity),
        title=title,
        description=text(at(document, "description"), 2048) or "",
        sample=is_sample(document, title),
        archived=truth(at(document, "service", "archived")),
        resource=resource,
        actor=actor(at(document, "service"), doubts),
        occurred=Occurred(
            first=moment(at(document, "service", "eventFirstSeen"))
            or moment(at(document, "createdAt")),
            last=moment(at(document, "service", "eventLastSeen"))
            or moment(at(document, "updatedAt")),
        ),
        updated=moment(at(document, "updatedAt")),
        count=whole(at(document, "service", "count")),
        detector_id=text(at(document, "service", "detectorId"), 64),
        arn=doubts.of_kind("arn", at(document, "arn"), "the ARN"),
        doubts=doubts.all(),
        raw=document,
    )


def _account(document: Any, envelope: Mapping[str, Any], doubts: Doubts) -> str:
    # The finding's own comes first: an administrator account receives those of its members.
    for said in (at(document, "accountId"), envelope.get("account")):
        found = doubts.of_kind("account_id", said, "the account")
        if found:
            return found
    doubts.add("it names no valid account")
    return ""


def _partition(said: Any) -> str:
    return said if said in ("aws", "aws-cn", "aws-us-gov") else "aws"


def is_sample(document: Any, title: str) -> bool:
    """Whether GuardDuty made it up: `sample` in the additional information (there, or as JSON text
    in its `value`, where boto3 leaves it), `[SAMPLE]` in the title, or generated ids.

    Names that an attacker can choose, such as a user's, are not looked at: a user called
    `GeneratedFindingUserName` would go unanswered.
    """
    if title.upper().startswith("[SAMPLE]"):
        return True
    more = mapping(document, "service", "additionalInfo")
    if truth(more.get("sample")) or truth(more.get("Sample")):
        return True
    inner = at(more, "value")
    if isinstance(inner, str) and "sample" in inner:
        try:
            value = json.loads(inner)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict) and truth(value.get("sample")):
            return True
    key = mapping(document, "resource", "accessKeyDetails")
    instance = at(document, "resource", "instanceDetails", "instanceId")
    return instance == _SAMPLE_INSTANCE or any(
        isinstance(value, str) and value.startswith("GeneratedFinding")
        for value in (at(key, "accessKeyId"), at(key, "principalId"))
    )


def _resource(document: Any, said_type: str, account: str, doubts: Doubts) -> Resource:
    resource = at(document, "resource")
    chain = at(document, "service", "detection", "sequence")
    kind = _resource_kind(said_type, text(at(resource, "resourceType"), 40) or "")
    if chain is not None or kind == "attack_sequence":
        return sequence(chain, kind, said_type, account, doubts)
    key = mapping(resource, "accessKeyDetails")
    who = principal(
        doubts,
        account,
        at(key, "userType"),
        at(key, "userName"),
        at(key, "accessKeyId"),
        at(key, "principalId"),
    )
    part = text(at(document, "service", "resourceRole"), 20)
    call = at(document, "service", "action", "awsApiCallAction")
    return Resource(
        kind=kind, part=part.lower() if part else None, **things(resource, call, doubts), **who
    )


def _resource_kind(said_type: str, resource_type: str) -> Kind:
    purpose, _, rest = said_type.partition(":")
    service = rest.partition("/")[0]
    if service == "S3" and purpose in ("Policy", "Stealth"):
        return "bucket"
    if purpose == "AttackSequence":
        return "attack_sequence"
    marked = _BY_MARK.get(rest.partition("!")[2])
    if marked:
        return marked
    kind = KINDS.get(re.sub(r"[^a-z0-9]", "", resource_type.lower()))
    return kind or _BY_SERVICE.get(service, "other")


def actor(service: Any, doubts: Doubts) -> Actor:
    """Who did it, from whichever action block there is."""
    action = mapping(service, "action")
    kind = text(at(action, "actionType"), 40) or ""
    call = mapping(action, "awsApiCallAction") or mapping(action, "kubernetesApiCallAction")
    block = next((value for value in action.values() if isinstance(value, dict)), {})
    probes = items(block, "portProbeDetails")
    remote = at(block, "remoteIpDetails") or at(probes[0] if probes else None, "remoteIpDetails")
    if remote is None:
        remote = at(at(service, "action"), "rdsLoginAttemptAction", "remoteIpDetails")
    endpoints = items(service, "detection", "sequence", "endpoints")
    first = endpoints[0] if endpoints else None
    return Actor(
        ip=doubts.of_kind("ip", at(remote, "ipAddressV4"), "the remote address")
        or doubts.of_kind("ip", at(remote, "ipAddressV6"), "the remote address")
        or doubts.of_kind("ip", at(first, "ip"), "the remote address"),
        country=text(at(remote, "country", "countryName"), 64)
        or text(at(first, "location", "country"), 64),
        org=text(at(remote, "organization", "org"), 128)
        or text(at(first, "autonomousSystem", "name"), 128),
        caller=text(at(call, "callerType"), 40) or text(kind.lower(), 40),
        apis=_apis(call, service),
        error=text(at(call, "errorCode"), 80),
    )


def _apis(call: dict[str, Any], service: Any) -> tuple[str, ...]:
    name = text(at(call, "api"), 80)
    if name:
        host = text(at(call, "serviceName"), 80) or ""
        return (f"{host.partition('.')[0]}:{name}" if host else name,)
    for indicator in items(service, "detection", "sequence", "sequenceIndicators"):
        if at(indicator, "key") in ("HIGH_RISK_API", "SUSPICIOUS_API"):
            return distinct(text(each, 80) for each in items(indicator, "values")[:50])
    return ()
