"""Turns a document into a model, and says everything that is wrong with it, and where.

The models (runbook, playbook, plan, scenario) are msgspec structs; their types are the schema.
`msgspec.convert` stops at the first mistake and does not know positions, so this walks the types
itself. Text becomes a number or a truth value only where the model wants one.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, TypeVar

from msgspec import inspect

from firedoor.errors import Problem
from firedoor.scalars import (
    bare,
    close,
    in_bounds,
    key_value,
    kind_of,
    meant,
    noun_of,
    text_mistake,
    text_value,
)
from firedoor.yamlio import Document, Path_, Tree

Model = TypeVar("Model")

BAD: Any = object()
"""Stands for a value that could not be had; a problem says why."""


def shape(document: Document, model: type[Model]) -> tuple[Model | None, list[Problem]]:
    """The document as a model, or None and all problems."""
    return shape_part(document, (), model)


def shape_part(
    document: Document, path: Path_, model: type[Model]
) -> tuple[Model | None, list[Problem]]:
    """Like `shape`, of one part of a document."""
    value: Any = document.value
    for part in path:
        value = value[part]
    shaper = Shaper(document)
    made = shaper.value(value, type_of(model), path)
    if shaper.problems:
        return None, sorted(shaper.problems)
    return made, []


def type_of(model: Any) -> inspect.Type:
    """msgspec's description of a type, made once."""
    return _type_info(model)


_type_info = cache(inspect.type_info)


def salvage(document: Document, path: Path_, model: type[Model]) -> Model:
    """What can be used of a struct: parts with mistakes are left out (None where required).

    For checks that go on after `shape` has said what is wrong. The value has to be a mapping.
    """
    value: Any = document.value
    for part in path:
        value = value[part]
    given: dict[str, Any] = {}
    struct: Any = type_of(model)
    for field in struct.fields:
        shaper = Shaper(document)
        if field.encode_name in value:
            made = shaper.value(value[field.encode_name], field.type, (*path, field.encode_name))
            if not shaper.problems:
                given[field.name] = made
        if field.required:
            given.setdefault(field.name, None)
    return model(**given)


class Shaper:
    """One walk over a document and a type; `problems` holds what was found."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def another(self) -> Shaper:
        """A shaper like this one that has found nothing yet: for trying one of several types."""
        return Shaper(self.document)

    def value(self, value: Tree, wanted: inspect.Type, path: Path_) -> Any:
        """The value at a path as a type wants it; `BAD` when it cannot be had."""
        if isinstance(wanted, inspect.Metadata):
            return self._described(value, wanted, path)
        if isinstance(wanted, inspect.UnionType):
            return self._union(value, wanted, path)
        if isinstance(wanted, inspect.AnyType):
            return value
        if isinstance(wanted, inspect.StructType):
            return self._struct(value, wanted, path)
        if isinstance(wanted, inspect.DictType):
            return self._dict(value, wanted, path)
        if isinstance(wanted, inspect.CollectionType | inspect.TupleType):
            return self._items(value, wanted, path)
        return self._scalar(value, wanted, path, "")

    def _described(self, value: Tree, wanted: inspect.Metadata, path: Path_) -> Any:
        about = (wanted.extra_json_schema or {}).get("description", "")
        inner = wanted.type
        if isinstance(inner, inspect.AnyType | inspect.UnionType | inspect.StructType):
            return self.value(value, inner, path)
        if isinstance(inner, inspect.DictType | inspect.CollectionType | inspect.TupleType):
            return self.value(value, inner, path)
        return self._scalar(value, inner, path, about)

    def _union(self, value: Tree, wanted: inspect.UnionType, path: Path_) -> Any:
        members = [each for each in wanted.types if not isinstance(each, inspect.NoneType)]
        optional = len(members) < len(wanted.types)
        if optional and isinstance(value, str) and self.document.is_null(path):
            return None
        if len(members) == 1:
            return self.value(value, members[0], path)
        if isinstance(value, dict):
            tagged = [each for each in members if isinstance(each, inspect.StructType)]
            if tagged and all(each.tag_field for each in tagged):
                return self._tagged(value, tagged, path)
        fitting = [each for each in members if _may_hold(value, each)]
        # What is narrow is tried before text, which takes anything.
        fitting.sort(key=lambda each: isinstance(bare(each), inspect.StrType))
        attempts: list[list[Problem]] = []
        for member in fitting:
            attempt = self.another()
            made = attempt.value(value, member, path)
            if not attempt.problems:
                return made
            attempts.append(attempt.problems)
        if attempts:
            # The member with the fewest mistakes is probably the one that was meant.
            fewest = min(attempts, key=len)
            self.problems.extend(fewest)
            return BAD
        return self._wrong(path, f"has to be {' or '.join(noun_of(each) for each in members)}")

    def _tagged(
        self, value: dict[str, Tree], members: list[inspect.StructType], path: Path_
    ) -> Any:
        field = members[0].tag_field or ""
        if field not in value:
            return self._wrong(path, f"{field!r} is missing")
        said = value[field]
        for member in members:
            if str(member.tag) == said:
                return self._struct(value, member, path)
        known = [str(member.tag) for member in members]
        return self._wrong((*path, field), f"no {field} {said!r}{meant(str(said), known)}")

    def _struct(self, value: Tree, wanted: inspect.StructType, path: Path_) -> Any:
        if not isinstance(value, dict):
            return self._wrong(path, "has to be a mapping (key: value)")
        fields = {field.encode_name: field for field in wanted.fields}
        given: dict[str, Any] = {}
        count = len(self.problems)
        misspelt: set[str] = set()
        for key, item in value.items():
            field = fields.get(key)
            if field is not None:
                given[field.name] = self.value(item, field.type, (*path, key))
            elif key != wanted.tag_field and wanted.forbid_unknown_fields:
                message = f"no key {key!r} here{meant(key, fields)}"
                misspelt.update(close(key, set(fields) - set(value)))
                self.problems.append(self.document.problem((*path, key), message, at="key"))
        for key, field in fields.items():
            # A misspelt key is one mistake, not two.
            if field.required and key not in value and key not in misspelt:
                self.problems.append(self.document.problem(path, f"{key!r} is missing", at="key"))
        if len(self.problems) > count:
            return BAD
        try:
            return wanted.cls(**given)
        except (ValueError, TypeError) as error:
            return self._wrong(path, str(error))

    def _dict(self, value: Tree, wanted: inspect.DictType, path: Path_) -> Any:
        if not isinstance(value, dict):
            return self._wrong(path, "has to be a mapping (key: value)")
        made = {}
        for key, item in value.items():
            mistake = text_mistake(key, wanted.key_type)
            if mistake:
                problem = self.document.problem((*path, key), mistake, at="key")
                self.problems.append(problem)
            made[key_value(key, wanted.key_type)] = self.value(
                item, wanted.value_type, (*path, key)
            )
        return self._counted(made, wanted, path)

    def _items(
        self, value: Tree, wanted: inspect.CollectionType | inspect.TupleType, path: Path_
    ) -> Any:
        if not isinstance(value, list):
            return self._wrong(path, "has to be a list")
        if isinstance(wanted, inspect.TupleType):
            if len(value) != len(wanted.item_types):
                return self._wrong(path, f"has to have {len(wanted.item_types)} items")
            types = wanted.item_types
        else:
            types = (wanted.item_type,) * len(value)
        made = [
            self.value(item, each, (*path, index))
            for index, (item, each) in enumerate(zip(value, types, strict=True))
        ]
        if isinstance(wanted, inspect.TupleType | inspect.VarTupleType):
            return self._counted(tuple(made), wanted, path)
        if isinstance(wanted, inspect.SetType | inspect.FrozenSetType):
            kept = [item for item in made if item is not BAD]
            return self._counted(
                frozenset(kept) if isinstance(wanted, inspect.FrozenSetType) else set(kept),
                wanted,
                path,
            )
        return self._counted(made, wanted, path)

    def _counted(self, made: Any, wanted: Any, path: Path_) -> Any:
        least = getattr(wanted, "min_length", None)
        most = getattr(wanted, "max_length", None)
        if least is not None and len(made) < least:
            return self._wrong(path, f"has to have at least {least}")
        if most is not None and len(made) > most:
            return self._wrong(path, f"has {len(made)}; at most {most} are allowed")
        return made

    def _scalar(self, value: Tree, wanted: inspect.Type, path: Path_, about: str) -> Any:
        if not isinstance(value, str):
            return self._wrong(path, f"has to be {noun_of(wanted)}, not {kind_of(value)}")
        if value == "" and self.document.mark(path).plain:
            return self._wrong(path, f"has no value; it has to be {noun_of(wanted)}")
        if isinstance(wanted, inspect.NoneType):
            return None if self.document.is_null(path) else self._wrong(path, "has to be null")
        if isinstance(wanted, inspect.IntType | inspect.BoolType | inspect.FloatType):
            return self._plain(value, wanted, path)
        mistake = text_mistake(value, wanted, about)
        if mistake:
            self.problems.append(self.document.problem(path, mistake))
            return BAD
        return text_value(value, wanted)

    def _plain(
        self,
        value: str,
        wanted: inspect.IntType | inspect.BoolType | inspect.FloatType,
        path: Path_,
    ) -> Any:
        noun = noun_of(wanted)
        if not self.document.mark(path).plain:
            return self._wrong(path, f"has to be {noun}, without quotes")
        if isinstance(wanted, inspect.BoolType):
            if value in ("true", "false"):
                return value == "true"
            return self._wrong(path, f"{value!r} is not {noun}", label=False)
        whole = isinstance(wanted, inspect.IntType)
        form = r"-?(0|[1-9][0-9]{0,17})" if whole else r"-?[0-9]{1,17}(\.[0-9]{1,17})?"
        if not re.fullmatch(form, value):
            return self._wrong(path, f"{value!r} is not {noun}", label=False)
        number = int(value) if whole else float(value)
        if not in_bounds(number, wanted):
            return self._wrong(path, f"{value} is not {noun}", label=False)
        return number

    def _wrong(self, path: Path_, message: str, *, label: bool = True) -> Any:
        name = _label(path)
        text = f"{name} {message}" if label and message.startswith(("has ", "has no")) else message
        self.problems.append(self.document.problem(path, text))
        return BAD


def _label(path: Path_) -> str:
    if not path:
        return "the file"
    last = path[-1]
    if isinstance(last, str):
        return repr(last)
    return f"item {last + 1} of {_label(path[:-1])}" if path[:-1] else f"item {last + 1}"


def _may_hold(value: Tree, wanted: inspect.Type) -> bool:
    inner = bare(wanted)
    if isinstance(inner, inspect.AnyType):
        return True
    if isinstance(inner, inspect.StructType | inspect.DictType):
        return isinstance(value, dict)
    if isinstance(inner, inspect.CollectionType | inspect.TupleType):
        return isinstance(value, list)
    return isinstance(value, str)
