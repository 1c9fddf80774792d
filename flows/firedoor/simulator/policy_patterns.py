"""The wildcards and variables of IAM policies: what a pattern matches in a request's context.

Source: IAM User Guide, "Policy elements: Resource", "Variables and tags", "Condition operators".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

Context = Mapping[str, str | list[str]]
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_DEFAULTED = re.compile(r"^\s*([^,\s]+)\s*,\s*'(.*)'\s*$", re.DOTALL)
_WILDCARDS = re.compile(r"([*?])")
_LITERAL = {"*", "?", "$"}
# Variables came with this version; older documents take them literally.
VERSION_WITH_VARIABLES = "2012-10-17"


class Folded(dict[str, str | list[str]]):
    """A context whose keys are found in any case, as IAM finds them; ask with `key`."""

    def __init__(self, context: Context) -> None:
        super().__init__({name.lower(): value for name, value in context.items()})

    def key(self, name: str) -> str | list[str] | None:
        """The value of a condition key, or None when the request does not carry it."""
        return self.get(name.lower())


def resolved(text: str, context: Folded, *, variables: bool) -> list[tuple[str, bool]] | None:
    """A pattern as pieces (text, taken literally), its variables replaced.

    None when a variable has neither a single value in the context nor a default: such a pattern
    matches nothing. What a variable brings in is literal: a `*` in a user's tag is no wildcard.
    """
    if not variables or "${" not in text:
        return [(text, False)]
    pieces: list[tuple[str, bool]] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        pieces.append((text[end : found.start()], False))
        value = _value(found[1], context)
        if value is None:
            return None
        pieces.append((value, True))
        end = found.end()
    pieces.append((text[end:], False))
    return pieces


def _value(name: str, context: Folded) -> str | None:
    if name in _LITERAL:
        return name
    defaulted = _DEFAULTED.match(name)
    value = context.key(defaulted[1] if defaulted else name.strip())
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return defaulted[2] if value is None and defaulted else value


def plain(pieces: list[tuple[str, bool]]) -> str:
    """The text of a resolved pattern, for operators that know no wildcards."""
    return "".join(text for text, _ in pieces)


def glob(pieces: list[tuple[str, bool]], text: str, *, any_case: bool = False) -> bool:
    """Whether `*` (any characters) and `?` (exactly one) make the pattern cover the whole text."""
    return _compiled(tuple(pieces), any_case).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _compiled(pieces: tuple[tuple[str, bool], ...], any_case: bool) -> re.Pattern[str]:
    """The pattern as a regular expression that never tries twice, whatever it is given.

    Between two `*` the first fit is as good as any later one, so it is never given up again.
    """
    runs = [""]
    for text, literal in pieces:
        for part in [text] if literal else _WILDCARDS.split(text):
            if part == "*" and not literal:
                runs.append("")
            else:
                runs[-1] += "." if part == "?" and not literal else re.escape(part)
    first, *middle = runs
    last = middle.pop() if middle else None
    written = first + "".join(f"(?>.*?{run})" for run in middle if run)
    written += "" if last is None else f".*{last}"
    return re.compile(written, re.DOTALL | (re.IGNORECASE if any_case else 0))


def arn_glob(pieces: list[tuple[str, bool]], arn: str) -> bool:
    """Whether a pattern covers an ARN, compared field by field: a `*` never spans a field.

    A bare `*` covers everything; fields that an incomplete ARN leaves out are `*`.
    """
    if plain(pieces) == "*":
        return True
    fields = _fields(pieces)
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return glob(pieces, arn)
    fields += [[("*", False)]] * (6 - len(fields))
    return all(glob(field, part) for field, part in zip(fields, parts, strict=True))


def _fields(pieces: list[tuple[str, bool]]) -> list[list[tuple[str, bool]]]:
    """The six fields of an ARN pattern; a colon that a variable brought in separates nothing."""
    fields: list[list[tuple[str, bool]]] = [[]]
    for text, literal in pieces:
        while not literal and ":" in text and len(fields) < 6:
            head, text = text.split(":", 1)
            fields[-1].append((head, False))
            fields.append([])
        fields[-1].append((text, literal))
    return fields
