"""Takes a routed finding in: opens the incident, keeps the document, journals the route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from firedoor.actions.contract import Aws
from firedoor.approval import People
from firedoor.engine.desk import Desk, Office, open_desk, opened
from firedoor.engine.recorder import Listener
from firedoor.finding import Finding
from firedoor.routing import Route
from firedoor.runbook import Json


def take_in(
    office: Office,
    aws: Aws,
    target: Mapping[str, str],
    finding: Finding,
    routed: Route,
    raw: Json,
    *,
    unasked: Sequence[Any] = (),
    prefix: str = "INC",
    policy: Mapping[str, Json] | None = None,
    people: People | None = None,
    listeners: Sequence[Listener] = (),
    by: str | None = None,
    **more: Json,
) -> Desk:
    """Open an incident for a finding; the desk to work it at.

    `unasked` is what may run without asking: empty when the finding was given by hand, and at most
    what the route says when it was confirmed at the source.
    """
    incident = opened(
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
    desk.recorder.write(
        "finding.received", {"finding": told, "evidence": kept.id}, by=finding.source
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
        },
    )
    return desk
