"""What an incident has come to, from its journal: for lists and status lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from firedoor.journal import Entry


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One incident in short. `status` is the last run's, or open or closed as people said."""

    id: str
    status: str
    severity: str
    title: str
    findings: int
    opened: str
    world: str
    target: dict[str, str]
    runs: tuple[dict[str, Any], ...]
    waiting: tuple[dict[str, Any], ...]
    due: tuple[dict[str, str], ...]
    unknown: tuple[str, ...]
    report: str


def summarize(entries: Sequence[Entry]) -> Summary:
    """The summary of a journal, whose first entry opens the incident."""
    opened = entries[0]
    status = "open"
    severity = opened.data.get("severity", "")
    runs: dict[str, dict[str, Any]] = {}
    asked: dict[str, dict[str, Any]] = {}
    report = ""
    # Steps whose proof was taken again and did not hold: the run's own ending is overruled.
    broken: set[tuple[str | None, str | None]] = set()
    for entry in entries:
        data = entry.data
        if entry.kind == "run.started" and not data.get("parent"):
            runs[data["run"]] = {
                "run": data["run"],
                "runbook": data["runbook"],
                "inputs": data["inputs"],
                "engine": data["engine"],
                "status": "running",
                "started": entry.at,
            }
            status = "running"
        elif entry.kind == "run.finished" and data["run"] in runs:
            runs[data["run"]] |= {
                "status": data["status"],
                "steps": data["steps"],
                "unknown": data["unknown"],
                "due": data["due"],
            }
            status = data["status"]
            broken.clear()
        elif entry.kind == "proof.taken" and data.get("again"):
            place = (entry.run, entry.step)
            (broken.discard if data["holds"] is True else broken.add)(place)
        elif entry.kind == "approval.asked":
            asked[data["id"]] = {"run": entry.run, "asked": entry.at, **data}
        elif entry.kind in ("approval.given", "approval.denied"):
            asked.pop(data["id"], None)
        elif entry.kind == "severity.changed":
            severity = data["to"]
        elif entry.kind == "status.changed":
            status = data["to"]
        elif entry.kind == "report.written":
            report = data["path"]
    if broken and status == "contained":
        status = "not_contained"
    last = list(runs.values())[-1] if runs else {}
    return Summary(
        id=opened.data["id"],
        status=status,
        severity=severity,
        title=opened.data.get("title", ""),
        findings=sum(entry.kind == "finding.received" for entry in entries),
        opened=opened.at,
        world=opened.data.get("world", "aws"),
        target=opened.data.get("target", {}),
        runs=tuple(runs.values()),
        waiting=tuple(asked.values()),
        due=tuple(last.get("due", ())),
        unknown=tuple(last.get("unknown", ())),
        report=report,
    )
