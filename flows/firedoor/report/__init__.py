"""The report of an incident, made from its journal alone: as data, HTML, Markdown and JSON.

    report = build(journal.entries("INC-2026-0001"))
    Path("report.html").write_text(to_html(report))

The same journal gives the same bytes. What people add with `firedoor note` is in the journal, and
so is kept whenever the report is made again.
"""

from __future__ import annotations

import msgspec

from firedoor.report.build import build
from firedoor.report.html import to_html
from firedoor.report.markdown import to_markdown
from firedoor.report.model import Report


def to_json(report: Report) -> bytes:
    """The report as JSON, indented, UTF-8; its fields are those of `firedoor.report.model`."""
    return msgspec.json.format(msgspec.json.encode(report, order="deterministic"), indent=2) + b"\n"


__all__ = ["Report", "build", "to_html", "to_json", "to_markdown"]
