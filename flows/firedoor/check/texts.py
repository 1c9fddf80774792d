"""Checks conditions and templates: that they can be read, their names, and what they come to."""

from __future__ import annotations

from typing import Any

from msgspec import inspect

from firedoor.check.names import Names, UnusableName
from firedoor.check.sorts import ANYTHING, TEXT, Sort
from firedoor.errors import Problem
from firedoor.expressions import (
    Compare,
    Expression,
    Filter,
    Is,
    Literal,
    Logic,
    Name,
    Not,
    parse,
    parts,
)
from firedoor.render import slots
from firedoor.scalars import choices_of, meant
from firedoor.tokens import ExpressionError
from firedoor.yamlio import Document, Path_

_BOOLEAN = Sort(inspect.BoolType())
_NUMBER = Sort(inspect.IntType())


def condition(
    document: Document, path: Path_, text: str, names: Names
) -> tuple[Expression | None, list[Problem]]:
    """A `when:` as an expression (None when it cannot be read) and its problems."""
    try:
        expression = parse(text)
    except ExpressionError as error:
        return None, [document.problem(path, error.message, offset=error.offset)]
    checker = _Checker(names)
    checker.condition(expression)
    return expression, checker.at(document, path)


def text_template(document: Document, path: Path_, text: str, names: Names) -> list[Problem]:
    """The problems of a template such as `ask:`."""
    try:
        found = slots(text)
    except ExpressionError as error:
        return [document.problem(path, error.message, offset=error.offset)]
    problems: list[Problem] = []
    for slot in found:
        checker = _Checker(names)
        checker.sort(slot.expression)
        problems += checker.at(document, path, slot.offset)
    return problems


class _Checker:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.found: list[tuple[int, str]] = []

    def at(self, document: Document, path: Path_, start: int = 0) -> list[Problem]:
        """What was found, in an expression that begins at a character of the value."""
        return [
            document.problem(path, message, offset=start + offset) for offset, message in self.found
        ]

    def condition(self, expression: Expression) -> None:
        """An expression that decides: true or false, or something that may be absent."""
        if isinstance(expression, Logic | Not):
            for part in parts(expression):
                self.condition(part)
            return
        sort = self.sort(expression)
        if sort.anything or sort.boolean or sort.optional:
            return
        said = _said(expression)
        if isinstance(expression, Filter) and expression.name == "length":
            self._problem(expression, f"{said} is a number; compare it, for example with '> 0'")
        elif sort.item is not None:
            self._problem(expression, f"{said} is a list; write '{said} | length > 0'")
        else:
            self._problem(
                expression,
                f"{said} is {sort} and always there; a condition is true or false, or something"
                " that may be absent: compare it",
            )

    def sort(self, expression: Expression) -> Sort:
        """The sort of what an expression comes to; problems on the way are kept."""
        if isinstance(expression, Name):
            try:
                return self.names.sort(expression.path)
            except UnusableName as error:
                self._problem(expression, str(error))
                return ANYTHING
        if isinstance(expression, Literal):
            return _literal(expression.value)
        if isinstance(expression, Filter):
            return self._filter(expression)
        if isinstance(expression, Compare):
            self._compare(expression)
            return _BOOLEAN
        sorts = [self.sort(part) for part in parts(expression)]
        if isinstance(expression, Not | Is):
            return _BOOLEAN
        return sorts[0] if sorts[0].core == sorts[1].core else ANYTHING

    def _filter(self, expression: Filter) -> Sort:
        inner, *arguments = [self.sort(part) for part in parts(expression)]
        if expression.name == "length":
            return _NUMBER
        if expression.name in ("first", "last"):
            item = inner.item
            if item is None and not isinstance(inner.core, inspect.StrType):
                self._problem(expression, f"{expression.name} wants a list; this is {inner}")
            return ANYTHING if item is None else Sort(item.core, item.kind, optional=True)
        if expression.name == "default":
            return Sort(inner.core, inner.kind) if inner.core == arguments[0].core else ANYTHING
        return Sort(TEXT.core, optional=inner.optional)

    def _compare(self, expression: Compare) -> None:
        left, left_sort = expression.first, self.sort(expression.first)
        for sign, right in expression.rest:
            right_sort = self.sort(right)
            if sign in ("in", "not in"):
                self._within(left_sort, right, right_sort)
            else:
                self._pair(left, left_sort, right, right_sort)
            left, left_sort = right, right_sort

    def _within(self, left: Sort, right: Expression, whole: Sort) -> None:
        if whole.anything or isinstance(whole.core, inspect.DictType):
            return
        items = right.value if isinstance(right, Literal) else None
        if isinstance(items, list):
            for item in items:
                self._choice(left, item, right)
        elif whole.item is None and _class(whole) != "text":
            self._problem(right, f"'in' wants a list or text; this is {whole}")

    def _pair(self, left: Expression, left_sort: Sort, right: Expression, right_sort: Sort) -> None:
        one, other = _class(left_sort), _class(right_sort)
        if one and other and one != other:
            self._problem(right, f"{left_sort} is compared with {right_sort}: never equal")
            return
        for sort, operand in ((left_sort, right), (right_sort, left)):
            if isinstance(operand, Literal):
                self._choice(sort, operand.value, operand)

    def _choice(self, sort: Sort, value: Any, where: Expression) -> None:
        choices = choices_of(sort.core)
        if choices and isinstance(value, str) and value not in choices:
            self._problem(where, f"it is never {value!r}{meant(value, choices)}")

    def _problem(self, expression: Expression, message: str) -> None:
        at = expression.first.at if isinstance(expression, Compare) else expression.at
        self.found.append((at, message))


def _literal(value: Any) -> Sort:
    if value is None:
        return ANYTHING
    if isinstance(value, bool):
        return _BOOLEAN
    if isinstance(value, int | float):
        return _NUMBER
    return Sort(inspect.ListType(inspect.AnyType())) if isinstance(value, list) else TEXT


def _class(sort: Sort) -> str:
    """What can be compared with what; "" where that is not known."""
    if sort.item is not None and not sort.anything:
        return "list"
    if isinstance(sort.core, inspect.StrType) or choices_of(sort.core):
        return "text"
    if isinstance(sort.core, inspect.IntType | inspect.FloatType):
        return "number"
    return "boolean" if sort.boolean else ""


def _said(expression: Expression) -> str:
    if isinstance(expression, Name):
        return ".".join(expression.path)
    if isinstance(expression, Filter):
        return f"{_said(expression.inner)} | {expression.name}"
    return repr(expression.value) if isinstance(expression, Literal) else "this"
