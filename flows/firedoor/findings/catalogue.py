"""The finding types that GuardDuty has and had, as of October 2026, in `catalogue.csv`.

`status`: `active`; `custom` (made by GuardDuty's custom detection rules); `retired` and `renamed`
(may still stand in archives, exports and Security Hub). `successor`: what covers a retired type
today; most have one. There is no API that lists finding types.
https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-active.html
https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-retired.html
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from firedoor.findings.model import Finding

Status = Literal["active", "custom", "retired", "renamed"]


class FindingType(msgspec.Struct, frozen=True, kw_only=True):
    """One type, spelt as GuardDuty spells it; `successor` is "" where none covers it today."""

    type: str
    status: Status
    successor: str = ""


@cache
def catalogue() -> Mapping[str, FindingType]:
    """All types by name in lower case: AWS's own pages spell some in two ways. Those that are in
    use come before older ones of the same name."""
    text = resources.files("firedoor.findings").joinpath("catalogue.csv").read_text("utf-8")
    found: dict[str, FindingType] = {}
    for row in csv.DictReader(text.splitlines()):
        found.setdefault(row["type"].lower(), msgspec.convert(row, FindingType))
    return found


def is_new(finding: Finding) -> bool:
    """Whether GuardDuty made it and the catalogue does not have its type.

    Attack sequences are never new: each lists its actors and resources in the same way.
    """
    known = finding.type.lower() in catalogue() or finding.type.startswith("AttackSequence:")
    return finding.source == "guardduty" and not known


def of_today(finding: Finding) -> str:
    """The type that covers a finding's type today: its successor's, or its own."""
    known = catalogue().get(finding.type.lower()) if finding.source == "guardduty" else None
    return known.successor if known and known.successor else finding.type
