"""The plan and the result of a run as Markdown, for Prefect's artifacts; key ids are masked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from firedoor.chain import Entry
from firedoor.kinds import mask_key_id
from firedoor.program import Program
from firedoor.render import escape_markdown
from firedoor.runbook import Json

Told = Mapping[str, Any]


def artifact_key(incident: str, run: str, what: str) -> str:
    """`inc-2026-0042-r1-plan`: Prefect wants lower case, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", f"{incident}-{run}-{what}".lower()).strip("-")


def plan_text(program: Program, entries: Sequence[Entry], run: str) -> str:
    """The plan of a run as it was shown; its steps where none was made (a finding's own run)."""
    made = next(
        (
            entry.data
            for entry in reversed(entries)
            if entry.kind == "plan.made" and entry.data["run"] == run
        ),
        None,
    )
    lines = [f"# Plan: {_line(program.main.title)}", ""]
    if made is None:
        lines += ["| step | phase | what |", "|---|---|---|"]
        for step in program.main.all_steps():
            what = step.action or step.runbook or ""
            lines.append(_row(step.id, step.phase.value if step.phase else "", step.title or what))
        return "\n".join(lines)
    lines += [f"Digest {made['digest'][:12]}", "", "| step | change | from | to |"]
    lines.append("|---|---|---|---|")
    for planned in made["steps"]:
        for change in planned.get("changes", ()):
            lines.append(
                _row(planned["id"], f"{change['resource']} {change['what']}")
                + _row(change.get("from"), change.get("to"))[1:]
            )
    return "\n".join(lines)


def result_text(incident: str, finished: Told) -> str:
    """What a run came to: the data of its `run.finished`."""
    lines = [
        f"# {_line(incident)} {_line(finished['run'])}: {_line(finished['status'])}",
        "",
        "| step | phase | status | proof | why |",
        "|---|---|---|---|---|",
        *(
            _row(step["id"], step["phase"], step["status"], step["proof"], step.get("why", ""))
            for step in _flat(finished["steps"])
        ),
    ]
    if finished["unknown"]:
        lines += ["", "Not known:", *(f"- {_line(note)}" for note in finished["unknown"])]
    lines += ["", f"The record is the journal: `firedoor journal show {incident}`"]
    return "\n".join(lines)


def _flat(steps: Sequence[Told]) -> Iterator[Told]:
    for step in steps:
        yield step
        yield from _flat(step.get("steps", ()))


def _row(*cells: Json) -> str:
    return "| " + " | ".join(_line("" if cell is None else cell) for cell in cells) + " |"


def _line(value: Json, limit: int = 300) -> str:
    said = msgspec.json.encode(value).decode() if isinstance(value, dict | list) else str(value)
    text = mask_key_id(said)
    return escape_markdown(text if len(text) <= limit else text[: limit - 1] + "…")
