"""Alarms of CloudWatch and results of AWS Config's rules, as EventBridge delivers them.

Somebody named the alarm or rule, so its name is the type and playbooks map it to a runbook:
`CloudWatch:Alarm/root-login`, `Config:Rule/s3-bucket-public-read-prohibited`. What is in a name but
letters, digits, `_`, `.` and `-` becomes `-`, so that no name looks like another source's type.
Neither says how grave it is: medium, unless a playbook says otherwise. An alarm that is over, and a
rule that is kept, are no findings.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
https://docs.aws.amazon.com/config/latest/developerguide/monitor-config-with-cloudwatchevents.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from firedoor.errors import NotAFinding
from firedoor.findings.model import Finding, Occurred, Resource
from firedoor.findings.naming import named
from firedoor.findings.resources import field_of, kind_of_type
from firedoor.findings.text import Doubts, at, items, mapping, moment, text

_MEDIUM: dict[str, Any] = {"severity": 5.0, "severity_label": "medium"}
# A metric's dimension → the field that it names.
_DIMENSIONS: Mapping[str, str] = {
    "InstanceId": "instance",
    "BucketName": "bucket",
    "FunctionName": "function",
    "ClusterName": "cluster",
    "DBInstanceIdentifier": "database",
    "DBClusterIdentifier": "database_cluster",
    "VolumeId": "volume",
    "KeyId": "kms_key",
    "ModelId": "model",
}


def alarm(document: Any, envelope: Mapping[str, Any]) -> Finding:
    """An alarm that went off; NotAFinding for one in another state."""
    doubts = Doubts()
    name = text(at(document, "alarmName"), 255) or ""
    state = text(at(document, "state", "value"), 40) or ""
    if not name:
        raise NotAFinding("it is a CloudWatch alarm without a name")
    if state != "ALARM":
        raise NotAFinding(f"it is a CloudWatch alarm ({name}) in state {state or 'unknown'}")
    since = moment(at(document, "state", "timestamp")) or moment(at(envelope, "time"))
    arn = named(doubts, "arn", next(iter(items(envelope, "resources")), None))
    return Finding(
        id=text(f"{arn or name}@{since or at(envelope, 'id')}", 512) or "",
        type=f"CloudWatch:Alarm/{_safe(name)}",
        source="cloudwatch",
        account=named(doubts, "account", envelope.get("account")) or "",
        region=named(doubts, "region", envelope.get("region")) or "",
        title=f"The alarm {name} went off",
        description=text(at(document, "state", "reason"), 2048) or "",
        resource=_measured(document, name, arn, doubts),
        occurred=Occurred(first=since, last=since),
        updated=since,
        arn=arn,
        doubts=doubts.all(),
        raw=document,
        **_MEDIUM,
    )


def compliance(document: Any, envelope: Mapping[str, Any]) -> Finding:
    """A rule that a resource breaks; NotAFinding when it keeps it, or nothing is known."""
    doubts = Doubts()
    rule = text(at(document, "configRuleName"), 128) or ""
    result = mapping(document, "newEvaluationResult")
    state = text(at(result, "complianceType"), 40) or ""
    if not rule:
        raise NotAFinding("it is a result of AWS Config that names no rule")
    if state != "NON_COMPLIANT":
        raise NotAFinding(f"it is a result of AWS Config's rule {rule}: {state or 'unknown'}")
    since = moment(at(result, "resultRecordedTime")) or moment(at(envelope, "time"))
    said_type = text(at(document, "resourceType"), 128) or ""
    identifier = text(at(document, "resourceId"), 768) or ""
    kind = kind_of_type(said_type)
    field = field_of(kind)
    about: dict[str, Any] = {"kind": kind, "rule": rule}
    if field:
        about[field] = named(doubts, field, identifier)
    return Finding(
        id=text(f"{rule}/{said_type}/{identifier}@{since or at(envelope, 'id')}", 512) or "",
        type=f"Config:Rule/{_safe(rule)}",
        source="config",
        account=named(doubts, "account", at(document, "awsAccountId") or envelope.get("account"))
        or "",
        region=named(doubts, "region", at(document, "awsRegion") or envelope.get("region")) or "",
        title=f"{identifier or 'A resource'} ({said_type}) breaks the rule {rule}",
        description=text(at(result, "annotation"), 2048) or "",
        resource=Resource(**about),
        occurred=Occurred(first=since, last=since),
        updated=since,
        doubts=doubts.all(),
        raw=document,
        **_MEDIUM,
    )


def _measured(document: Any, name: str, arn: str | None, doubts: Doubts) -> Resource:
    """What the alarm's metrics measure, where a dimension names it."""
    fields: dict[str, Any] = {}
    for metric in items(document, "configuration", "metrics"):
        for said, value in mapping(metric, "metricStat", "metric", "dimensions").items():
            field = _DIMENSIONS.get(said)
            if field and field not in fields:
                fields[field] = named(doubts, field, value)
    return Resource(**{"kind": "alarm", "alarm": name, "arn": arn, **fields})


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)
