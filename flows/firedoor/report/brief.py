"""The executive summary: five sentences, each with the entries it rests on."""

from __future__ import annotations

from firedoor.report.facts import Facts
from firedoor.report.intruder import Act
from firedoor.report.model import Intruder, Taken, Time, Verdict
from firedoor.report.moments import utc
from firedoor.report.said import Drill, Statement
from firedoor.report.text import line, listed, plural

_ONLY_LOOKING = ("List", "Describe", "Get", "Head", "Lookup")


def brief(
    facts: Facts,
    said: Verdict,
    times: tuple[Time, ...],
    intruder: Intruder,
    taken: tuple[Taken, ...],
    drill: Drill | None,
    done: list[Act],
) -> tuple[Statement, ...]:
    """What happened, what he did, what was done, whether it holds, what is left."""
    return (
        _happened(facts),
        _intruder(intruder, done),
        _did(taken),
        _holds(said, times),
        _rated(drill) if drill else _left(facts, said),
    )


def _happened(facts: Facts) -> Statement:
    found = facts.of("finding.received")
    if not found:
        text = f"The incident was opened by {facts.opened.by} at {utc(facts.opened.stamp)} UTC"
        return Statement(text=f"{text}; no finding was received.", refs=(facts.opened.seq,))
    finding = found[0].part("finding")
    title = line(finding.get("title")) or line(finding.get("type"))
    text = f"At {utc(found[0].stamp)} UTC {line(finding.get('source')) or found[0].by} reported: "
    text += title.rstrip(".")
    account = line(finding.get("account"))
    where = [f"account {account}"] if account else []
    where += [line(finding.get("region"))] if finding.get("region") else []
    text += f" ({', '.join(where)})" if where else ""
    if len(found) > 1:
        text += f", and {plural(len(found) - 1, 'more finding')}"
    return Statement(text=text + ".", refs=tuple(told.seq for told in found[:10]))


def _intruder(intruder: Intruder, done: list[Act]) -> Statement:
    if not done:
        return Statement(text=intruder.progress)
    text = f"Of the attacker {plural(len(done), 'call is', 'calls are')} known, "
    text += f"{intruder.before} before and {intruder.after} after the detection"
    if intruder.addresses:
        text += f", from {listed(list(intruder.addresses), 3)}"
    names = list(dict.fromkeys(act.call.split(":")[-1] for act in done if act.succeeded))
    if names:
        # What changed something tells more than what only looked.
        names.sort(key=lambda name: name.startswith(_ONLY_LOOKING))
        text += f"; what succeeded: {listed(names, 6)}"
    return Statement(text=text + ".", refs=tuple(ref for act in done[:10] for ref in act.refs)[:20])


def _did(taken: tuple[Taken, ...]) -> Statement:
    made = [(step, each) for step in taken for each in step.changes if each.made]
    if not made:
        return Statement(text="firedoor changed nothing.")
    steps = list(dict.fromkeys(step.step for step, _ in made))
    text = f"firedoor made {plural(len(made), 'change')} in {plural(len(steps), 'step')} "
    text += f"({listed(steps, 6)})"
    undone = [each for _, each in made if each.undone]
    if undone:
        text += f"; {len(undone)} of them {'was' if len(undone) == 1 else 'were'} undone since"
    return Statement(text=text + ".", refs=tuple(ref for _, each in made for ref in each.refs)[:20])


def _holds(said: Verdict, times: tuple[Time, ...]) -> Statement:
    known = {time.id: time for time in times}
    contain, first = known["to_contain"], known["to_first_containment"]
    text = said.words
    if contain.shown and said.status in ("contained", "undone", "partly_undone"):
        text += f", proven {contain.shown} after the alert"
    if first.shown:
        text += f"; the first containing change came after {first.shown}"
    return Statement(text=text + ".", refs=said.refs[:10])


def _left(facts: Facts, said: Verdict) -> Statement:
    open_questions = facts.open_questions()
    if open_questions:
        text = f"{plural(len(open_questions), 'question waits', 'questions wait')} for a person."
        return Statement(text=text, refs=tuple(told.seq for told in open_questions))
    if said.tone == "bad":
        text = "It is not over: “What to do next” says what is needed."
        return Statement(text=text, refs=said.refs[:10])
    kept = facts.of("evidence.kept")
    text = f"{plural(len(kept), 'piece')} of evidence kept; “What to do next” lists what is left."
    return Statement(text=text, refs=tuple(told.seq for told in kept[:10]))


def _rated(drill: Drill) -> Statement:
    met = sum(each.met for each in drill.objectives)
    text = f"The drill is rated {drill.rating}"
    if drill.objectives:
        text += f"; {met} of {plural(len(drill.objectives), 'objective')} met"
    return Statement(text=text + ".", refs=drill.refs)
