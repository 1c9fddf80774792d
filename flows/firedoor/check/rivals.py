"""Finds entries of playbooks between which only chance would decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from firedoor.errors import FiredoorError, Problem
from firedoor.playbook import Match
from firedoor.shapes import shape_part
from firedoor.yamlio import Document, Path_, load_front_matter


def rivals(document: Document, path: Path, beside: Mapping[str, Path]) -> list[Problem]:
    """Entries that another playbook has just as closely: who takes the finding would be chance."""
    problems = []
    others = [
        (name, match)
        for name, other in beside.items()
        if other.absolute() != path.absolute()
        for _, match in _entries(_document(other))
    ]
    own: list[Match] = []
    for place, match in _entries(document):
        if match in own:
            problems.append(document.problem((*place, "type"), f"{match.type!r} is listed twice"))
        own.append(match)
        for name, other in others:
            if match.meets(other):
                message = (
                    f"{match.type!r} is as close as {other.type!r} of playbook {name!r}: say "
                    "more in one of them (a longer pattern, sources, principals)"
                )
                problems.append(document.problem((*place, "type"), message))
    return problems


def _document(path: Path) -> Document | None:
    try:
        return load_front_matter(path)[0]
    except FiredoorError:
        return None  # its own check says why


def _entries(document: Document | None) -> Iterator[tuple[Path_, Match]]:
    listed = document.root.get("findings") if document is not None else None
    if document is None or not isinstance(listed, list):
        return
    for index, _ in enumerate(listed):
        match, problems = shape_part(document, ("findings", index), Match)
        if match is not None and not problems:
            yield ("findings", index), match
