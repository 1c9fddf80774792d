"""AWS Health events that tell of exposed or abused credentials and resources.

AWS looks for access keys in public places and reports them as `AWS_RISK_CREDENTIALS_EXPOSED`. The
events carry no severity; a playbook sets it. Dates are RFC 1123, numbers are text.
https://docs.aws.amazon.com/health/latest/ug/aws-health-concepts-and-terms.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firedoor.errors import NotAFinding
from firedoor.findings.model import Finding, Occurred, Resource
from firedoor.findings.principal import principal
from firedoor.findings.text import Doubts, at, distinct, fits, items, mapping, moment, text

_SERVICES = ("RISK", "ABUSE", "SECURITY")


def is_finding(document: Any) -> bool:
    """Whether this is the inside of an AWS Health event."""
    return isinstance(at(document, "eventTypeCode"), str) and at(document, "service") is not None


def finding(document: Any, envelope: Mapping[str, Any]) -> Finding:
    """The finding in one event; NotAFinding for news about the service's operation."""
    doubts = Doubts()
    code = text(at(document, "eventTypeCode"), 100) or ""
    if not code:
        raise NotAFinding("it is an AWS Health event without an event type")
    service = text(at(document, "service"), 40) or ""
    if service not in _SERVICES and not code.startswith(("AWS_RISK_", "AWS_ABUSE_")):
        raise NotAFinding(
            f"it is an AWS Health event about {service} ({code}): news of operation, no finding"
        )
    more = mapping(document, "eventMetadata")
    account = ""
    for said in (at(more, "accountId"), at(document, "affectedAccount"), at(envelope, "account")):
        if isinstance(said, str) and fits("account_id", said):
            account = said
            break
    else:
        doubts.add("it names no valid account")
    said_region = at(document, "eventRegion")
    region = None if said_region == "global" else said_region
    return Finding(
        id=text(at(document, "eventArn") or at(envelope, "id"), 512) or "",
        type=code,
        source="health",
        account=account,
        region=doubts.of_kind("region", region or at(envelope, "region"), "the Region") or "",
        severity=5.0,
        severity_label="medium",
        title=code.replace("_", " ").capitalize().replace("Aws ", "AWS ", 1),
        description=_description(document),
        archived=at(document, "statusCode") == "closed",
        resource=_resource(document, more, account, doubts),
        occurred=Occurred(
            first=moment(at(document, "startTime")), last=moment(at(document, "lastUpdatedTime"))
        ),
        updated=moment(at(document, "lastUpdatedTime")),
        arn=doubts.of_kind("arn", at(document, "eventArn"), "the ARN"),
        doubts=doubts.all(),
        raw=document,
    )


def _description(document: Any) -> str:
    said = items(document, "eventDescription")
    return text(at(said[0] if said else None, "latestDescription"), 2048) or ""


def _resource(document: Any, more: dict[str, Any], account: str, doubts: Doubts) -> Resource:
    entities = [at(each, "entityValue") for each in items(document, "affectedEntities")]
    named = [at(more, "publicKey"), *entities]
    keys = distinct(each for each in named if isinstance(each, str) and fits("access_key_id", each))
    key = keys[0] if len(keys) == 1 else next((each for each in named if each and not keys), None)
    who = principal(doubts, account, None, at(more, "userName"), key, None)
    if who.get("principal") == "unknown" and len(keys) == 1 and keys[0].startswith("AKIA"):
        # The event names a long-term key alone: its user is looked up in AWS.
        who = {"principal": "iam_user", "access_key_id": keys[0]}
    return Resource(
        kind="access_key" if key or keys else "other",
        access_key_ids=keys if len(keys) > 1 else (),
        **who,
    )
