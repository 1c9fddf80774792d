"""What the simulated AWS keeps beside moto: sessions, trail, findings, reports, SCPs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from firedoor.clock import Clock
from firedoor.simulator.faults import Faults
from firedoor.simulator.sessions import Sessions
from firedoor.simulator.trail import Trail

Document = dict[str, Any]


@dataclass
class Report:
    """A credential report and when it was made."""

    made: datetime
    content: bytes


@dataclass
class State:
    """The simulator's own state; `scps` are, for an account, the documents of each level.

    `beside`: what stands for operations that moto lacks, by account, Region and thing.
    `limits`: by the name of a role, what sessions of it may do at most from now on.
    """

    clock: Clock
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    sessions: Sessions
    trail: Trail
    faults: Faults
    scps: dict[str, tuple[tuple[Document, ...], ...]] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    beside: dict[tuple[str, ...], Any] = field(default_factory=dict)
    limits: dict[str, Document] = field(default_factory=dict)
    findings: dict[tuple[str, str], dict[str, Document]] = field(default_factory=dict)
    kept: dict[tuple[str, str, str], Document] = field(default_factory=dict)

    def of(self, service: str, account: str, region: str) -> Document:
        """What a service keeps in an account and Region that moto has no place for."""
        return self.kept.setdefault((service, account, region), {})

    def add_finding(self, account: str, region: str, finding: Mapping[str, Any]) -> None:
        """Keep a GuardDuty finding, in place of one with the same id."""
        self.findings.setdefault((account, region), {})[str(finding["Id"])] = dict(finding)
