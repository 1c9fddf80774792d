"""Reads an HTML page with the standard library's parser, as a browser's eyes would."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "hr", "img", "input", "link", "path", "rect", "circle", "line"})


@dataclass
class Element:
    """One element: its tag, attributes, and all text within."""

    tag: str
    attributes: dict[str, str]
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text within, as it stands."""
        return "".join(self.parts)


@dataclass
class Page(HTMLParser):
    """A page's elements in order, and what was left open or closed twice."""

    html: str
    elements: list[Element] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[Element] = []
        self.declaration = ""
        self.feed(self.html)
        self.close()
        self.wrong += [f"<{each.tag}> is never closed" for each in self._open]

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        """The elements with this tag and these attributes (`class_` for class: one of them)."""
        return [
            each
            for each in self.elements
            if (not tag or each.tag == tag)
            and all(
                wanted in each.attributes.get(name.rstrip("_"), "").split()
                for name, wanted in attributes.items()
            )
        ]

    @property
    def text(self) -> str:
        """All text of the body, in one line."""
        return " ".join(self.all("body")[0].text.split())

    def handle_decl(self, decl: str) -> None:
        self.declaration = decl

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self._open or self._open[-1].tag != tag:
            self.wrong.append(f"</{tag}> closes nothing")
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for each in self._open:
            each.parts.append(data)
