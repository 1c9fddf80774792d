"""What the attacker did, from CloudTrail and, in drills, from the attacker's own script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from firedoor.report.facts import Facts, Told
from firedoor.report.model import Intruder, Row
from firedoor.report.moments import length, moment
from firedoor.report.text import line, plural

SAME = timedelta(seconds=2)
"""An act and its trace in CloudTrail, whose times are whole seconds, are one within this."""

HARMLESS = frozenset({"getcalleridentity"})
"""Calls that AWS answers for any credentials, denied ones included: no sign of access.

Source: AWS STS API reference, GetCallerIdentity ("No permissions are required").
"""


@dataclass(frozen=True)
class Act:
    """One call of the attacker. `code` is AWS's error code when it was denied."""

    when: datetime
    call: str
    allowed: bool
    code: str
    who: str
    address: str
    agent: str
    region: str
    refs: tuple[int, ...]

    @property
    def key(self) -> str:
        """The call's bare name, however it was written."""
        return bare(self.call)

    @property
    def succeeded(self) -> bool:
        """Whether it shows that he still has access."""
        return self.allowed and self.key not in HARMLESS


def bare(call: str) -> str:
    """`iam:CreateUser`, `iam.create_user` and `CreateUser` as `createuser`."""
    return re.sub(r"[^a-z0-9]", "", re.split(r"[:.]", call)[-1].lower())


def acts(facts: Facts) -> list[Act]:
    """Everything he did that is known, oldest first; what two sources tell is told once."""
    found: list[Act] = []
    recent: dict[tuple[str, bool], int] = {}
    told = [*map(_done, facts.of("attacker.acted")), *map(_seen, facts.of("trail.seen"))]
    for act in sorted(told, key=lambda act: (act.when, act.refs)):
        last = recent.get((act.key, act.allowed))
        if (
            last is not None
            and act.when - found[last].when <= SAME
            and _two_sources(facts, found[last], act)
        ):
            found[last] = _merged(found[last], act)
            continue
        recent[act.key, act.allowed] = len(found)
        found.append(act)
    return found


def _two_sources(facts: Facts, one: Act, other: Act) -> bool:
    kinds = {facts.entries[ref - 1].kind for ref in (*one.refs, *other.refs) if _is(facts, ref)}
    return len(one.refs) == 1 and len(kinds) == 2


def _is(facts: Facts, ref: int) -> bool:
    return 0 < ref <= len(facts.entries) and facts.entries[ref - 1].seq == ref


def _merged(one: Act, other: Act) -> Act:
    return replace(
        one,
        when=max(one.when, other.when),
        who=one.who or other.who,
        address=one.address or other.address,
        agent=one.agent or other.agent,
        region=one.region or other.region,
        refs=tuple(sorted({*one.refs, *other.refs})),
    )


def _done(told: Told) -> Act:
    return Act(
        when=told.at,
        call=told.text("call"),
        allowed=bool(told.data.get("allowed")),
        code=told.text("code"),
        who=told.text("who"),
        address=told.text("ip"),
        agent=told.text("agent"),
        region=told.text("region"),
        refs=(told.seq,),
    )


def _seen(told: Told) -> Act:
    source = told.text("source").split(".")[0]
    event = told.text("event")
    return Act(
        when=moment(told.data.get("when")) or told.at,
        call=f"{source}:{event}" if source and ":" not in event else event,
        allowed=not told.data.get("error"),
        code=told.text("error"),
        who=told.text("identity"),
        address=told.text("ip"),
        agent=told.text("agent"),
        region=told.text("region"),
        refs=(told.seq,),
    )


def intruder(
    facts: Facts, done: list[Act], rows: tuple[Row, ...], contained: datetime | None
) -> Intruder:
    """What he did, counted before and after the detection and after containment."""
    after = [act for act in done if act.when > facts.origin]
    late = [act for act in after if contained and act.when > contained and act.succeeded]
    return Intruder(
        before=len(done) - len(after),
        after=len(after),
        succeeded=sum(act.allowed for act in after),
        denied=sum(not act.allowed for act in after),
        after_containment=len(late),
        acts=rows,
        addresses=_distinct(act.address for act in done),
        agents=_distinct(act.agent for act in done),
        identities=_distinct(act.who for act in done),
        regions=_distinct(act.region for act in done),
        progress=_progress(facts, done, after, late, contained),
        refs=tuple(ref for act in after[:200] for ref in act.refs),
    )


def _progress(
    facts: Facts, done: list[Act], after: list[Act], late: list[Act], contained: datetime | None
) -> str:
    if not done:
        return "The journal holds no trace of what the attacker did."
    if not after:
        return "No act of the attacker after the detection is in the journal."
    allowed = [act for act in after if act.allowed]
    told = f"{plural(len(after), 'call')} after the detection, {len(allowed)} of them successful"
    if allowed:
        told += f", the last success {length((allowed[-1].when - facts.origin).total_seconds())}"
        told += f" after it ({line(allowed[-1].call)})"
    if contained:
        told += (
            f"; {plural(len(late), 'success', 'successes')} after containment"
            if late
            else "; none succeeded after containment"
        )
    return told + "."


def _distinct(values: Iterator[str]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))
