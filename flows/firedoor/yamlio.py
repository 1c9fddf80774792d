"""Reads YAML strictly, and remembers where everything stood.

What YAML guesses is left to the schema: every scalar stays the text that was written, so that
`012345670123` is still an account id and `no` still a Region's neighbour. What YAML hides is
refused: duplicate keys, anchors and aliases, tags, merge keys, several documents. All mistakes but
a broken syntax are found at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from firedoor.errors import BadInput, CheckFailed, NotFound, Problem
from firedoor.yamltree import (
    MAX_BYTES,
    Builder,
    Mark,
    Path_,
    Spot,
    Tree,
    refuse_characters,
    spot_after,
)

__all__ = [
    "Document",
    "Mark",
    "Path_",
    "Spot",
    "Tree",
    "load",
    "load_front_matter",
    "loads",
    "shown",
]


@dataclass(frozen=True)
class Document:
    """A file's content and the place of every part of it."""

    name: str
    value: Tree
    marks: Mapping[Path_, Mark]

    @property
    def root(self) -> dict[str, Any]:
        """The mapping that the document is; {} when it is none."""
        return self.value if isinstance(self.value, dict) else {}

    def mark(self, path: Path_) -> Mark:
        """The mark of a value; of the nearest thing around it when the value is not there."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.marks:
                return self.marks[path[:length]]
        return Mark(None, Spot(1, 1))

    def problem(
        self, path: Path_, message: str, *, at: Literal["key", "value"] = "value", offset: int = 0
    ) -> Problem:
        """A problem at a value, at its key, or at a character inside a value."""
        mark = self.mark(path)
        spot = mark.key if at == "key" and mark.key else mark.at(offset) if offset else mark.value
        return Problem(self.name, spot.line, spot.column, message)

    def is_null(self, path: Path_) -> bool:
        """Whether nothing, `null` or `~` stands there, without quotes."""
        found: Any = self.value
        for part in path:
            found = found[part]
        return self.mark(path).plain and found in ("", "null", "~", "Null", "NULL")


def load(path: Path) -> Document:
    """The document in a file; CheckFailed lists all that is wrong with it."""
    name = shown(path)
    return loads(_read(path, name), name)


def loads(text: str, name: str) -> Document:
    """The document in a text; `name` stands for the file in messages."""
    refuse_characters(text, name)
    builder = Builder(name)
    value = builder.build(text)
    if builder.problems:
        raise CheckFailed.of(builder.problems)
    return Document(name, value, builder.marks)


def load_front_matter(path: Path) -> tuple[Document, str]:
    """A Markdown file's front matter (between two lines `---`) and the prose after it."""
    name = shown(path)
    return split_front_matter(_read(path, name), name)


def split_front_matter(text: str, name: str) -> tuple[Document, str]:
    """Like `load_front_matter`, from a text. Positions are those of the whole file."""
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].rstrip() != "---":
        raise CheckFailed.of([Problem(name, 1, 1, "no front matter: the first line has to be ---")])
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == "---":
            prose = "".join(lines[number + 1 :])
            refuse_characters(prose, name, first_line=number + 2)
            return loads("\n" + "".join(lines[1:number]), name), prose.strip("\n")
    raise CheckFailed.of(
        [Problem(name, 1, 1, "the front matter that begins here is not closed by a line ---")]
    )


def shown(path: Path) -> str:
    """A path as messages show it: relative to the current folder where it lies below it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _read(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise NotFound("there is no such file", where=name) from None
    except IsADirectoryError:
        raise BadInput("this is a folder, not a file", where=name) from None
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot be read: {error}", where=name) from None
    if len(content) > MAX_BYTES:
        raise CheckFailed.of([Problem(name, 0, 0, "larger than 1 MiB")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        line, column = spot_after(before)
        raise CheckFailed.of([Problem(name, line, column, "this is not UTF-8 text")]) from None
