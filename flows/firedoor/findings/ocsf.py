"""OCSF findings, as the newer Security Hub and Security Lake send them.

Classes 2004 (Detection Finding) and 2001 (Security Finding, its older form).
https://schema.ocsf.io/1.1.0/classes/detection_finding
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firedoor.findings.model import Actor, Finding, Label, Occurred
from firedoor.findings.resources import resource
from firedoor.findings.security_hub import finding_type, product
from firedoor.findings.text import Doubts, at, distinct, items, mapping, moment, text, truth

_SEVERITIES: dict[int, tuple[float, Label]] = {
    1: (0, "informational"),
    2: (2, "low"),
    3: (5, "medium"),
    4: (8, "high"),
    5: (9.5, "critical"),
    6: (10, "critical"),
}


def is_finding(document: Any) -> bool:
    """Whether this is an OCSF finding (category 2)."""
    return (
        isinstance(document, dict)
        and "class_uid" in document
        and (isinstance(document.get("finding_info"), dict) or "finding" in document)
    )


def finding(document: Any, envelope: Mapping[str, Any]) -> Finding:
    """The finding in one OCSF document."""
    doubts = Doubts()
    info = mapping(document, "finding_info") or mapping(document, "finding")
    about = mapping(document, "metadata", "product")
    source = _source(about)
    said_type = finding_type(source, items(info, "types"))
    uid = text(at(info, "uid"), 512) or ""
    title = text(at(info, "title"), 512) or ""
    cloud = mapping(document, "cloud")
    said_account = at(cloud, "account", "uid") or at(cloud, "account_uid")
    account = doubts.of_kind("account_id", said_account, "the account") or ""
    evidence = next((one for one in items(document, "evidences") if isinstance(one, dict)), {})
    user = at(evidence, "actor", "user") or at(document, "actor", "user")
    unmapped = mapping(document, "unmapped")
    severity, label = _severity(at(document, "severity_id"), doubts)
    service = {"resourceRole": unmapped.get("ProductFields.aws/guardduty/service/resourceRole")}
    return Finding(
        id=uid.rpartition("/finding/")[2] if source == "guardduty" else uid,
        type=said_type,
        source=source,
        via="securityhub",
        account=account,
        region=doubts.of_kind("region", at(cloud, "region"), "the Region")
        or doubts.of_kind("region", at(envelope, "region"), "the Region")
        or "",
        severity=severity,
        severity_label=label,
        title=title,
        description=text(at(info, "desc"), 2048) or "",
        sample=truth(unmapped.get("Sample")) or title.upper().startswith("[SAMPLE]"),
        archived=_is_archived(document, unmapped),
        resource=resource(
            said_type, account, items(document, "resources"), service, doubts, user=user
        ),
        actor=_actor(evidence, unmapped, doubts),
        occurred=Occurred(first=_time(info, "first_seen_time"), last=_time(info, "last_seen_time")),
        updated=_time(info, "modified_time"),
        detector_id=text(unmapped.get("ProductFields.aws/guardduty/service/detectorId"), 64)
        or _detector(uid),
        arn=doubts.of_kind("arn", uid, "the ARN") if uid.startswith("arn:") else None,
        doubts=doubts.all(),
        raw=document,
    )


def _source(about: Any) -> str:
    name = (text(at(about, "name"), 60) or "").lower().removeprefix("amazon ")
    known = name.removeprefix("aws ").replace(" ", "")
    return known if known in ("guardduty", "macie", "inspector") else product(at(about, "uid"))


def _severity(said: Any, doubts: Doubts) -> tuple[float, Label]:
    if isinstance(said, int) and said in _SEVERITIES:
        return _SEVERITIES[said]
    doubts.add("no usable severity; taken as medium")
    return 5.0, "medium"


def _is_archived(document: Any, unmapped: dict[str, Any]) -> bool:
    status = text(at(document, "status") or at(document, "state"), 20) or ""
    return (
        status.lower() in ("suppressed", "resolved", "archived", "deleted")
        or unmapped.get("RecordState") == "ARCHIVED"
        or truth(unmapped.get("ProductFields.aws/guardduty/service/archived"))
    )


def _time(info: dict[str, Any], name: str) -> str | None:
    return moment(info.get(f"{name}_dt")) or moment(info.get(name))


def _detector(uid: str) -> str | None:
    return uid.partition(":detector/")[2].partition("/")[0] or None


def _actor(evidence: Any, unmapped: dict[str, Any], doubts: Doubts) -> Actor:
    place = mapping(evidence, "src_endpoint")
    host = text(at(evidence, "api", "service", "name"), 80) or ""
    call = text(at(evidence, "api", "operation"), 80)
    prefix = "ProductFields.aws/guardduty/service/action/awsApiCallAction/"
    return Actor(
        ip=doubts.of_kind("ip", at(place, "ip"), "the remote address"),
        country=text(at(place, "location", "country"), 64),
        org=text(unmapped.get(f"{prefix}remoteIpDetails/organization/org"), 128)
        or text(at(place, "autonomous_system", "name"), 128),
        caller=text(unmapped.get(f"{prefix}callerType"), 40),
        apis=distinct([f"{host.partition('.')[0]}:{call}" if call and host else call]),
        error=text(at(evidence, "api", "response", "error"), 80),
    )
