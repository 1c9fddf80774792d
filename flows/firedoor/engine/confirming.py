"""Confirms a finding at its source: what an unasked change needs.

A message proves that somebody sent it: a signed one that the topic did, a key that the sender knows
it. That there is such a finding, only GuardDuty itself can say.
Source: https://docs.aws.amazon.com/guardduty/latest/APIReference/API_GetFindings.html
"""

from __future__ import annotations

from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Literal

import msgspec

from firedoor.actions.contract import Aws
from firedoor.errors import AwsError, NotAFinding
from firedoor.finding import Finding, parse

SECONDS = 2.0
"""How long GuardDuty may take; an unasked change is not worth a longer wait than asking."""

_COMPARED = ("id", "type", "account", "region", "sample", "archived")
_RESOURCE = ("kind", "principal", "user", "role", "access_key_id", "users", "access_key_ids")


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """What the source says. `why` is a sentence without its full stop.

    `not_found`: it has no such finding. `differs`: it has, but another thing stands in it (somebody
    changed the message), or the finding was archived since. `unreadable`: it could not be asked, or
    not in time, or it is a source that cannot be asked.
    """

    status: Literal["confirmed", "not_found", "differs", "unreadable"]
    why: str


def confirm(aws: Aws, finding: Finding, *, seconds: float = SECONDS) -> Confirmed:
    """Read the finding again and compare what a response would act on. Never raises for AWS."""
    if finding.source != "guardduty" or not finding.id:
        why = f"a finding of {finding.source} cannot be read again"
        return Confirmed(status="unreadable", why=why if finding.id else "the finding has no id")
    answers: SimpleQueue[list[Any] | AwsError | None] = SimpleQueue()
    # A daemon: it ends by itself at the SDK's own time limit, and nobody waits for it until then.
    Thread(target=_ask, args=(aws, finding, answers), name="confirm", daemon=True).start()
    try:
        documents = answers.get(timeout=seconds)
    except Empty:
        return Confirmed(
            status="unreadable", why=f"GuardDuty did not answer within {seconds:g} seconds"
        )
    if isinstance(documents, AwsError):
        return Confirmed(
            status="unreadable", why=f"GuardDuty could not be asked: {documents.message}"
        )
    if documents is None:
        return Confirmed(status="unreadable", why=f"GuardDuty has no detector in {finding.region}")
    for document in documents:
        if document.get("Id") == finding.id:
            return _compared(document, finding)
    return Confirmed(status="not_found", why="GuardDuty has no finding of this id")


def _ask(aws: Aws, finding: Finding, answers: SimpleQueue[list[Any] | AwsError | None]) -> None:
    try:
        answers.put(_read(aws, finding))
    except AwsError as error:
        answers.put(error)


def _read(aws: Aws, finding: Finding) -> list[Any] | None:
    region = finding.region or aws.region
    detector = finding.detector_id
    if detector is None:
        found = aws.pages("guardduty", "list_detectors", "DetectorIds", region=region)
        detector = next(iter(found), None)
        if detector is None:
            return None
    answer = aws.call(
        "guardduty",
        "get_findings",
        region=region,
        DetectorId=detector,
        FindingIds=[finding.id],
    )
    return list(answer.get("Findings") or ())


def _compared(document: Any, finding: Finding) -> Confirmed:
    try:
        [own] = parse(document)
    except (NotAFinding, ValueError) as error:
        return Confirmed(status="unreadable", why=f"GuardDuty's answer cannot be read: {error}")
    if own.archived and not finding.archived:
        return Confirmed(status="differs", why="it has been archived since")
    for name in _COMPARED:
        if getattr(own, name) != getattr(finding, name):
            return Confirmed(status="differs", why=f"GuardDuty's own has another {name}")
    for name in _RESOURCE:
        if getattr(own.resource, name) != getattr(finding.resource, name):
            said = name.replace("_", " ")
            return Confirmed(status="differs", why=f"GuardDuty's own names another {said}")
    return Confirmed(status="confirmed", why="confirmed with GuardDuty (GetFindings)")
