"""Builds the tree of a YAML text out of the parser's events, with the place of every value.

PyYAML's own builder resolves types and aliases; this one resolves nothing and refuses what a reader
would not see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from firedoor.errors import CheckFailed, Problem

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 50

Tree = str | list["Tree"] | dict[str, "Tree"]
"""What a file says: text, lists and mappings of text."""

Path_ = tuple[str | int, ...]
"""The way to a value: keys and indexes from the root, `("steps", 0, "phase")`."""


class Spot(NamedTuple):
    """A place in a file; lines and columns count from 1."""

    line: int
    column: int


class Mark(NamedTuple):
    """Where a value stands, and its key when it is in a mapping.

    `style` is how a scalar was written: "" plain, "'" or '"' quoted, "|" or ">" a block; "-" for
    lists and mappings. `one_line`: a column inside the value can be told.
    """

    key: Spot | None
    value: Spot
    style: str = "-"
    one_line: bool = True

    @property
    def plain(self) -> bool:
        """Whether the scalar stood there without quotes."""
        return self.style == ""

    def at(self, offset: int) -> Spot:
        """The place of a character of the value; the value's own place when that is not known."""
        if not self.one_line or self.style not in ("", "'", '"'):
            return self.value
        return Spot(self.value.line, self.value.column + offset + len(self.style))


# Control characters, other line breaks than \n (they would shift line numbers), byte order marks,
# lone surrogates, and the marks that make text read in another order than it is (CVE-2021-42574).
REFUSED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
    "\ud800-\udfff\ufffe\uffff]|\r(?!\n)"
)


def refuse_characters(text: str, name: str, first_line: int = 1) -> None:
    """CheckFailed for a text that is too long or holds characters that nobody sees."""
    if len(text) > MAX_BYTES:
        raise CheckFailed.of([Problem(name, 0, 0, "larger than 1 MiB")])
    problems = []
    for found in REFUSED.finditer(text):
        line, column = spot_after(text[: found.start()])
        message = f"the character U+{ord(found[0]):04X} is not allowed"
        problems.append(Problem(name, line + first_line - 1, column, message))
        if len(problems) == 10:
            break
    if problems:
        raise CheckFailed.of(problems)


def spot_after(text: str) -> tuple[int, int]:
    """The line and column that follow a text."""
    return text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1


class Builder:
    """Builds one tree; `marks` and `problems` hold what was found on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.marks: dict[Path_, Mark] = {}
        self.problems: list[Problem] = []

    def build(self, text: str) -> Tree:
        """The tree of a text; CheckFailed where the syntax itself is broken."""
        # Imported here because it takes longer than the whole answer of `firedoor --help`.
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            events = iter(yaml.parse(text, Loader=loader))
            next(events)  # the stream's start
            first = next(events)
            if not isinstance(first, yaml.DocumentStartEvent):
                raise CheckFailed.of([Problem(self.name, 1, 1, "the file is empty")])
            if first.version or first.tags:
                self._problem(first, "directives (%YAML, %TAG) are not allowed")
            opening: Any = next(events)
            if _kind(opening) == "Scalar" and opening.value == "" and not opening.style:
                raise CheckFailed.of([Problem(self.name, 1, 1, "the file is empty")])
            value = self._value(opening, events, (), None)
            next(events)  # the document's end
            more = next(events)
            if isinstance(more, yaml.DocumentStartEvent):
                self._problem(more, "a second document begins here; one file holds one document")
        except yaml.MarkedYAMLError as error:
            raise CheckFailed.of([*self.problems, _syntax(error, text, self.name)]) from None
        except yaml.YAMLError as error:
            message = f"this is not YAML: {' '.join(str(error).split())}"
            raise CheckFailed.of([Problem(self.name, 1, 1, message)]) from None
        return value

    def _value(self, event: Any, events: Iterator[Any], path: Path_, key: Spot | None) -> Tree:
        kind = _kind(event)
        spot = _spot(event)
        self._refuse_marks(event, kind)
        if len(path) > MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels"
            raise CheckFailed.of([*self.problems, Problem(self.name, *spot, message)])
        if kind == "Scalar":
            one_line = event.start_mark.line == event.end_mark.line
            self.marks[path] = Mark(key, spot, event.style or "", one_line)
            return self._text(event)
        self.marks[path] = Mark(key, spot)
        if kind == "SequenceStart":
            return self._list(events, path)
        return self._mapping(events, path) if kind == "MappingStart" else ""

    def _list(self, events: Iterator[Any], path: Path_) -> Tree:
        items: list[Tree] = []
        for event in events:
            if _kind(event) == "SequenceEnd":
                break
            items.append(self._value(event, events, (*path, len(items)), None))
        return items

    def _mapping(self, events: Iterator[Any], path: Path_) -> Tree:
        mapping: dict[str, Tree] = {}
        for event in events:
            if _kind(event) == "MappingEnd":
                break
            key = self._key(event, events)
            if key in mapping:
                first = self.marks[(*path, key)].key
                self._problem(
                    event, f"the key {key!r} is here twice; first on line {first and first.line}"
                )
                # Read and left aside: its content is nobody's.
                aside = Builder(self.name)
                aside._value(next(events), events, (*path, key), None)
                continue
            mapping[key] = self._value(next(events), events, (*path, key), _spot(event))
        return mapping

    def _key(self, event: Any, events: Iterator[Any]) -> str:
        kind = _kind(event)
        self._refuse_marks(event, kind)
        if kind == "Scalar":
            if event.value == "<<" and not event.style:
                self._problem(event, "merge keys (<<) are not allowed")
            elif event.value == "":
                self._problem(event, "a key is missing before the ':'")
            return self._text(event)
        if kind != "Alias":
            self._problem(event, "a key has to be text")
            Builder(self.name)._value(event, events, (), None)
        return ""

    def _text(self, event: Any) -> str:
        text: str = event.value
        found = REFUSED.search(text)
        if found:
            self._problem(event, f"the character U+{ord(found[0]):04X} is not allowed")
        return text

    def _refuse_marks(self, event: Any, kind: str) -> None:
        if kind == "Alias":
            self._problem(event, f"aliases (*{event.anchor}) are not allowed; write the value out")
            return
        if event.anchor is not None:
            self._problem(event, f"anchors (&{event.anchor}) are not allowed; write the value out")
        if event.tag is not None:
            self._problem(
                event, f"tags ({_tag(event.tag)}) are not allowed; the schema knows the type"
            )

    def _problem(self, event: Any, message: str) -> None:
        self.problems.append(Problem(self.name, *_spot(event), message))


def _kind(event: Any) -> str:
    return type(event).__name__.removesuffix("Event")


def _spot(event: Any) -> Spot:
    return Spot(event.start_mark.line + 1, event.start_mark.column + 1)


def _tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


# What the parser says (libyaml's words and PyYAML's own) and what we say. "opened": the place is
# where the quote or bracket was opened, which is what the reader looks for.
_SYNTAX = (
    ("mapping values are not allowed", "a ':' cannot be here; put text that holds ': ' in quotes"),
    ("could not find expected ':'", "a ':' is missing after this key, or a quote is not closed"),
    ("did not find expected key", "this does not line up with the keys above it"),
    ("expected <block end>", "this does not line up with the lines above it"),
    ("did not find expected '-' indicator", "this does not line up with the list items above it"),
    ("did not find expected ',' or", "opened: a bracket opened here is not closed, or lacks a ','"),
    ("expected ',' or", "opened: a bracket opened here is not closed, or lacks a ','"),
    ("did not find expected node content", "a value is missing here"),
    ("block sequence entries are not allowed", "a list item ('- ') cannot begin here"),
    ("unexpected end of stream", "opened: the quote opened here is not closed"),
    ("unknown escape character", "an unknown escape; 'single quotes' take text as it is"),
)


def _syntax(error: Any, text: str, name: str) -> Problem:
    """The parser's error in words that help."""
    mark = error.problem_mark or error.context_mark
    said = str(error.problem or error.context or "this is not YAML")
    for theirs, ours in _SYNTAX:
        if theirs in said:
            said = ours
            break
    if said.startswith("opened: "):
        mark, said = error.context_mark or mark, said.removeprefix("opened: ")
    line, column = (mark.line, mark.column) if mark else (0, 0)
    if "cannot start any token" in said:
        lines = text.split("\n")
        character = lines[line][column : column + 1] if line < len(lines) else ""
        if character == "\t":
            said = "a tab; YAML is indented with spaces"
        else:
            said = f"a value cannot begin with {character!r}; put it in quotes"
    return Problem(name, line + 1, column + 1, said)
