"""The expressions of conditions and templates: a small part of Jinja's, and nothing besides.

Names and attributes, literals, `and or not`, comparisons, `in`, `is none`, `is defined` and six
filters. What is written here means what Jinja makes of it (a test compares the two). It is parsed
by hand instead of by Jinja because a language without calls, subscripts and loops needs no sandbox,
mistakes get their column, and `firedoor check` answers without the 0.15 s that Jinja's import
takes.

What is not there is absent: it equals only `none`, is in nothing, and is neither more nor less than
anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from firedoor.scalars import meant
from firedoor.tokens import (
    COMPARISONS,
    CONSTANTS,
    RESERVED,
    ExpressionError,
    Token,
    checked,
    tokens,
    unquoted,
)

MAX_LENGTH = 1000
_MAX_DEPTH = 25


@dataclass(frozen=True)
class Literal:
    """Text, a number, true, false, none, or a list of literals."""

    value: Any
    at: int


@dataclass(frozen=True)
class Name:
    """`who.access_key_id` as ("who", "access_key_id")."""

    path: tuple[str, ...]
    at: int


@dataclass(frozen=True)
class Not:
    """The opposite of a condition."""

    inner: Expression
    at: int


@dataclass(frozen=True)
class Logic:
    """`a and b`, `a or b`; as in Python the value is that of the part that decides."""

    word: str
    left: Expression
    right: Expression
    at: int


@dataclass(frozen=True)
class Compare:
    """`first op second op third …`: every pair of neighbours has to hold."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]
    at: int


@dataclass(frozen=True)
class Filter:
    """`inner | name(arguments)`."""

    name: str
    inner: Expression
    arguments: tuple[Expression, ...]
    at: int


@dataclass(frozen=True)
class Is:
    """`inner is none` (present False) or `inner is defined` (present True); `is not` swaps them."""

    inner: Expression
    present: bool
    at: int


Expression = Literal | Name | Not | Logic | Compare | Filter | Is

FILTERS = {
    "length": (0, 0),
    "lower": (0, 0),
    "upper": (0, 0),
    "first": (0, 0),
    "last": (0, 0),
    "default": (1, 2),
}
"""The filters, with the least and the most arguments of each."""


@lru_cache(maxsize=2000)
def parse(text: str) -> Expression:
    """The expression in a text; ExpressionError says what is wrong and where."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression has at most {MAX_LENGTH} characters", 0)
    parser = _Parser(text)
    if parser.peek.kind == "end":
        raise ExpressionError("the expression is empty", 0)
    found = parser.either(0)
    if parser.peek.kind != "end":
        raise parser.unexpected()
    return found


def walk(expression: Expression) -> Iterator[Expression]:
    """An expression and all its parts."""
    yield expression
    for part in parts(expression):
        yield from walk(part)


def parts(expression: Expression) -> tuple[Expression, ...]:
    """What an expression is directly made of."""
    if isinstance(expression, Not | Is):
        return (expression.inner,)
    if isinstance(expression, Logic):
        return (expression.left, expression.right)
    if isinstance(expression, Compare):
        return (expression.first, *(operand for _, operand in expression.rest))
    if isinstance(expression, Filter):
        return (expression.inner, *expression.arguments)
    return ()


def without_places(expression: Expression) -> str:
    """The same text for expressions that say the same, wherever they stand."""
    return re.sub(r", at=\d+\)", ")", repr(expression))


class _Parser:
    """Jinja's precedence: or, and, not, comparisons, filters and tests, names and literals."""

    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        self.place = 0

    @property
    def peek(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        token = self.peek
        self.place += token.kind != "end"
        return token

    def taken(self, *texts: str) -> bool:
        if self.peek.kind in ("word", "sign") and self.peek.text in texts:
            self.take()
            return True
        return False

    def unexpected(self) -> ExpressionError:
        token = self.peek
        if token.kind == "end":
            return ExpressionError("the expression ends too early", token.at)
        if token.text == "(":
            return ExpressionError("calls are not allowed", token.at)
        if token.text == "[":
            return ExpressionError("subscripts are not allowed; write name.attribute", token.at)
        if token.text == "-":
            return ExpressionError("calculations are not allowed", token.at)
        return ExpressionError(f"{token.text!r} is not expected here", token.at)

    def either(self, depth: int) -> Expression:
        if depth > _MAX_DEPTH:
            raise ExpressionError("nested too deep", self.peek.at)
        left = self.both(depth)
        while self.peek.text == "or" and self.peek.kind == "word":
            at = self.take().at
            left = Logic("or", left, self.both(depth), at)
        return left

    def both(self, depth: int) -> Expression:
        left = self.opposite(depth)
        while self.peek.text == "and" and self.peek.kind == "word":
            at = self.take().at
            left = Logic("and", left, self.opposite(depth), at)
        return left

    def opposite(self, depth: int) -> Expression:
        if depth > _MAX_DEPTH:
            raise ExpressionError("nested too deep", self.peek.at)
        if self.peek.kind == "word" and self.peek.text == "not":
            at = self.take().at
            return Not(self.opposite(depth + 1), at)
        return self.comparison(depth)

    def comparison(self, depth: int) -> Expression:
        first = self.operand(depth)
        rest: list[tuple[str, Expression]] = []
        at = self.peek.at
        while True:
            if self.peek.kind == "sign" and self.peek.text in COMPARISONS:
                sign = self.take().text
            elif self.taken("in"):
                sign = "in"
            elif self.peek.text == "not" and self.tokens[self.place + 1].text == "in":
                self.place += 2
                sign = "not in"
            else:
                return Compare(first, tuple(rest), at) if rest else first
            rest.append((sign, self.operand(depth)))

    def operand(self, depth: int) -> Expression:
        found = self.primary(depth)
        while True:
            if self.peek.kind == "sign" and self.peek.text == "|":
                self.take()
                found = self.filter(found, depth)
            elif self.peek.kind == "word" and self.peek.text == "is":
                found = self.test(found)
            else:
                return found

    def filter(self, inner: Expression, depth: int) -> Expression:
        token = self.take()
        if token.kind != "word" or token.text not in FILTERS:
            message = f"no filter {token.text!r}{meant(token.text, FILTERS)}"
            raise ExpressionError(message, token.at)
        arguments: list[Expression] = []
        if self.taken("("):
            while not self.taken(")"):
                if arguments and not self.taken(","):
                    raise self.unexpected()
                arguments.append(self.either(depth + 1))
        least, most = FILTERS[token.text]
        if not least <= len(arguments) <= most:
            wanted = "no argument" if most == 0 else "the value to take instead"
            raise ExpressionError(f"{token.text} takes {wanted}", token.at)
        return Filter(token.text, inner, tuple(arguments), token.at)

    def test(self, inner: Expression) -> Expression:
        at = self.take().at
        negated = self.taken("not")
        token = self.take()
        if token.text not in ("none", "None", "defined", "undefined"):
            raise ExpressionError("'is' is followed by none, defined, or not none", token.at)
        return Is(inner, (token.text == "defined") != negated, at)

    def primary(self, depth: int) -> Expression:
        token = self.peek
        if self.taken("("):
            inner = self.either(depth + 1)
            if not self.taken(")"):
                raise self.unexpected()
            return inner
        if token.kind == "word" and (token.text in CONSTANTS or token.text not in RESERVED):
            return self.named()
        if token.kind in ("number", "text") or token.text in ("-", "["):
            return self.literal(depth)
        raise self.unexpected()

    def literal(self, depth: int) -> Literal:
        token = self.take()
        if token.text == "[" and token.kind == "sign":
            return Literal(self.items(depth), token.at)
        if token.kind == "text":
            return Literal(unquoted(token), token.at)
        negative = token.text == "-" and token.kind == "sign"
        digits = self.take() if negative else token
        if digits.kind != "number" or len(digits.text) > 18:
            raise ExpressionError("a number of at most 18 digits is expected here", digits.at)
        number = float(digits.text) if "." in digits.text else int(digits.text)
        return Literal(-number if negative else number, token.at)

    def items(self, depth: int) -> list[Any]:
        found: list[Any] = []
        while not self.taken("]"):
            if found and not self.taken(","):
                raise self.unexpected()
            item = self.primary(depth + 1) if depth < _MAX_DEPTH else None
            if not isinstance(item, Literal):
                raise ExpressionError("a list holds literals only", self.peek.at)
            found.append(item.value)
        return found

    def named(self) -> Expression:
        first = self.take()
        if first.text in CONSTANTS:
            return Literal(CONSTANTS[first.text], first.at)
        path = [checked(first)]
        while self.peek.kind == "sign" and self.peek.text == ".":
            self.take()
            if self.peek.kind != "word":
                raise self.unexpected()
            path.append(checked(self.take()))
        if self.peek.text in ("(", "[") and self.peek.kind == "sign":
            raise self.unexpected()
        return Name(tuple(path), first.at)
