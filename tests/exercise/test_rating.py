"""What counts as agreed to, and when the probes show something."""

from __future__ import annotations

from typing import Any

import pytest

from firedoor.chain import Entry
from firedoor.exercise.probes import Probe, controls
from firedoor.exercise.rating import unapproved, unproven


def entry(kind: str, run: str | None = "r1", step: str | None = None, **data: Any) -> Entry:
    return Entry(
        seq=1,
        at="2026-03-14T03:07:00.000Z",
        wall="2026-03-14T03:07:00.000Z",
        kind=kind,
        by="firedoor",
        run=run,
        step=step,
        data=data,
        prev="",
        hash="",
    )


def changed(run: str, step: str) -> Entry:
    return entry("step.receipt", run, step)


def agreed(*steps: str, run: str = "r1") -> Entry:
    return entry("approval.given", run, id="A1", steps=list(steps))


UNASKED = entry("route.decided", None, unasked=[{"step": "named_key"}])


@pytest.mark.parametrize(
    ("journal", "found"),
    [
        ([changed("r1", "deny")], ["r1/deny"]),
        ([agreed("deny"), changed("r1", "deny")], []),
        ([changed("r1", "deny"), agreed("deny")], ["r1/deny"]),
        ([agreed("*"), changed("r1", "deny")], []),
        ([UNASKED, changed("r1", "named_key")], []),
        ([UNASKED, changed("r1", "deny")], ["r1/deny"]),
        ([UNASKED, changed("r1.spread.0", "named_key")], ["r1.spread.0/named_key"]),
        ([agreed("spread"), changed("r1.spread.0", "deny")], []),
        ([agreed("spread"), changed("r1.spread.0.spread.1", "deny")], []),
        ([agreed("sessions"), changed("r1", "sessions.0")], []),
        ([agreed("sessions"), changed("r1.spread.0", "deny")], ["r1.spread.0/deny"]),
    ],
)
def test_a_change_needs_a_yes_that_came_before_it_and_was_about_it(
    journal: list[Entry], found: list[str]
) -> None:
    assert unapproved(journal) == found


def probe(role: Any, phase: Any = "after", *, allowed: bool = False, code: str = "") -> Probe:
    odd = not allowed and code != "AccessDenied"
    return Probe(
        phase=phase,
        role=role,
        who="somebody",
        call="s3:ListBuckets",
        allowed=allowed,
        code=code,
        inconclusive=odd,
    )


@pytest.mark.parametrize(
    ("probes", "control", "answer"),
    [
        ([probe("attacker", code="AccessDenied")], "attacker_denied", True),
        ([probe("attacker", allowed=True)], "attacker_denied", False),
        ([probe("attacker", code="InternalFailure")], "attacker_denied", None),
        ([], "attacker_denied", None),
        ([probe("innocent", allowed=True)], "innocent_allowed", True),
        ([probe("innocent", code="AccessDenied")], "innocent_allowed", False),
        ([probe("fresh", code="InternalFailure")], "fresh_allowed", None),
        ([probe("attacker", "before", allowed=True)], "before_allowed", True),
        ([probe("attacker", "before", code="AccessDenied")], "before_allowed", False),
        ([], "before_allowed", False),
    ],
)
def test_a_control_is_yes_no_or_not_known(
    probes: list[Probe], control: str, answer: bool | None
) -> None:
    assert controls(probes)[control] is answer


def test_a_run_that_did_not_end_contained_proves_nothing() -> None:
    denied = [probe("attacker", code="AccessDenied")]

    assert unproven("contained", denied, []) == ""
    assert unproven("not_contained", denied, []) == "the run ended not contained"


def test_what_does_not_hold_any_more_is_named() -> None:
    again: list[dict[str, Any]] = [{"id": "deny", "holds": False}, {"id": "keys", "holds": True}]

    assert "deny" in unproven("contained", [probe("attacker", code="AccessDenied")], again)
