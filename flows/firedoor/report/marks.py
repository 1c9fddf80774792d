"""The marks of the picture: their shape says what their colour says, never colour alone."""

from __future__ import annotations

from firedoor.report.said import Row

Drawn = tuple[str, str, int]
"""Its name, its class and on which of a lane's two lines it stands."""


def mark_of(row: Row) -> Drawn:
    """How a row is drawn."""
    if row.mark == "success":
        return ("minor" if row.minor else "success", "minor" if row.minor else "bad", 0)
    if row.mark == "denied":
        return "denied", "denied", 1
    if row.lane == "detection":
        return "finding", "warn", 0
    if row.mark == "question":
        return "question", "warn", 0
    if row.mark == "answer":
        return ("no" if row.tone == "bad" else "yes"), row.tone, 1
    if row.lane == "decision":
        return "minor", "minor", 1
    if row.mark == "proof":
        return ("no" if row.tone == "bad" else "proof"), row.tone, 1
    if row.label == "undone":
        return "undone", "warn", 0
    if row.tone == "bad":
        return "failed", "bad", 0
    if row.tone == "good" and row.label != "ended":
        return "change", "act", 0
    return "minor", "minor", 1


LEGEND = (
    ("success", "bad", "attacker succeeded"),
    ("denied", "denied", "attacker denied"),
    ("finding", "warn", "finding"),
    ("question", "warn", "asked"),
    ("yes", "good", "agreed"),
    ("no", "bad", "refused, or not held"),
    ("change", "act", "change made"),
    ("undone", "warn", "change undone"),
    ("proof", "good", "read back, holds"),
    ("failed", "bad", "step failed"),
    ("minor", "minor", "other"),
)


def glyph(name: str, tone: str, x: float, y: float) -> str:
    """The mark as SVG, its middle at x, y; about 14 units wide."""
    at = f'transform="translate({x:.1f} {y:.1f})"'
    return f'<g class="m-{tone}" {at}>{_SHAPES[name]}</g>'


_TICK = '<path class="in" d="M-3.2 .2 -1 2.6 3.4 -2.4"/>'
_CROSS = '<path class="in" d="M-2.6 -2.6 2.6 2.6M2.6 -2.6 -2.6 2.6"/>'
_SHAPES = {
    "success": '<path class="fill" d="M0 -7.5 7.5 0 0 7.5 -7.5 0Z"/>',
    "denied": '<circle class="line" r="6"/><path class="line" d="M-4.2 4.2 4.2 -4.2"/>',
    "finding": '<path class="fill" d="M0 -7.5 8 6.5 -8 6.5Z"/>',
    "question": '<circle class="line" r="6.5"/>'
    '<path class="line thin" d="M-2.1 -1.7a2.1 2.1 0 1 1 3.2 1.7q-1.1 .7 -1.1 1.5"/>'
    '<circle class="fill" cy="3.6" r=".9"/>',
    "yes": f'<circle class="fill" r="6.5"/>{_TICK}',
    "no": f'<circle class="fill" r="6.5"/>{_CROSS}',
    "change": '<rect class="fill" x="-6" y="-6" width="12" height="12" rx="1.5"/>',
    "undone": '<rect class="line" x="-5.5" y="-5.5" width="11" height="11" rx="1.5"/>',
    "proof": '<circle class="line" r="6.2"/><path class="line" d="M-2.8 .2 -.8 2.4 3 -2.2"/>',
    "failed": f'<rect class="fill" x="-6" y="-6" width="12" height="12" rx="1.5"/>{_CROSS}',
    "minor": '<circle class="fill" r="3"/>',
}
