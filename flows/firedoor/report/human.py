"""The sections that only people can fill, with `firedoor note`; kept whenever it is made again."""

from __future__ import annotations

from firedoor.report.facts import Facts, Told
from firedoor.report.said import Human, Note
from firedoor.report.text import shortened

MAX_NOTE = 10_000
"""Characters of a note that the report shows; the journal has the rest."""

SECTIONS = {
    "summary": ("Summary in people's words", "What happened, for readers who were not there?"),
    "impact": ("Impact", "Whose data, which customers, what money? What was not touched?"),
    "detection": ("Detection", "Who or what noticed? Could it have been noticed earlier?"),
    "factors": (
        "Contributing factors",
        "Which conditions made it possible? Conditions, not people.",
    ),
    "well": ("What went well", "What helped, and should stay as it is?"),
    "badly": ("What went badly", "What was slow, missing or misleading?"),
    "luck": ("Where we were lucky", "What could as well have gone the other way?"),
    "lessons": ("Lessons", "What do we know now that we did not know before?"),
    "actions": (
        "Actions and owners",
        "What will be done, by whom, until when, proven by which drill?",
    ),
    "notifications": ("Notifications", "Who was told, who had to be, and who was decided against?"),
    "residual": ("Residual risk", "What stays open, who accepts it, until when?"),
    "people": ("People and roles", "Who led, who wrote down, who was there, for how long?"),
}
"""Section → (title, what it asks). The ids are those of `firedoor note --section`."""


def human(facts: Facts) -> tuple[Human, ...]:
    """Every section with its notes; an empty one says what to type."""
    return tuple(
        Human(
            id=id_,
            title=title,
            asks=asks,
            command=f'firedoor note {facts.incident} --section {id_} "…"',
            notes=tuple(
                _note(told) for told in facts.of("note.added") if told.text("section") == id_
            ),
        )
        for id_, (title, asks) in SECTIONS.items()
    )


def _note(told: Told) -> Note:
    text = told.data.get("text")
    return Note(
        text=shortened(text if isinstance(text, str) else "", MAX_NOTE),
        author=told.text("author") or told.by,
        at=told.stamp,
        refs=(told.seq,),
    )
