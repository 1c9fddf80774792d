"""Writes the report of an incident, from its journal, into the home."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from firedoor.chain import Entry
from firedoor.engine.recorder import Recorder
from firedoor.errors import RunFailed


def report_folder(home: Path, incident: str) -> Path:
    """Where the reports of an incident lie."""
    return home / "reports" / incident


def render(entries: Sequence[Entry], format_: str) -> bytes:
    """The report of a journal as `html`, `md` or `json`."""
    from firedoor.report import build, to_html, to_json, to_markdown  # lazy: it brings Jinja

    report = build(entries)
    if format_ == "json":
        return to_json(report)
    return (to_html if format_ == "html" else to_markdown)(report).encode()


def write_report(recorder: Recorder, home: Path) -> Path:
    """Write report.html, report.md and report.json; the path of the HTML page.

    The documents tell the journal up to here; that they were written is journalled after them.
    """
    entries = recorder.entries()
    folder = report_folder(home, recorder.incident)
    made = {suffix: render(entries, suffix) for suffix in ("html", "md", "json")}
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for suffix, content in made.items():
            draft = folder / f".report.{suffix}"
            draft.write_bytes(content)
            draft.replace(folder / f"report.{suffix}")
    except OSError as error:
        # The journal stands: what it tells can be written elsewhere.
        raise RunFailed(
            f"{folder} cannot be written: {error.strerror}; "
            f"`firedoor report {recorder.incident} -o FILE` writes it elsewhere"
        ) from None
    path = folder / "report.html"
    recorder.write(
        "report.written",
        {
            "path": str(path),
            "format": "html",
            "sha256": hashlib.sha256(made["html"]).hexdigest(),
            "head": entries[-1].hash,
        },
    )
    return path
