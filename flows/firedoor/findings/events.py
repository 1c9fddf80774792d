"""EventBridge events that carry findings. Their source and detail-type decide who reads them.

A source that begins with `aws.` cannot be written by PutEvents, so what stands in the detail of
another source is not looked at.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firedoor.findings import access_analyzer, guardduty, health, macie, trail_event, watchers
from firedoor.findings.bare import Parser

_SINGLE: Mapping[tuple[str, str], Parser] = {
    ("aws.guardduty", "GuardDuty Finding"): guardduty.finding,
    ("aws.macie", "Macie Finding"): macie.finding,
    ("aws.health", "AWS Health Event"): health.finding,
    ("aws.health", "AWS Health Abuse Event"): health.finding,
    ("aws.access-analyzer", "Access Analyzer Finding"): access_analyzer.finding,
    ("aws.access-analyzer", "Internal Access Finding"): access_analyzer.finding,
    ("aws.access-analyzer", "Unused Access Finding for IAM entities"): access_analyzer.finding,
    ("aws.cloudwatch", "CloudWatch Alarm State Change"): watchers.alarm,
    ("aws.config", "Config Rules Compliance Change"): watchers.compliance,
}
# `AWS API Call via CloudTrail`, `AWS Console Sign In via CloudTrail` and others, of any service.
_VIA_TRAIL = " via CloudTrail"
# These have a list of findings: in Security Hub's format, the last one in OCSF.
_SEVERAL = {
    ("aws.securityhub", "Security Hub Findings - Imported"),
    ("aws.securityhub", "Security Hub Findings - Custom Action"),
    ("aws.securityhub", "Findings Imported V2"),
}


def is_event(document: Mapping[str, Any]) -> bool:
    """Whether this is an EventBridge event, of whatever source."""
    return (
        isinstance(document.get("source"), str)
        and isinstance(document.get("detail-type"), str)
        and "detail" in document
    )


def parser_of(event: Mapping[str, Any]) -> Parser | None:
    """The parser of an event whose detail is one finding."""
    if event["source"].startswith("aws.") and event["detail-type"].endswith(_VIA_TRAIL):
        return trail_event.finding
    return _SINGLE.get((event["source"], event["detail-type"]))


def has_several(event: Mapping[str, Any]) -> bool:
    """Whether the detail of an event is a list of findings."""
    return (event["source"], event["detail-type"]) in _SEVERAL
