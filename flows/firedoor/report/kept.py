"""The evidence: what was kept, of what, when, and its SHA-256."""

from __future__ import annotations

from firedoor.report.facts import Facts
from firedoor.report.model import Kept
from firedoor.report.text import line


def kept(facts: Facts) -> tuple[Kept, ...]:
    """Every piece of evidence, in the order it was kept."""
    found: list[Kept] = []
    for told in facts.of("evidence.kept"):
        size = told.data.get("size")
        source = told.part("source")
        collected = told.part("collected")
        parts = (line(source.get(key)) for key in ("account", "region", "principal"))
        found.append(
            Kept(
                artefact=told.text("artefact"),
                name=told.text("name"),
                about=told.text("about"),
                sha256=told.text("sha256"),
                size=size if isinstance(size, int) else 0,
                path=told.text("path"),
                collected=line(collected.get("end")) or told.stamp,
                source=" · ".join(part for part in parts if part),
                step=told.step,
                requests=tuple(line(each) for each in told.items("requests")[:20]),
                refs=(told.seq,),
            )
        )
    return tuple(found)


def size_said(size: int) -> str:
    """A number of bytes for people: `812 B`, `4.1 kB`, `2.0 MB`."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:.1f} kB"
    return f"{size / 1_000_000:.1f} MB"
