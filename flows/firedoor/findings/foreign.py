"""Says what a document is that is not a finding, so that the reader knows what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firedoor.findings.text import at, text

_OURS = ("runbook", "playbook", "scenario")
_SUBSCRIPTION = {
    "SubscriptionConfirmation": "an SNS SubscriptionConfirmation: the topic waits to be confirmed",
    "UnsubscribeConfirmation": "an SNS UnsubscribeConfirmation: the topic sends nothing any more",
}
# Keys that tell what a document is, all of them together; the first that fits is said.
_KNOWN: tuple[tuple[tuple[str, ...], str], ...] = (
    (("alarmName", "newStateValue"), "a CloudWatch alarm"),
    (("configurationItem",), "a change that AWS Config recorded"),
    (("configurationItemDiff",), "a change that AWS Config recorded"),
    (("configRuleName",), "a result of an AWS Config rule"),
    (("findingIds",), "a list of finding ids; read them with `aws guardduty get-findings`"),
    (("successfulSet", "failedSet"), "AWS Health's answer about events, not the event itself"),
    (("entities",), "AWS Health's list of affected things, not the event itself"),
    (("finding", "unasked"), "what `firedoor route` printed; give it the finding"),
    (("statement", "version"), "an IAM policy"),
)
_EVENTS = {
    "Scheduled Event": "a scheduled event, not a finding",
    "GuardDuty Malware Protection Object Scan Result": (
        "the result of a malware scan of an S3 object, not a finding"
    ),
    "Config Configuration Item Change": "a change that AWS Config recorded, not a finding",
    "Security Hub Insight Results": "a count of findings by Security Hub, not the findings",
    "Inspector2 Finding": (
        "a finding of Inspector as such; it is read when it comes through Security Hub"
    ),
}


def scalar(value: Any) -> str:
    """`null`, `true` or `a number`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "a number"


def is_known(document: dict[str, Any]) -> bool:
    """Whether the document is surely something else, whatever it holds."""
    return _known(document) is not None


def what(document: dict[str, Any]) -> str:
    """What a JSON object is that no parser knows."""
    if not document:
        return "it is an empty object"
    known = _known(document)
    if known:
        return known
    keys = ", ".join(text(key, 30) or "''" for key in list(document)[:6])
    more = ", …" if len(document) > 6 else ""
    return (
        f"it is a JSON object that is not a finding of any source known here (keys: {keys}{more})"
    )


def notification(kind: str | None) -> str:
    """What a message of SNS is that is not a notification."""
    return f"it is {_SUBSCRIPTION.get(kind or '', f'an SNS message of type {kind!r}')}"


def event(document: Mapping[str, Any]) -> str:
    """What an EventBridge event is that carries no finding."""
    source, kind = document["source"], document["detail-type"]
    if kind.endswith(" via CloudTrail"):
        return f"it is a CloudTrail event ({_call(document['detail'])}), not a finding"
    shown = f"{text(source, 60) or ''}, {text(kind, 80) or ''}"
    known = _EVENTS.get(kind) if source.startswith("aws.") else None
    return f"it is {known or 'an EventBridge event of another kind, not a finding'} ({shown})"


def records(values: list[Any]) -> str | None:
    """What a list is a list of, when that is known and not findings."""
    first = values[0]
    if all(_is_trail(each) for each in values):
        if len(values) == 1:
            return f"it is a CloudTrail record ({_call(first)}), not a finding"
        return f"it is a list of {len(values)} CloudTrail records, not findings"
    if isinstance(at(first, "s3"), dict) and at(first, "eventName") is not None:
        return "it is a notification of S3 about an object, not a finding"
    if isinstance(at(first, "kinesis"), dict) or isinstance(at(first, "dynamodb"), dict):
        return "it is a batch of stream records; take the findings out of them first"
    return None


def _known(document: dict[str, Any]) -> str | None:
    if _is_trail(document):
        return f"it is a CloudTrail event ({_call(document)}), not a finding"
    for keys, said in _KNOWN:
        if all(at(document, key) is not None for key in keys):
            return f"it is {said}"
    for name in _OURS:
        if isinstance(document.get(name), str):
            return f"it is a {name}, not a finding"
    found = at(document, "events")
    if isinstance(found, list) and found and at(found[0], "cloudTrailEvent") is not None:
        return "it is what CloudTrail's LookupEvents answered, not a finding"
    if any(str(key).startswith(("resource_", "service_")) for key in document):
        return "it is a row of a flattened export (Athena, CSV); give the finding itself"
    return None


def _is_trail(document: Any) -> bool:
    return (
        isinstance(at(document, "eventSource"), str)
        and isinstance(at(document, "eventName"), str)
        and at(document, "userIdentity") is not None
    )


def _call(record: Any) -> str:
    """`iam:CreateUser`."""
    service = (text(at(record, "eventSource"), 60) or "").partition(".")[0]
    return f"{service}:{text(at(record, 'eventName'), 60) or ''}"
