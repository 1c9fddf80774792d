"""What the attacker did, from CloudTrail and, in drills, from the attacker's own script."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from firedoor.report.facts import Facts, Told
from firedoor.report.model import Intruder
from firedoor.report.moments import length, moment
from firedoor.report.said import Row
from firedoor.report.text import line, plural

SAME = timedelta(seconds=2)
"""An act and its trace in CloudTrail, whose times are whole seconds, are one within this."""

HARMLESS = frozenset({"getcalleridentity"})
"""Calls that AWS answers for any credentials, denied ones included: no sign of access.

Source: AWS STS API reference, GetCallerIdentity ("No permissions are required").
"""


@dataclass(frozen=True)
class Act:
    """One call of the attacker. `code` is AWS's error code when it was denied; `about` is what it
    was done to or, in drills, what is lost by it."""

    when: datetime
    call: str
    allowed: bool
    code: str
    who: str
    address: str
    agent: str
    region: str
    about: str
    refs: tuple[int, ...]

    @property
    def key(self) -> str:
        """The call's bare name, however it was written."""
        return bare(self.call)

    @property
    def succeeded(self) -> bool:
        """Whether it shows that he still has access."""
        return self.allowed and self.key not in HARMLESS


@lru_cache(maxsize=10_000)
def bare(call: str) -> str:
    """`iam:CreateUser`, `iam.create_user` and `CreateUser` as `createuser`."""
    return re.sub(r"[^a-z0-9]", "", re.split(r"[:.]", call)[-1].lower())


def acts(facts: Facts) -> list[Act]:
    """Everything he did that is known, oldest first; what two sources tell is told once."""
    found: list[Act] = []
    recent: dict[tuple[str, bool], int] = {}
    told = [*map(_done, facts.of("attacker.acted")), *_trail(facts.of("trail.seen"))]
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


def trail_left_out(facts: Facts) -> int:
    """How many events of CloudTrail the journal counts and does not hold."""
    counts = [told.data.get("left_out") for told in facts.of("trail.seen")]
    return sum(count for count in counts if isinstance(count, int))


def _trail(seen: list[Told]) -> list[Act]:
    """The events of all look-ups: one that several of them found is told once."""
    found: list[Act] = []
    known: Counter[Act] = Counter()
    for told in seen:
        here: Counter[Act] = Counter()
        for event in told.items("events"):
            if not isinstance(event, dict):
                continue
            act = _seen(told, event)
            same = replace(act, refs=())
            here[same] += 1
            # Two equal events in one look-up are two; in two look-ups they are one.
            if here[same] > known[same]:
                known[same] += 1
                found.append(act)
    return found


def _two_sources(facts: Facts, one: Act, other: Act) -> bool:
    entries = [facts.known(ref) for ref in (*one.refs, *other.refs)]
    return len(one.refs) == 1 and len({entry.kind for entry in entries if entry}) == 2


def _merged(one: Act, other: Act) -> Act:
    return replace(
        one,
        when=max(one.when, other.when),
        who=one.who or other.who,
        address=one.address or other.address,
        agent=one.agent or other.agent,
        region=one.region or other.region,
        about=one.about or other.about,
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
        about=told.text("lose") if told.data.get("allowed") else "",
        refs=(told.seq,),
    )


def _seen(told: Told, event: dict[str, Any]) -> Act:
    source = line(event.get("source")).split(".")[0]
    name = line(event.get("event"))
    return Act(
        when=moment(event.get("when")) or told.at,
        call=f"{source}:{name}" if source and ":" not in name else name,
        allowed=not event.get("error"),
        code=line(event.get("error")),
        who=line(event.get("identity")),
        address=line(event.get("ip")),
        agent=line(event.get("agent")),
        region=line(event.get("region")),
        about=line(event.get("resource")),
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
        refs=tuple(sorted({ref for act in after for ref in act.refs})[:200]),
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
