"""The times of an incident, each with its definition; what is not known says why.

Definitions follow the AWS Security Incident Response User Guide's metrics. "MTTR" is not among
them: respond, recover, resolve and repair all claim it, and one incident has times, not means.
"""

from __future__ import annotations

from datetime import datetime

from firedoor.kinds import time_text
from firedoor.report.facts import Facts
from firedoor.report.intruder import Act
from firedoor.report.model import Time
from firedoor.report.moments import length, moment, utc
from firedoor.report.said import Refs
from firedoor.report.standing import Standing, success_of

_BY_PEOPLE = (
    "approval.given",
    "approval.denied",
    "note.added",
    "severity.changed",
    "status.changed",
)

Point = tuple[datetime, Refs]


def times(facts: Facts, done: list[Act], stands: Standing) -> tuple[Time, ...]:
    """Moments first, then the lengths between them."""
    first = _first_act(facts, done)
    detected = _detected(facts)
    taken_up = _taken_up(facts)
    changes = _changes(facts)
    proven = _proven(facts, stands)
    success, unseen = _last_success(stands)
    none_made = "no containing change was made"
    not_proven = "containment is not proven"
    if stands.claimed_at and not proven:
        at = utc(time_text(stands.claimed_at))
        not_proven = f"taken for proven at {at} UTC; what came after speaks against it"
    no_finding = "no finding was received: the incident was opened by hand"
    no_act = "the journal holds no trace of the attacker"
    nobody = "no person has answered, noted or decided anything"
    start = detected or (facts.opened.at, (facts.opened.seq,))
    alert = "the alert" if detected else "the incident was opened"
    return (
        _moment("first_act", "First act seen", FIRST_ACT, first, no_act),
        _moment("detected", "Detected", DETECTED, detected, no_finding),
        _moment("acknowledged", "Acknowledged", ACKNOWLEDGED, taken_up, nobody),
        _moment("first_change", "First containing change", FIRST, _at(changes, 0), none_made),
        _moment("last_change", "Last containing change", LAST, _at(changes, -1), none_made),
        _moment("contained", "Proven contained", PROVEN, proven, not_proven),
        _moment("last_success", "Last success seen", SUCCESS, success, unseen),
        _length(
            "to_detect",
            "Time to detect",
            "From the first act seen to the alert.",
            first,
            detected,
            no_finding if first else no_act,
        ),
        _length(
            "to_acknowledge",
            "Time to acknowledge",
            f"From {alert} until a person took it up.",
            start,
            taken_up,
            nobody,
        ),
        _length(
            "to_first_containment",
            "Time to first containment",
            f"From {alert} to the first containing change.",
            start,
            _at(changes, 0),
            none_made,
        ),
        _length(
            "to_contain",
            "Time to contain",
            f"From {alert} until containment was proven.",
            start,
            proven,
            not_proven,
        ),
        _length(
            "dwell",
            "Attacker's dwell time",
            "From the first act seen until containment was proven.",
            first,
            proven,
            no_act if not first else not_proven,
        ),
    )


FIRST_ACT = (
    "The earliest of the attacker's calls in CloudTrail and of what the finding says it saw first. "
    "He may have been there before."
)
DETECTED = "When firedoor received the first finding; relative times count from here."
ACKNOWLEDGED = "When a person first answered a question, wrote a note or decided something."
FIRST = "AWS accepted the first change of a step of the phase “contain”."
LAST = "AWS accepted the last change of a step of the phase “contain”: believed contained."
PROVEN = (
    "Everything that contains was read back from AWS and held; where something was opened and shut "
    "again, when that was read back."
)
SUCCESS = "The last call of the attacker's that CloudTrail showed to get through after it was shut."


def _first_act(facts: Facts, done: list[Act]) -> Point | None:
    found: list[Point] = [(act.when, act.refs) for act in done[:1]]
    for told in facts.of("finding.received"):
        occurred = told.part("finding").get("occurred")
        seen = moment(occurred.get("first")) if isinstance(occurred, dict) else None
        if seen:
            found.append((seen, (told.seq,)))
    return min(found, default=None)


def _detected(facts: Facts) -> Point | None:
    found = [(told.at, (told.seq,)) for told in facts.of("finding.received")]
    return min(found, default=None)


def _taken_up(facts: Facts) -> Point | None:
    found = facts.of(*_BY_PEOPLE)
    return (found[0].at, (found[0].seq,)) if found else None


def _changes(facts: Facts) -> list[Point]:
    return sorted(
        (told.at, (told.seq,))
        for step in facts.steps.values()
        if step.phase == "contain"
        for told in step.receipts.values()
    )


def _proven(facts: Facts, stands: Standing) -> Point | None:
    if stands.contained_at is None:
        return None
    return stands.contained_at, (stands.proven_by,) if stands.proven_by else ()


def _last_success(stands: Standing) -> tuple[Point | None, str]:
    """When the last success was; else in words that none was seen, and until when."""
    at = moment(success_of(stands.success).get("when")) if stands.success else None
    if stands.success and at:
        return (at, (stands.success.seq,)), ""
    if stands.watched_until:
        return None, f"none was seen until {utc(stands.watched_until)} UTC"
    return None, "no step has watched for one"


def _at(points: list[Point], index: int) -> Point | None:
    return points[index] if points else None


def _moment(id_: str, name: str, definition: str, found: Point | None, none: str) -> Time:
    if found is None:
        return Time(id=id_, name=name, definition=definition, none=none)
    at = time_text(found[0])
    return Time(id=id_, name=name, definition=definition, at=at, shown=utc(at), refs=found[1])


def _length(
    id_: str, name: str, definition: str, start: Point | None, end: Point | None, none: str
) -> Time:
    if start is None or end is None:
        return Time(id=id_, name=name, definition=definition, none=none)
    seconds = (end[0] - start[0]).total_seconds()
    if seconds < 0:
        why = "the second of the two moments lies before the first"
        return Time(id=id_, name=name, definition=definition, none=why)
    return Time(
        id=id_,
        name=name,
        definition=definition,
        seconds=round(seconds, 3),
        shown=length(seconds),
        refs=tuple(sorted({*start[1], *end[1]})),
    )
