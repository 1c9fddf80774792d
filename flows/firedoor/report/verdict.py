"""The answer to the one question that everybody asks: is the attacker shut out?"""

from __future__ import annotations

from collections.abc import Iterator

from firedoor.kinds import time_text
from firedoor.report.facts import Facts, StepFacts, Told
from firedoor.report.model import Verdict
from firedoor.report.moments import utc
from firedoor.report.said import Statement, Tone
from firedoor.report.standing import Standing, success_of
from firedoor.report.text import line, listed, plural

WORDS: dict[str, tuple[str, str, Tone]] = {
    "contained": ("Contained", "✓", "good"),
    "not_contained": ("NOT contained", "✗", "bad"),
    "failed": ("NOT contained: the run failed", "✗", "bad"),
    "refused": ("NOT contained: a change was refused", "✗", "bad"),
    "waiting": ("Not contained yet: waiting for a person", "?", "warn"),
    "running": ("Not contained yet: the run has not ended", "…", "warn"),
    "undone": ("Contained, then opened again", "↺", "warn"),
    "partly_undone": ("Contained, then partly opened again", "↺", "warn"),
    "done": ("Done: nothing was to be contained", "·", "quiet"),
    "open": ("Open: nothing has been run", "·", "warn"),
}


def verdict(facts: Facts, stands: Standing) -> Verdict:
    """The verdict in words, symbol and tone, why, and what qualifies it."""
    words, symbol, tone = WORDS.get(stands.status, (f"NOT contained: {stands.status}", "✗", "bad"))
    why, refs = _why(facts, stands)
    return Verdict(
        status=stands.status,
        words=words,
        symbol=symbol,
        tone=tone,
        why=why,
        caveats=tuple(_caveats(facts, stands)),
        refs=refs,
    )


def _why(facts: Facts, stands: Standing) -> tuple[str, tuple[int, ...]]:
    against = _against(facts, stands)
    match stands.status:
        case "contained":
            return _proven(facts, stands)
        case "undone" | "partly_undone":
            return _undone(facts, stands)
        case "waiting":
            asked = facts.open_questions()
            steps = [line(step) for told in asked for step in told.items("steps")]
            told = f"{plural(len(asked), 'question waits', 'questions wait')} for an answer"
            if steps:
                told += f"; until then not done: {listed(steps, 6)}"
            return told + ".", tuple(each.seq for each in asked)
        case "running":
            last = facts.last
            return f"The journal ends at #{last.seq} ({last.kind}), within a run.", (last.seq,)
        case "refused":
            return _refused(facts, stands)
        case "done":
            return "The runbook has no change to make, or everything was as it should be.", ()
        case "open":
            return "No runbook has been run for this incident.", (facts.opened.seq,)
        case _:
            if against:
                return against
            return "The run ended without proof that every containing change holds.", tuple(
                run.finished.seq for run, _ in stands.runs if run.finished
            )


def _refused(facts: Facts, stands: Standing) -> tuple[str, tuple[int, ...]]:
    denied = facts.of("approval.denied")
    said = [f"{told.by} said no" + _because(told.text("reason")) for told in denied]
    by_rule = refused_by_rule(facts)
    said += [
        f"The rule “{told.text('rule')}” refused the step {told.step}{_because(told.text('why'))}"
        for told in by_rule
    ]
    refs = [told.seq for told in (*denied, *by_rule)]
    if stands.success:
        said.append(_success(stands.success))
        refs.append(stands.success.seq)
    text = "; ".join(said) or "A step was refused"
    return f"{text.rstrip('.')}.", tuple(refs)


def refused_by_rule(facts: Facts) -> list[Told]:
    """How those steps ended that a rule refused, and that nothing has done since."""
    ends = [step.finished for step in facts.steps.values() if step.status == "refused"]
    return [told for told in ends if told and told.text("rule")]


def _proven(facts: Facts, stands: Standing) -> tuple[str, tuple[int, ...]]:
    proven = [s for s in facts.steps.values() if s.phase == "contain" and s.proof and s.mutating]
    told = f"{plural(len(proven), 'containing step')} read back from AWS and found to hold"
    refs = [step.proof.seq for step in proven if step.proof]
    rated = facts.of("drill.rated")
    if rated and rated[-1].part("proof").get("attacker_denied") is True:
        told += "; the attacker's own credentials were tried and refused"
        refs.append(rated[-1].seq)
    elif not any(act for act in facts.of("trail.seen")):
        told += "; CloudTrail's view of the attacker is not in the journal"
    else:
        told += "; no success of the attacker was seen afterwards"
        if stands.watched_until:
            told += f", until {utc(stands.watched_until)} UTC"
    return f"{told[0].upper()}{told[1:]}.", tuple(refs)


def _undone(facts: Facts, stands: Standing) -> tuple[str, tuple[int, ...]]:
    back = [told for step in stands.undone for told in step.undone.values()]
    left = [step for step in stands.undone if not step.open_again]
    at = utc(time_text(stands.contained_at)) if stands.contained_at else ""
    told = f"It was proven contained at {at} UTC; since then "
    told += f"{plural(len(back), 'change was', 'changes were')} undone on purpose"
    if left:
        told += f", partly of {listed([step.step for step in left])}"
    standing = sum(len(step.receipts) - len(step.undone) for step in facts.steps.values())
    told += f"; {plural(standing, 'change still stands', 'changes still stand')}"
    return told + ".", tuple(sorted(each.seq for each in back))


def _against(facts: Facts, stands: Standing) -> tuple[str, tuple[int, ...]] | None:
    """Everything that speaks against containment, worst first."""
    found: list[str] = []
    refs: list[int] = []
    if stands.late:
        act = stands.late[0]
        found.append(
            f"the attacker succeeded {plural(len(stands.late), 'time')} after containment was "
            f"believed proven, first with {act.call} at {utc(time_text(act.when))} UTC"
        )
        refs += [ref for act in stands.late[:20] for ref in act.refs]
    elif stands.success:
        found.append(_success(stands.success))
        refs.append(stands.success.seq)
    if stands.got_through:
        calls = listed([told.text("call") for told in stands.got_through])
        found.append(f"tried with the attacker's own credentials, {calls} still got through")
        refs += [told.seq for told in stands.got_through]
    for step in stands.broken:
        found.append(_broken(step))
        refs += [step.proof.seq] if step.proof else []
    for step in facts.steps.values():
        if step.status != "failed" or step in stands.broken or step.phase in ("evidence", "report"):
            continue
        why = step.finished.text("why") if step.finished else ""
        found.append(f"the step {step.step} failed{_because(why)}")
        refs += [step.finished.seq] if step.finished else []
    for refused in refused_by_rule(facts):
        found.append(f"the step {refused.step} was refused{_because(refused.text('why'))}")
        refs.append(refused.seq)
    if not found:
        return None
    told = "; ".join(found[:5])
    if len(found) > 5:
        told += f"; and {len(found) - 5} more reasons"
    return f"{told[0].upper()}{told[1:]}.", tuple(sorted(set(refs)))


def _success(told: Told) -> str:
    seen = success_of(told)
    return (
        f"the attacker still got through after it was shut, last with {line(seen.get('event'))} at "
        f"{utc(str(seen.get('when')))} UTC from {line(seen.get('source_ip'))}"
    )


def _broken(step: StepFacts) -> str:
    checks = step.proof.items("checks") if step.proof else []
    bad = [line(c.get("what")) for c in checks if isinstance(c, dict) and c.get("holds") is False]
    if bad:
        return f"the step {step.step} does not hold ({listed(bad)})"
    if step.proof and step.proof.data.get("holds") is False:
        return f"the step {step.step} does not hold"
    return f"whether the step {step.step} holds could not be read back"


def _caveats(facts: Facts, stands: Standing) -> Iterator[Statement]:
    if facts.simulated:
        yield Statement(text="Played against simulated AWS: it says nothing of a real account.")
    if stands.provisional and stands.status not in ("waiting", "running"):
        last = facts.last
        text = f"Written inside the run, before its end: it tells the journal up to #{last.seq}."
        yield Statement(text=text, refs=(last.seq,))
    if stands.shut_again and stands.status == "contained":
        made = plural(len(stands.shut_again), "change was", "changes were")
        text = f"{made} taken back by somebody after it was made, and made again."
        yield Statement(text=text, refs=tuple(told.seq for told in stands.shut_again))
    if stands.status == "contained":
        due = [run.finished for run, _ in stands.runs if run.finished and run.finished.items("due")]
        again = [told for told in facts.of("proof.taken") if told.data.get("again")]
        if due and not again:
            text = "It has not been read back a second time: the later checks are due."
            yield Statement(text=text, refs=tuple(told.seq for told in due))
        stubbed = [t for t in facts.of("proof.taken") if t.text("kind") == "stubbed"]
        if stubbed:
            text = f"{plural(len(stubbed), 'proof')} rest on something the simulator lacks."
            yield Statement(text=text, refs=tuple(told.seq for told in stubbed))
    notes = [
        (run.finished, run.finished.items("unknown")) for run, _ in stands.runs if run.finished
    ]
    count = sum(len(items) for _, items in notes)
    if count:
        text = f"{plural(count, 'thing')} could not be looked at: see “What is not known”."
        yield Statement(text=text, refs=tuple(told.seq for told, items in notes if items))
    for told in facts.of("run.started", "run.resumed"):
        if told.text("engine") == "break-glass" and not told.data.get("parent"):
            yield Statement(text="Run without Prefect (break-glass).", refs=(told.seq,))
            break


def _because(reason: str) -> str:
    return f": {reason.rstrip('.')}" if reason else ""
