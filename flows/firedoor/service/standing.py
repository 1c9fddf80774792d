"""What a journal says is to be done now: runs to go on with, checks to make, when to look again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from firedoor.approval import asked_of
from firedoor.chain import Entry
from firedoor.engine.running import unfinished
from firedoor.kinds import parse_time
from firedoor.program import Program
from firedoor.runbook import Json
from firedoor.summary import checks_due

Unended = tuple[str, Program, dict[str, Json]]
"""A run to go on with, its program and its inputs."""

PREFECT = "prefect"
"""Who began a run that Prefect started. It goes on when Prefect starts it again, not before."""


def cut_off(entries: Sequence[Entry]) -> list[Unended]:
    """The runs that have begun, or gone on, and not come to an end: their process died."""
    ended = _ends(entries)
    begun = {
        entry.data["run"]: entry
        for entry in entries
        if entry.kind in ("run.started", "run.resumed") and not entry.data["parent"]
    }
    return [
        each
        for each in _ours(entries)
        if each[0] in begun and begun[each[0]].seq > (ended[each[0]].seq if each[0] in ended else 0)
    ]


def answered(entries: Sequence[Entry], now: datetime) -> list[Unended]:
    """The waiting runs of which a question was answered, or has run out, since they stopped.

    A question that has escalated already is not asked a third time by itself.
    """
    return [each for each in _ours(entries) if _moved(entries, each[0], now)]


def look_again(entries: Sequence[Entry], now: datetime) -> datetime | None:
    """When something will have to be done although nobody writes anything; None when never."""
    moments = [parse_time(each["at"]) for each in checks_due(entries)]
    moments += [
        parse_time(asked.entry.data["expires"])
        for asked in asked_of(entries, now)
        if asked.open and not asked.entry.data.get("escalates")
    ]
    return min((moment for moment in moments if moment > now), default=None)


def due(entries: Sequence[Entry], now: datetime) -> bool:
    """Whether the time of a later check has come."""
    return any(parse_time(each["at"]) <= now for each in checks_due(entries))


def _moved(entries: Sequence[Entry], run: str, now: datetime) -> bool:
    end = _ends(entries).get(run)
    if end is None or end.data["status"] != "waiting":
        return False
    said = {
        entry.data["id"]: entry.seq
        for entry in entries
        if entry.kind in ("approval.given", "approval.denied")
    }
    for asked in asked_of(entries, now):
        if (asked.entry.run or "").split(".")[0] != run or asked.open:
            continue
        if asked.agreed or asked.denied:
            if said.get(asked.id, 0) > end.seq:
                return True
        elif not asked.entry.data.get("escalates"):
            expires = parse_time(asked.entry.data["expires"])
            if expires > parse_time(end.at):
                return True
    return False


def _ends(entries: Sequence[Entry]) -> dict[str, Entry]:
    return {entry.data["run"]: entry for entry in entries if entry.kind == "run.finished"}


def _ours(entries: Sequence[Entry]) -> list[Unended]:
    prefects = {
        entry.data["run"]
        for entry in entries
        if entry.kind == "run.started" and entry.by == PREFECT
    }
    return [each for each in unfinished(entries) if each[0] not in prefects]
