"""The report as one HTML page that needs nothing else: no script, no picture, no font from outside.

Everything that is not ours is escaped by Jinja; it was cleaned and masked when the journal was
read. A content security policy in the page forbids scripts and every request.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from firedoor.report.drawing import drawing
from firedoor.report.kept import size_said
from firedoor.report.model import Report
from firedoor.report.moments import utc
from firedoor.report.proofs import KINDS
from firedoor.report.said import Refs

TEMPLATES = Path(__file__).parent / "templates"
MOST_REFS = 6
"""References that stand after a sentence; how many more there are is said."""


def to_html(report: Report) -> str:
    """The page; the same report gives the same page."""
    shown = frozenset(line.seq for line in report.journal)

    def refs(numbers: Refs) -> Markup:
        numbers = tuple(sorted(set(numbers)))
        links = [
            Markup('<a href="#e{0}">#{0}</a>').format(seq) if seq in shown else Markup(f"#{seq}")
            for seq in numbers[:MOST_REFS]
        ]
        if len(numbers) > MOST_REFS:
            links.append(Markup("+{}").format(len(numbers) - MOST_REFS))
        return (
            Markup('<span class="refs">{}</span>').format(Markup(" ").join(links))
            if links
            else Markup("")
        )

    page = _environment().get_template("page.html.j2")
    return page.render(
        report=report,
        picture=Markup(drawing(report)),  # every text in it is escaped where it is put in
        style=Markup((TEMPLATES / "style.css").read_text("utf-8")),
        kinds=KINDS,
        refs=refs,
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"utc": utc, "bytes": size_said}
    return environment
