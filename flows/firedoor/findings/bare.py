"""Which parser reads a finding that comes without an envelope, by what stands in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from firedoor.findings import access_analyzer, guardduty, health, macie, ocsf, security_hub
from firedoor.findings.model import Finding

Parser = Callable[[Any, Mapping[str, Any]], Finding]
"""From a document and its envelope ({} when it had none) to a finding; NotAFinding if it is none.
"""

# Macie stands before GuardDuty: its types look the same.
_SOURCES: tuple[tuple[Callable[[Any], bool], Parser], ...] = (
    (security_hub.is_finding, security_hub.finding),
    (ocsf.is_finding, ocsf.finding),
    (macie.is_finding, macie.finding),
    (guardduty.is_finding, guardduty.finding),
    (health.is_finding, health.finding),
    (access_analyzer.is_finding, access_analyzer.finding),
)


def parser_of(document: Any) -> Parser | None:
    """The parser of a bare finding in either spelling; None when it is not one that we know."""
    for is_finding, parser in _SOURCES:
        if is_finding(document):
            return parser
    return None
