"""Findings: what alerts say, normalised. `parse` takes any document that a source sends.

    for finding in parse(document):   # bytes, text, or JSON already read
        finding.type, finding.resource.user, finding.severity_label

The parsers are in `firedoor.findings`, one module per source.
"""

from __future__ import annotations

from firedoor.findings.model import (
    LABELS,
    Actor,
    Finding,
    Label,
    Occurred,
    Principal,
    Resource,
    label_of,
)
from firedoor.findings.read import parse

__all__ = [
    "LABELS",
    "Actor",
    "Finding",
    "Label",
    "Occurred",
    "Principal",
    "Resource",
    "label_of",
    "parse",
]
