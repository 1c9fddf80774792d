"""Takes a routed finding in: opens or extends its incident, keeps it, journals its route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from firedoor.actions.contract import Aws
from firedoor.approval import People
from firedoor.chain import Entry
from firedoor.engine.desk import Desk, Office, open_desk, opened
from firedoor.engine.placing import Place, registered
from firedoor.engine.recorder import Listener
from firedoor.finding import LABELS, Finding
from firedoor.plan import identity
from firedoor.routing import Route
from firedoor.runbook import Json
from firedoor.summary import summarize


def take_in(
    office: Office,
    aws: Aws,
    target: Mapping[str, str],
    finding: Finding,
    routed: Route,
    raw: Json,
    *,
    unasked: Sequence[Any] = (),
    joins: Place | None = None,
    prefix: str = "INC",
    policy: Mapping[str, Json] | None = None,
    people: People | None = None,
    listeners: Sequence[Listener] = (),
    by: str | None = None,
    **more: Json,
) -> Desk:
    """Open an incident for a finding, or extend the one it `joins`; the desk to work it at.

    `unasked` is what may run without asking: empty when the finding was given by hand, and at most
    what the route says when it was confirmed at the source.
    """
    incident = (
        joins.incident
        if joins
        else opened(
            office,
            aws,
            target,
            title=finding.title or finding.type,
            severity=routed.severity,
            prefix=prefix,
            policy=policy,
            by=by,
            **more,
        )
    )
    if office.spool is None:
        # First of all: a repeat that comes now must find it.
        registered(office, incident, finding, aws.now())
    desk = open_desk(
        office, aws, target, incident=incident, people=people, listeners=listeners, by=by
    )
    kept = desk.recorder.keep(
        "finding",
        raw,
        about="The finding as it was received",
        source={"account": finding.account, "region": finding.region, "principal": finding.source},
    )
    told = msgspec.to_builtins(finding)
    told.pop("raw", None)
    joined = {"joined": joins.why, "again": joins.again} if joins else {}
    desk.recorder.write(
        "finding.received", {"finding": told, "evidence": kept.id, **joined}, by=finding.source
    )
    desk.recorder.write(
        "route.decided",
        {
            "playbook": routed.playbook,
            "runbook": routed.runbook,
            "inputs": msgspec.to_builtins(routed.inputs),
            "severity": routed.severity,
            "why": routed.why,
            "unasked": msgspec.to_builtins(list(unasked)),
            "people": msgspec.to_builtins(list(routed.people)),
            "over_when": list(routed.over_when),
        },
    )
    if joins:
        _raise(desk, routed)
    return desk


def ran_already(
    entries: Sequence[Entry], runbook: str, inputs: Mapping[str, Json]
) -> dict[str, Any] | None:
    """The incident's last run of this runbook with these inputs, as `summarize` tells it; None when
    there is none to rely on: a run that failed is none."""
    wanted = identity(inputs)
    runs = [
        run
        for run in (summarize(entries).runs if entries else ())
        if run["runbook"] == runbook and identity(run["inputs"]) == wanted
    ]
    return runs[-1] if runs and runs[-1]["status"] != "failed" else None


def _raise(desk: Desk, routed: Route) -> None:
    """An incident is as severe as the worst of its findings; people alone lower it."""
    now = summarize(desk.recorder.entries()).severity
    if now not in LABELS or LABELS.index(routed.severity) <= LABELS.index(now):
        return
    why = f"a finding of severity {routed.severity} belongs to it"
    desk.recorder.write("severity.changed", {"from": now, "to": routed.severity, "why": why})
