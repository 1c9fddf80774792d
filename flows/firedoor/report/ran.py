"""The runs: which runbook, on which inputs, why, and what might run unasked."""

from __future__ import annotations

from typing import Any

from firedoor.report.facts import Facts, RunFacts
from firedoor.report.model import Ran
from firedoor.report.standing import run_status
from firedoor.report.text import line, pairs


def runs(facts: Facts) -> tuple[Ran, ...]:
    """Every run, those of sub-runbooks too, in the order they began."""
    return tuple(_ran(facts, run) for run in facts.runs.values())


def _ran(facts: Facts, run: RunFacts) -> Ran:
    started = run.started
    routes = [] if run.parent else _routes(facts, started.text("runbook"))
    last = run.resumed[-1] if run.resumed else started
    finished = run.finished if run.ended else None
    return Ran(
        run=run.run,
        parent=run.parent,
        runbook=started.text("runbook"),
        title=started.text("title"),
        engine=last.text("engine"),
        status=run_status(facts, run).replace("_", " "),
        started=started.stamp,
        finished=finished.stamp if finished else "",
        inputs=pairs(started.part("inputs")),
        digest=started.text("program_digest"),
        why="; ".join(line(route.get("why")) for route in routes if route.get("why")),
        unasked=tuple(
            " ".join(line(item.get(key)) for key in ("step", "target") if item.get(key))
            for route in routes
            for item in route.get("unasked") or ()
            if isinstance(item, dict)
        ),
        refs=tuple(told.seq for told in (started, *run.resumed, finished) if told),
    )


def _routes(facts: Facts, runbook: str) -> list[dict[str, Any]]:
    return [told.data for told in facts.of("route.decided") if told.text("runbook") == runbook]
