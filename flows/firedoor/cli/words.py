"""How statuses, proofs and changes read on a terminal: words and marks, colour only on top."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from firedoor.saying import policy_in_words

MARKS = {
    "done": ("✓", "good"),
    "nothing_to_do": ("·", "quiet"),
    "skipped": ("·", "quiet"),
    "planned": ("·", "quiet"),
    "waiting": ("?", "warn"),
    "failed": ("✗", "bad"),
    "refused": ("✗", "bad"),
    "not_run": ("–", "warn"),
}

VERDICTS = {
    "contained": ("good", "Contained: every containment was read back and holds."),
    "not_contained": (
        "bad",
        "NOT contained: something is not shut, was opened since, or cannot be read.",
    ),
    "waiting": ("warn", "Waiting for a person."),
    "refused": ("bad", "Refused: a person or a rule said no to a step, which is not done."),
    "failed": ("bad", "Failed: a step could not be done."),
    "done": (
        "good",
        "Done: what there was to keep is kept. Nothing was contained; the report says what is left "
        "for people.",
    ),
    "running": ("warn", "Running, or cut off: `firedoor resume` goes on."),
    "undone": ("warn", "Undone: nothing that could be put back stands any more."),
    "partly_undone": ("warn", "Partly undone: some of what was shut has been put back."),
    "open": ("warn", "Open."),
    "closed": ("quiet", "Closed."),
}

PROOFS = {
    "holds": ("good", "holds"),
    "broken": ("bad", "DOES NOT HOLD"),
    "unknown": ("warn", "could not be read back"),
    "none": ("quiet", ""),
}


def value(found: Any, width: int = 60) -> str:
    """A state before or after, in at most `width` characters; None is absent."""
    if found is None:
        return "absent"
    if isinstance(found, bool):
        return "yes" if found else "no"
    text = found if isinstance(found, str) else msgspec.json.encode(found).decode()
    text = _policy(found) or _flat(found) or text
    return text if len(text) <= width else text[: width - 1] + "…"


def _flat(found: Any) -> str:
    """A small record as words: `created 2026-03-01T04:05, reset required no`."""
    if not isinstance(found, dict) or any(isinstance(each, dict | list) for each in found.values()):
        return ""
    said = (f"{key.replace('_', ' ')} {value(inner)}" for key, inner in found.items())
    return re.sub(r"(\d{4}-\d\d-\d\dT\d\d:\d\d):\d\d[^,\s]*", r"\1", ", ".join(said))


def _policy(found: Any) -> str:
    said, condition = policy_in_words(found)
    return f"{said} if {msgspec.json.encode(condition).decode()}" if condition else said
