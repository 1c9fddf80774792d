"""Patterns with `*`, as playbooks and the plan write them: `*:IAMUser/*`, `arn:aws:iam::*:user/x*`.

`*` stands for any text, also none and also across `:` and `/`. Nothing else is special. Letters
match in either case: AWS's own pages write finding types in several, and two IAM names never differ
in case alone.
"""

from __future__ import annotations

import re

Precision = tuple[int, int]
"""What of two patterns is the closer one: exact before pattern, then more letters before fewer."""

_PLAIN = re.compile(r"[A-Za-z0-9_:/.!&,()@+=* -]{1,200}")


def mistake(glob: str) -> str:
    """Why a text cannot be a pattern; "" when it can."""
    if not glob.strip():
        return "a pattern cannot be empty"
    if "**" in glob:
        return f"{glob!r} has '**'; one '*' already stands for any text"
    if not _PLAIN.fullmatch(glob):
        return f"{glob!r} is not a pattern: only '*' stands for any text, nothing else for anything"
    return ""


def matches(glob: str, text: str) -> bool:
    """Whether a pattern covers a text."""
    parts = (re.escape(part) for part in glob.split("*"))
    return re.fullmatch(".*".join(parts), text, re.IGNORECASE | re.DOTALL) is not None


def precision(glob: str) -> Precision:
    """How close a pattern is; the greater wins."""
    return (0 if "*" in glob else 1, len(glob.replace("*", "")))


def overlap(one: str, other: str) -> bool:
    """Whether there is a text that both patterns cover."""
    first, second = one.lower(), other.lower()
    # reached[j]: what of `first` has been read so far and the first j letters of `second` can be
    # the beginnings of one text.
    reached = [all(letter == "*" for letter in second[:end]) for end in range(len(second) + 1)]
    for letter in first:
        before, reached = reached, [reached[0] and letter == "*"]
        for end, facing in enumerate(second, start=1):
            if letter == "*" or facing == "*":
                reached.append(before[end] or reached[end - 1])
            else:
                reached.append(before[end - 1] and letter == facing)
    return reached[-1]
