"""Macie findings: sensitive data in a bucket, or a bucket that became less protected.

Their types look like GuardDuty's (`Policy:IAMUser/S3BucketPublic`) and are about buckets.
https://docs.aws.amazon.com/macie/latest/user/findings-types.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firedoor.errors import NotAFinding
from firedoor.findings.model import Actor, Finding, Label, Occurred, Resource
from firedoor.findings.text import Doubts, at, moment, text, truth, whole

_SEVERITIES: dict[str, tuple[float, Label]] = {
    "low": (2.0, "low"),
    "medium": (5.0, "medium"),
    "high": (8.0, "high"),
}


def is_finding(document: Any) -> bool:
    """Whether this is a Macie finding without its envelope."""
    return isinstance(at(document, "type"), str) and (
        at(document, "resourcesAffected") is not None
        or at(document, "category") in ("POLICY", "CLASSIFICATION")
        or str(at(document, "type")).startswith(("Policy:IAMUser/S3Bucket", "SensitiveData:S3"))
    )


def finding(document: Any, envelope: Mapping[str, Any]) -> Finding:
    """The finding in one document."""
    doubts = Doubts()
    said_type = text(at(document, "type"), 200)
    if not said_type:
        raise NotAFinding("it is a Macie event without a finding type")
    said = (text(at(document, "severity", "description"), 20) or "").lower()
    severity, label = _SEVERITIES.get(said, (5.0, "medium"))
    if said not in _SEVERITIES:
        doubts.add("no usable severity; taken as medium")
    bucket = doubts.of_kind(
        "bucket_name", at(document, "resourcesAffected", "s3Bucket", "name"), "the bucket name"
    )
    who = at(document, "policyDetails", "actor")
    return Finding(
        id=text(at(document, "id"), 200) or "",
        type=said_type,
        source="macie",
        account=doubts.of_kind("account_id", at(document, "accountId"), "the account")
        or doubts.of_kind("account_id", at(envelope, "account"), "the account")
        or "",
        region=doubts.of_kind("region", at(document, "region"), "the Region")
        or doubts.of_kind("region", at(envelope, "region"), "the Region")
        or "",
        severity=severity,
        severity_label=label,
        title=text(at(document, "title"), 512) or "",
        description=text(at(document, "description"), 2048) or "",
        sample=truth(at(document, "sample")),
        archived=truth(at(document, "archived")),
        resource=Resource(kind="bucket", bucket=bucket, objects=_objects(document)),
        actor=Actor(ip=doubts.of_kind("ip", at(who, "ipAddressDetails", "ipAddressV4"), "the IP")),
        occurred=Occurred(
            first=moment(at(document, "createdAt")), last=moment(at(document, "updatedAt"))
        ),
        updated=moment(at(document, "updatedAt")),
        count=whole(at(document, "count")),
        doubts=doubts.all(),
        raw=document,
    )


def _objects(document: Any) -> tuple[str, ...]:
    key = text(at(document, "resourcesAffected", "s3Object", "key"), 1024)
    return (key,) if key else ()
