"""The sort of a value: what kind it is of, whether it may be absent, which attributes it has.

Sorts come from the models of actions (msgspec types annotated with kinds), from the inputs and
outputs of runbooks, and from findings. A reference is checked by comparing the sort of what it
yields with the sort that is wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import inspect

from firedoor.kinds import KINDS, parse_kind
from firedoor.scalars import choices_of


@dataclass(frozen=True)
class Sort:
    """`core` is the type without descriptions and None; `kind` its kind, or "".

    `attributes` is given for things that no model describes: `inputs`, a runbook's outputs.
    """

    core: inspect.Type
    kind: str = ""
    optional: bool = False
    attributes: Mapping[str, Sort] | None = field(default=None, hash=False)

    @property
    def anything(self) -> bool:
        """Whether nothing is known of it."""
        return isinstance(self.core, inspect.AnyType)

    @property
    def item(self) -> Sort | None:
        """The sort of a list's items; None when it is no list."""
        if isinstance(self.core, inspect.CollectionType):
            return sort_of(self.core.item_type)
        return ANYTHING if self.anything else None

    @property
    def boolean(self) -> bool:
        """Whether it is true or false."""
        return isinstance(self.core, inspect.BoolType)

    def known(self) -> list[str]:
        """The names of its attributes."""
        if self.attributes is not None:
            return sorted(self.attributes)
        if isinstance(self.core, inspect.StructType):
            return sorted(field.encode_name for field in self.core.fields)
        return []

    def attribute(self, name: str) -> Sort | None:
        """The sort of an attribute; None when there is none of that name."""
        if self.anything:
            return ANYTHING
        if self.attributes is not None:
            return self.attributes.get(name)
        if isinstance(self.core, inspect.DictType):
            return replace(sort_of(self.core.value_type), optional=True)
        if isinstance(self.core, inspect.StructType):
            for each in self.core.fields:
                if each.encode_name == name:
                    return sort_of(each.type)
        return None

    def __str__(self) -> str:
        if self.kind:
            return self.kind
        if isinstance(self.core, inspect.CollectionType):
            return f"a list of {sort_of(self.core.item_type)}"
        choices = choices_of(self.core)
        if choices:
            return f"one of {', '.join(choices)}"
        for type_, word in _WORDS:
            if isinstance(self.core, type_):
                return word
        return "a value"


_WORDS: tuple[tuple[Any, str], ...] = (
    (inspect.StrType, "text"),
    (inspect.BoolType, "true or false"),
    (inspect.IntType, "a whole number"),
    (inspect.FloatType, "a number"),
    ((inspect.StructType, inspect.DictType), "a mapping"),
)

ANYTHING = Sort(inspect.AnyType(), optional=False)
"""The sort of what is not known: it goes everywhere, so that one mistake is reported once."""

TEXT = Sort(inspect.StrType())


def sort_of(wanted: inspect.Type) -> Sort:
    """The sort of a msgspec type."""
    if isinstance(wanted, inspect.Metadata):
        inner = sort_of(wanted.type)
        kind = (wanted.extra or {}).get("kind", "")
        return replace(inner, kind=kind) if kind else inner
    if isinstance(wanted, inspect.UnionType):
        members = [each for each in wanted.types if not isinstance(each, inspect.NoneType)]
        optional = len(members) < len(wanted.types)
        if len(members) == 1:
            return replace(sort_of(members[0]), optional=optional)
        return Sort(wanted, optional=optional)
    return Sort(wanted)


def type_of_kind(text: str) -> inspect.Type | None:
    """The msgspec type of a kind or list[kind]; None when there is no such kind."""
    parsed = parse_kind(text)
    if parsed is None:
        return None
    kind = KINDS[parsed[0]]
    base: inspect.Type = {
        "integer": inspect.IntType(),
        "boolean": inspect.BoolType(),
    }.get(kind.base, inspect.StrType(pattern=kind.pattern))
    if kind.name not in ("string", "integer", "boolean"):
        base = inspect.Metadata(base, {"description": kind.about}, {"kind": kind.name})
    return inspect.ListType(base) if parsed[1] else base


def made_of(attributes: Mapping[str, Sort], *, optional: bool = False) -> Sort:
    """The sort of a thing with these attributes."""
    return Sort(inspect.DictType(inspect.StrType(), inspect.AnyType()), "", optional, attributes)


def list_of(sort: Sort) -> Sort:
    """The sort of a list of things; of things with given attributes nothing more is known."""
    described = isinstance(sort.core, inspect.StructType)
    wanted = inspect.AnyType() if sort.attributes is not None and not described else sort.core
    if sort.kind:
        wanted = inspect.Metadata(wanted, None, {"kind": sort.kind})
    return Sort(inspect.ListType(wanted))


def mismatch(given: Sort, wanted: Sort) -> str:
    """Why a value of one sort cannot stand where another is wanted; "" when it can.

    Absence is not looked at here: what is allowed then depends on conditions around it.
    """
    if _fits(given, wanted):
        return ""
    return f"is {given}; {wanted} is wanted"


def _fits(given: Sort, wanted: Sort) -> bool:
    if given.anything or wanted.anything:
        return True
    if isinstance(wanted.core, inspect.UnionType):
        return any(_fits(given, sort_of(each)) for each in wanted.core.types)
    if isinstance(given.core, inspect.UnionType):
        return all(_fits(sort_of(each), wanted) for each in given.core.types)
    given_item, wanted_item = given.item, wanted.item
    if given_item is not None or wanted_item is not None:
        return bool(given_item and wanted_item and _fits(given_item, wanted_item))
    choices, allowed = choices_of(given.core), choices_of(wanted.core)
    if allowed:
        return bool(choices) and set(choices) <= set(allowed)
    if wanted.kind:
        return given.kind == wanted.kind
    if isinstance(wanted.core, inspect.StrType):
        return isinstance(given.core, inspect.StrType) or bool(choices)
    if isinstance(wanted.core, inspect.StructType) and isinstance(given.core, inspect.StructType):
        return wanted.core.cls is given.core.cls
    if isinstance(wanted.core, inspect.FloatType):
        return isinstance(given.core, inspect.FloatType | inspect.IntType)
    return type(given.core) is type(wanted.core)
