"""What is not known, and what this kind of record can never know."""

from __future__ import annotations

from firedoor.report.facts import Facts
from firedoor.report.intruder import trail_left_out
from firedoor.report.model import Unknown
from firedoor.report.said import Refs, Statement
from firedoor.report.text import line, plural

_ALWAYS = (
    "CloudTrail shows what was done with the credentials, not who did it: the owner's own calls "
    "and the attacker's look alike.",
    "CloudTrail's event history holds management events, 90 days of them, delivered up to 15 "
    "minutes late; what was read from or written to objects in S3 is not in it.",
    "A proof tells how things were when it was taken. Whoever still holds rights elsewhere can "
    "change them again.",
    "How the credentials came into the wrong hands, and what was done with what was taken, no "
    "record in AWS shows.",
)


def unknown(facts: Facts) -> Unknown:
    """What the runs and proofs could not look at, once each, and the limits of the record."""
    found: dict[str, Refs] = {}
    for told in facts.of("run.finished", "step.finished"):
        for note in told.items("unknown"):
            found.setdefault(line(note), (told.seq,))
    for step in facts.steps.values():
        ended = step.status in ("failed", "refused")
        if ended and step.phase in ("evidence", "triage") and step.finished:
            text = f"{step.step} {step.status}: {step.finished.text('why')}"
            found.setdefault(text, (step.finished.seq,))
        if step.proof and step.proof.data.get("holds") is None:
            text = f"whether {step.step} ({step.run}) holds could not be read back"
            found.setdefault(text, (step.proof.seq,))
        found.update(_half_made(step.run, step.step, facts))
    left_out = trail_left_out(facts)
    if left_out:
        text = f"{plural(left_out, 'event')} of CloudTrail were counted and are not in the journal"
        found[text] = tuple(told.seq for told in facts.of("trail.seen"))
    for told in facts.of("error"):
        text = f"{told.text('where')}: {told.text('message')}"
        found.setdefault(text, (told.seq,))
    return Unknown(
        found=tuple(Statement(text=_sentence(text), refs=refs) for text, refs in found.items()),
        limits=_ALWAYS,
    )


def _half_made(run: str, name: str, facts: Facts) -> dict[str, Refs]:
    """Intents without a receipt of a step that has ended: the change may or may not have taken."""
    step = facts.steps[run, name]
    if not step.finished:
        return {}
    return {
        f"whether {name} changed {line(told.part('change').get('resource'))} is not known: "
        "the intent has no receipt": (told.seq,)
        for told in step.intents
        if line(told.part("change").get("resource")) not in step.receipts
    }


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) else text + "."
