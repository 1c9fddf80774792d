"""The findings that the incident is about, field by field."""

from __future__ import annotations

from typing import Any

from firedoor.report.facts import Facts, Told
from firedoor.report.model import Found
from firedoor.report.text import line, pairs, shortened

_TOLD_ELSEWHERE = (
    "id",
    "type",
    "title",
    "description",
    "resource",
    "sample",
    "archived",
    "raw",
    "doubts",
)


def findings(facts: Facts) -> tuple[Found, ...]:
    """Every finding, in the order they came."""
    return tuple(_found(told) for told in facts.of("finding.received"))


def _found(told: Told) -> Found:
    found: dict[str, Any] = told.part("finding")
    doubts = found.get("doubts")
    fields = pairs(found, *_TOLD_ELSEWHERE)
    if isinstance(doubts, list) and doubts:
        fields += pairs({"left out": doubts})
    evidence = told.text("evidence")
    if evidence:
        fields += pairs({"original kept as": evidence})
    return Found(
        id=line(found.get("id")),
        type=line(found.get("type")),
        title=line(found.get("title")) or line(found.get("type")),
        description=shortened(line(found.get("description"), 2000), 1200),
        sample=found.get("sample") is True,
        archived=found.get("archived") is True,
        fields=fields,
        resource=pairs(found.get("resource")),
        refs=(told.seq,),
    )
