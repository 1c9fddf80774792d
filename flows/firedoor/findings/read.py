"""Opens whatever a finding came in, and hands it to the parser of its source.

Taken off: JSON lines, lists, `{"Findings": […]}`, EventBridge, SNS (also as Lambda sees it), SQS
(as received, as Lambda sees it), Security Hub's imports and custom actions; in any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from firedoor.errors import NotAFinding
from firedoor.findings.model import Finding

MAX_LAYERS = 8


@dataclass(frozen=True)
class _Layer:
    """Where a document was found: the way to it, its envelope, and how many layers are off."""

    where: str = ""
    envelope: Mapping[str, Any] = msgspec.field(default_factory=dict)  # replaced below
    count: int = 0

    def inside(self, where: str, envelope: Mapping[str, Any] | None = None) -> _Layer:
        if self.count >= MAX_LAYERS:
            raise NotAFinding(f"wrapped in more than {MAX_LAYERS} envelopes", where=self.where)
        return replace(
            self,
            where=f"{self.where}{'.' if self.where and not where.startswith('[') else ''}{where}",
            envelope=self.envelope if envelope is None else envelope,
            count=self.count + 1,
        )


def parse(document: Any) -> list[Finding]:
    """The findings in a document: bytes, text (JSON or JSON lines), or JSON already read.

    NotAFinding says what the document is instead, and where. When some entries of a list are
    findings and others are not, the findings are returned and the first says in its `doubts` what
    was left out.
    """
