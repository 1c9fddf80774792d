"""Conditions: `when: before.has_console and who.access_key_id`.

A condition is one expression (see `firedoor.expressions`). What is absent counts as false.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firedoor.errors import BadInput
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
    walk,
)
from firedoor.references import follow
from firedoor.runbook import Json
from firedoor.tokens import ExpressionError


def evaluate(text: str, scope: Mapping[str, Json]) -> bool:
    """Whether a condition holds; BadInput when it cannot be read."""
    return bool(value_of(_parsed(text), scope))


def names(text: str) -> set[str]:
    """The names a condition begins from: `who.user == 'x'` → {"who"}."""
    return {path[0] for path in paths(_parsed(text))}


def paths(expression: Expression) -> set[tuple[str, ...]]:
    """Every name with its attributes: {("who", "user")}."""
    return {part.path for part in walk(expression) if isinstance(part, Name)}


def conjuncts(expression: Expression) -> list[Expression]:
    """The parts of an expression that all have to hold: `a and b` → [a, b]."""
    if isinstance(expression, Logic) and expression.word == "and":
        return [*conjuncts(expression.left), *conjuncts(expression.right)]
    return [expression]


def present(expression: Expression) -> set[tuple[str, ...]]:
    """The paths that are surely not absent where the expression holds.

    `a.b and c` → a.b, a, c. `a or b` → none. `not a.b` → none: an absent a.b makes it true.
    """
    if isinstance(expression, Name):
        return {expression.path[:length] for length in range(1, len(expression.path) + 1)}
    if isinstance(expression, Logic):
        left, right = present(expression.left), present(expression.right)
        return left | right if expression.word == "and" else left & right
    if isinstance(expression, Compare):
        return _compared(expression)
    if isinstance(expression, Filter) and expression.name != "default":
        return present(expression.inner)
    if isinstance(expression, Is) and expression.present:
        return present(expression.inner)
    if isinstance(expression, Not) and isinstance(expression.inner, Is):
        inner = expression.inner
        return set() if inner.present else present(inner.inner)
    return set()


def _compared(expression: Compare) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    left = expression.first
    for sign, right in expression.rest:
        if sign in ("<", "<=", ">", ">="):
            found |= _bare(left) | _bare(right) | _counted(sign, left, right)
        elif sign == "in":
            found |= _bare(right)
            if isinstance(right, Literal):
                found |= _bare(left) if None not in _listed(right.value) else set()
        elif sign == "==" or (sign == "!=" and _is_none(left, right)):
            for one, other in ((left, right), (right, left)):
                if isinstance(other, Literal) and (other.value is None) == (sign == "!="):
                    found |= _bare(one)
        left = right
    return found


def _bare(expression: Expression) -> set[tuple[str, ...]]:
    # A filter may make something of what is absent (its length is 0), so only names count.
    return present(expression) if isinstance(expression, Name) else set()


def _counted(sign: str, left: Expression, right: Expression) -> set[tuple[str, ...]]:
    """`a.b | length > 0`: only what is there has a length above 0."""
    if isinstance(left, Filter) and left.name == "length" and isinstance(right, Literal):
        least = {">": 0, ">=": 1}.get(sign)
        if least is not None and isinstance(right.value, int) and right.value >= least:
            return _bare(left.inner)
    return set()


def _is_none(*operands: Expression) -> bool:
    return any(isinstance(each, Literal) and each.value is None for each in operands)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _parsed(text: str) -> Expression:
    try:
        return parse(text)
    except ExpressionError as error:
        message = f"the condition {text!r} cannot be read: {error.message}"
        raise BadInput(message) from None


def value_of(expression: Expression, scope: Mapping[str, Json]) -> Any:
    """What an expression comes to in a scope: a JSON value; None for what is absent."""
    if isinstance(expression, Literal):
        return expression.value
    if isinstance(expression, Name):
        return follow(expression.path, scope)
    if isinstance(expression, Not):
        return not value_of(expression.inner, scope)
    if isinstance(expression, Is):
        return (value_of(expression.inner, scope) is not None) == expression.present
    if isinstance(expression, Logic):
        left = value_of(expression.left, scope)
        decided = not left if expression.word == "and" else bool(left)
        return left if decided else value_of(expression.right, scope)
    if isinstance(expression, Filter):
        arguments = [value_of(each, scope) for each in expression.arguments]
        return _filtered(expression.name, value_of(expression.inner, scope), arguments)
    left = value_of(expression.first, scope)
    for sign, operand in expression.rest:
        right = value_of(operand, scope)
        if not _holds(sign, left, right):
            return False
        left = right
    return True


def _holds(sign: str, left: Any, right: Any) -> bool:
    if sign == "==":
        return bool(left == right)
    if sign == "!=":
        return bool(left != right)
    if sign in ("in", "not in"):
        return _within(left, right) == (sign == "in")
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if not numbers and not (isinstance(left, str) and isinstance(right, str)):
        return False
    # mypy cannot know that both are numbers or both are text here.
    low: Any = left
    high: Any = right
    if sign in ("<", "<="):
        return bool(low < high or (sign == "<=" and low == high))
    return bool(low > high or (sign == ">=" and low == high))


def _within(item: Any, whole: Any) -> bool:
    if isinstance(whole, str):
        return isinstance(item, str) and item in whole
    if isinstance(whole, Mapping):
        return isinstance(item, str) and item in whole
    return isinstance(whole, list | tuple) and item in whole


def _filtered(name: str, value: Any, arguments: list[Any]) -> Any:
    if name == "default":
        instead, also_empty = arguments[0], len(arguments) > 1 and arguments[1]
        return instead if value is None or (also_empty and not value) else value
    if name == "length":
        return len(value) if isinstance(value, str | list | tuple | Mapping) else 0
    if name in ("first", "last"):
        if not isinstance(value, str | list | tuple) or not value:
            return None
        return value[0 if name == "first" else -1]
    if not isinstance(value, str):
        return value
    return value.lower() if name == "lower" else value.upper()
