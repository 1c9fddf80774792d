"""Builds the report from a journal: reads it once, then asks each part for its say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from firedoor.chain import Entry
from firedoor.report.appendix import appendix
from firedoor.report.attack import attack
from firedoor.report.brief import brief
from firedoor.report.decided import decided
from firedoor.report.facts import read
from firedoor.report.following import commands, following
from firedoor.report.found import findings
from firedoor.report.heading import head
from firedoor.report.human import human
from firedoor.report.intruder import acts, intruder
from firedoor.report.kept import kept
from firedoor.report.model import Report
from firedoor.report.proofs import controls, proofs
from firedoor.report.ran import runs
from firedoor.report.rated import drill
from firedoor.report.standing import standing
from firedoor.report.taken import taken
from firedoor.report.timeline import act_events, act_rows, timeline
from firedoor.report.times import times
from firedoor.report.undoing import undo
from firedoor.report.unknown import unknown
from firedoor.report.verdict import verdict

FORMAT = "firedoor.report/1"
MOST = 250
"""Parts of one kind that a report shows."""

Part = TypeVar("Part")


def build(entries: Sequence[Entry]) -> Report:
    """The report of a journal, which begins with `incident.opened`.

    It depends on the entries alone, never on the clock: equal journals give equal reports.
    """
    facts = read(entries)
    done = acts(facts)
    stands = standing(facts, done)
    said = verdict(facts, stands)
    measured = times(facts, done, stands)
    changed = taken(facts)
    his = act_events(facts, done, stands)
    rows, rows_lost = timeline(facts, his)
    his_rows, his_lost = act_rows(facts, his)
    attacker = intruder(facts, done, his_rows, stands.claimed_at)
    rating = drill(facts)
    lines, lines_lost = appendix(facts)
    lost = [text for text in (rows_lost, his_lost) if text]
    report = Report(
        format=FORMAT,
        head=head(facts, entries),
        verdict=said,
        summary=brief(facts, said, measured, attacker, changed, rating, done),
        times=measured,
        timeline=rows,
        intruder=attacker,
        decisions=_most(decided(facts), "decisions", lost),
        actions=_most(changed, "actions", lost),
        proofs=_most(proofs(facts), "proofs", lost),
        controls=_most(controls(facts), "controls", lost),
        evidence=_most(kept(facts), "pieces of evidence", lost),
        unknown=unknown(facts),
        undo=undo(facts, changed),
        findings=_most(findings(facts), "findings", lost),
        attack=attack(facts),
        runs=_most(runs(facts), "runs", lost),
        human=human(facts),
        drill=rating,
        next=following(facts, done, stands, changed),
        commands=commands(facts),
        journal=lines,
        left_out=(),
    )
    return msgspec.structs.replace(report, left_out=(*lost, *lines_lost))


def _most(found: tuple[Part, ...], what: str, lost: list[str]) -> tuple[Part, ...]:
    """The first and the last of too many; how many are missing between them goes to `lost`."""
    if len(found) <= MOST:
        return found
    lost.append(f"{len(found) - MOST:,} of {len(found):,} {what}, from the middle.")
    return (*found[: MOST // 2], *found[-MOST // 2 :])
