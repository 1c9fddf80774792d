"""Security Hub's format, ASFF: findings of GuardDuty and others, all values flattened to text.

GuardDuty's are turned back: its type (ASFF writes a dash for the slash), its number for the
severity, its service block (from ProductFields), so that they route as if they had come directly.
https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from firedoor.findings.guardduty import TYPE, actor
from firedoor.findings.model import Finding, Label, Occurred, label_of
from firedoor.findings.resources import resource
from firedoor.findings.text import (
    Doubts,
    at,
    items,
    mapping,
    moment,
    number,
    text,
    truth,
    whole,
)

_LEAST: dict[Label, float] = {
    "informational": 0,
    "low": 2,
    "medium": 5,
    "high": 8,
    "critical": 9.5,
}
_PREFIX = "aws/guardduty/service/"


def is_finding(document: Any) -> bool:
    """Whether this is an ASFF finding."""
    return (
        isinstance(at(document, "productArn"), str)
        and at(document, "awsAccountId") is not None
        and isinstance(at(document, "types"), list)
    )


def finding(document: Any, envelope: Mapping[str, Any]) -> Finding:
    """The finding in one ASFF document."""
    doubts = Doubts()
    source = product(at(document, "productArn"))
    said_type = finding_type(source, items(document, "types"))
    arn = text(at(document, "id"), 512) or ""
    title = text(at(document, "title"), 512) or ""
    service = _service(mapping(document, "productFields"))
    severity, label = _severity(document, doubts)
    account = doubts.of_kind("account_id", at(document, "awsAccountId"), "the account") or ""
    things = items(document, "resources")
    region = at(document, "region") or (at(things[0], "region") if things else None)
    region = region or (arn.split(":")[3] if arn.count(":") >= 6 else None)
    return Finding(
        id=arn.rpartition("/finding/")[2] if source == "guardduty" else arn,
        type=said_type,
        source=source,
        via="securityhub",
        account=account,
        region=doubts.of_kind("region", region or at(envelope, "region"), "the Region") or "",
        partition=_partition(things),
        severity=severity,
        severity_label=label,
        title=title,
        description=text(at(document, "description"), 2048) or "",
        sample=_is_sample(document, service, title),
        archived=_is_archived(document, service),
        resource=resource(said_type, account, things, service, doubts),
        actor=actor(service, doubts),
        occurred=Occurred(
            first=moment(at(document, "firstObservedAt")) or moment(at(document, "createdAt")),
            last=moment(at(document, "lastObservedAt")) or moment(at(document, "updatedAt")),
        ),
        updated=moment(at(document, "updatedAt")),
        count=whole(at(service, "count")),
        detector_id=text(at(service, "detectorId"), 64),
        arn=doubts.of_kind("arn", arn, "the ARN") if arn.startswith("arn:") else None,
        doubts=doubts.all(),
        raw=document,
    )


def product(arn: Any) -> str:
    """`arn:aws:securityhub:us-east-1::product/aws/guardduty` → `guardduty`."""
    name = (text(arn, 512) or "").rpartition("/")[2].lower()
    return {"macie2": "macie", "inspector2": "inspector"}.get(name, name or "securityhub")


def finding_type(source: str, types: list[Any]) -> str:
    """GuardDuty's own type out of a list of types; for others the first as it stands."""
    said = [each for each in (text(one, 200) for one in types) if each]
    for one in said:
        purpose, colon, rest = one.rpartition("/")[2].partition(":")
        if source == "guardduty" and colon:
            # TTPs/Discovery/Recon:IAMUser-UserPermissions
            return f"{purpose}:{rest.replace('-', '/', 1)}"
        if source == "guardduty" and ":" in one:
            # Recon:IAMUser/UserPermissions, perhaps with the taxonomy before it
            head, _, tail = one.partition(":")
            candidate = f"{head.rpartition('/')[2]}:{tail}"
            if TYPE.fullmatch(candidate):
                return candidate
    return said[0] if said else "unknown"


def _service(fields: dict[str, Any]) -> dict[str, Any]:
    """GuardDuty's service block, out of `a/b/c: text` fields in the newer or the older form."""
    newer = any(key.startswith(_PREFIX) for key in fields)
    service: dict[str, Any] = {}
    for key, value in list(fields.items())[:400]:
        if newer and not key.startswith(_PREFIX):
            continue
        path = key.removeprefix(_PREFIX).replace(":0/", "/").split("/")
        place = service
        for part in path[:-1]:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            place = inner
        else:
            place.setdefault(path[-1], value)
    return service


def _severity(document: Any, doubts: Doubts) -> tuple[float, Label]:
    """Security Hub's label leads, because people may have changed it; the number agrees with it."""
    said = at(document, "findingProviderFields", "severity", "label")
    label = (text(at(document, "severity", "label") or said, 20) or "").lower()
    product_score = number(at(document, "severity", "product"))
    normalized = number(at(document, "severity", "normalized"))
    scores = [
        score
        for score in (product_score, normalized / 10 if normalized is not None else None)
        if score is not None and 0 <= score <= 10
    ]
    for known, least in _LEAST.items():
        if label == known:
            fitting = [score for score in scores if label_of(score) == known]
            return (fitting[0] if fitting else least), known
    if scores:
        return scores[0], label_of(scores[0])
    doubts.add("no usable severity; taken as medium")
    return 5.0, "medium"


def _partition(things: list[Any]) -> str:
    said = at(things[0], "partition") if things else None
    return said if said in ("aws-cn", "aws-us-gov") else "aws"


def _is_sample(document: Any, service: dict[str, Any], title: str) -> bool:
    if truth(at(document, "sample")) or title.upper().startswith("[SAMPLE]"):
        return True
    more = service.get("additionalInfo")
    if isinstance(more, dict) and truth(more.get("sample")):
        return True
    inner = more.get("value") if isinstance(more, dict) else more
    if isinstance(inner, str) and "sample" in inner:
        try:
            return truth(at(json.loads(inner), "sample"))
        except (ValueError, RecursionError):
            return False
    return False


def _is_archived(document: Any, service: dict[str, Any]) -> bool:
    return (
        at(document, "recordState") == "ARCHIVED"
        or at(document, "workflow", "status") in ("SUPPRESSED", "RESOLVED")
        or truth(service.get("archived"))
    )
