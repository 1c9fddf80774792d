"""What a text may be as a value of a type, in words and in the other direction.

The lower half of `firedoor.shapes`: numbers, truth values, choices and patterned text.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import inspect

from firedoor.yamltree import Tree


def close(name: str, known: Iterable[str]) -> list[str]:
    """The known name that an unknown one was probably meant to be: one or none."""
    return difflib.get_close_matches(name, sorted(set(known)), n=1, cutoff=0.6)


def meant(name: str, known: Iterable[str], *, listed: bool = True) -> str:
    """The end of a message on an unknown name: `; did you mean 'phase'?`, or what there is."""
    names = sorted(set(known))
    near = close(name, names)
    if near:
        return f"; did you mean {near[0]!r}?"
    if not listed or not names:
        return ""
    return f"; there {'is' if len(names) == 1 else 'are'}: {', '.join(names)}"


def bare(wanted: inspect.Type) -> inspect.Type:
    """A type without its description."""
    return bare(wanted.type) if isinstance(wanted, inspect.Metadata) else wanted


def in_bounds(number: float, wanted: inspect.IntType | inspect.FloatType) -> bool:
    """Whether a number lies within its type's bounds."""
    return not (
        (wanted.ge is not None and number < wanted.ge)
        or (wanted.gt is not None and number <= wanted.gt)
        or (wanted.le is not None and number > wanted.le)
        or (wanted.lt is not None and number >= wanted.lt)
    )


def kind_of(value: Tree) -> str:
    """What a value is, as messages say it."""
    return (
        "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "text"
    )


def noun_of(wanted: inspect.Type) -> str:
    """What a type wants, as messages say it: `a whole number, at least 1`."""
    inner = bare(wanted)
    if isinstance(inner, inspect.StructType | inspect.DictType):
        return "a mapping (key: value)"
    if isinstance(inner, inspect.CollectionType | inspect.TupleType):
        return "a list"
    if isinstance(inner, inspect.BoolType):
        return "true or false"
    if isinstance(inner, inspect.IntType | inspect.FloatType):
        noun = "a whole number" if isinstance(inner, inspect.IntType) else "a number"
        bounds = [
            f"{word} {bound}"
            for word, bound in (
                ("at least", inner.ge),
                ("more than", inner.gt),
                ("at most", inner.le),
                ("less than", inner.lt),
            )
            if bound is not None
        ]
        return f"{noun}, {' and '.join(bounds)}" if bounds else noun
    values = choices_of(inner)
    return f"one of {', '.join(values)}" if values else "text"


def choices_of(wanted: inspect.Type) -> list[str]:
    """The texts that an enum or a Literal allows; [] for any other type."""
    if isinstance(wanted, inspect.EnumType):
        return [str(member.value) for member in wanted.cls]
    if isinstance(wanted, inspect.LiteralType):
        return [str(value) for value in wanted.values]
    return []


def text_mistake(text: str, wanted: inspect.Type, about: str = "") -> str:
    """What is wrong with a text as a value of a type; "" when nothing is."""
    if isinstance(wanted, inspect.Metadata):
        about = (wanted.extra_json_schema or {}).get("description", about)
        return text_mistake(text, wanted.type, about)
    choices = choices_of(wanted)
    if choices:
        if text in choices:
            return ""
        hint = meant(text, choices, listed=False)
        return f"{text!r} is not one of {', '.join(choices)}{hint}"
    if isinstance(wanted, inspect.StrType):
        if wanted.pattern and not fits(text, wanted.pattern):
            return f"{text!r} does not fit: {about or wanted.pattern}"
        if wanted.min_length is not None and len(text) < wanted.min_length:
            return f"{text!r} is shorter than {wanted.min_length}"
        if wanted.max_length is not None and len(text) > wanted.max_length:
            return f"{len(text)} characters are more than {wanted.max_length}"
        return ""
    if isinstance(wanted, inspect.AnyType):
        return ""
    try:
        text_value(text, wanted)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        return f"{text!r} does not fit: {error}"
    return ""


def fits(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern; `$` means the very end, not "before a last line break"."""
    whole = pattern.startswith("^") and pattern.endswith("$")
    return bool(re.fullmatch(pattern, text) if whole else re.search(pattern, text))


def text_value(text: str, wanted: inspect.Type) -> Any:
    """A text that has no mistake as its type wants it."""
    if isinstance(wanted, inspect.EnumType):
        return next(member for member in wanted.cls if str(member.value) == text)
    if isinstance(wanted, inspect.LiteralType):
        return next(value for value in wanted.values if str(value) == text)
    python = _PYTHON.get(type(wanted).__name__)
    return text if python is None else msgspec.convert(text, python)


def key_value(text: str, wanted: inspect.Type) -> Any:
    """A mapping's key as its type wants it; the text itself where it does not fit."""
    inner = bare(wanted)
    try:
        if isinstance(inner, inspect.EnumType | inspect.LiteralType):
            return text_value(text, inner)
    except StopIteration:
        pass
    return text


_PYTHON: dict[str, Any] = {"DateTimeType": datetime, "DateType": date}
