"""Confirms a finding at its source: what an unasked change needs.

A message tells that somebody says there is a finding; GuardDuty itself tells that there is one.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_GetFindings.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from firedoor.actions.contract import Aws
from firedoor.errors import AwsError
from firedoor.finding import Finding

COMPARED = ("id", "type", "account", "region", "resource")


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the source has the finding, and why not when it has not."""

    yes: bool
    why: str


def confirm(aws: Aws, finding: Finding) -> Confirmed:
    """Read the finding from GuardDuty and compare what a response would act on."""
    from firedoor.finding import parse  # lazy: parsers

    if finding.source != "guardduty" or not finding.detector_id or not finding.id:
        return Confirmed(yes=False, why=f"a finding of {finding.source} cannot be confirmed here")
    try:
        answer = aws.call(
            "guardduty",
            "get_findings",
            region=finding.region or None,
            DetectorId=finding.detector_id,
            FindingIds=[finding.id],
        )
    except AwsError as error:
        return Confirmed(yes=False, why=f"GuardDuty could not be asked: {error}")
    documents: list[Any] = answer.get("Findings") or []
    if not documents:
        return Confirmed(yes=False, why="GuardDuty has no such finding")
    [found] = parse(documents[0])
    for name in COMPARED:
        if getattr(found, name) != getattr(finding, name):
            return Confirmed(yes=False, why=f"GuardDuty's own finding has another {name}")
    if found.archived:
        return Confirmed(yes=False, why="the finding is archived")
    return Confirmed(yes=True, why="confirmed with GuardDuty GetFindings")
