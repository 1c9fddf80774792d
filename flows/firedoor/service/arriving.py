"""Makes arrivals of what came in: findings, secrets masked, with their keys and ranks."""

from __future__ import annotations

from typing import Any

import msgspec

from firedoor.finding import LABELS, Finding, parse
from firedoor.findings.subjects import key_of
from firedoor.inbox import Arrived
from firedoor.masking import masked


def arrivals(document: Any) -> list[Arrived]:
    """The findings in a document (bytes, text or JSON already read); NotAFinding says what it is
    instead."""
    return [arrived(each) for each in parse(document)]


def arrived(finding: Finding) -> Arrived:
    """One finding as the inbox keeps it. What can change nothing is worked last."""
    clean = msgspec.convert(masked(msgspec.to_builtins(finding)), Finding)
    idle = clean.sample or clean.archived
    rank = 0 if idle else 1000 * (1 + LABELS.index(clean.severity_label)) + int(clean.severity * 10)
    return Arrived(key=key_of(clean), rank=rank, body=msgspec.json.encode(clean).decode())
