"""Cuts an expression into its words, numbers, texts and signs."""

from __future__ import annotations

import re
from typing import NamedTuple


class ExpressionError(ValueError):
    """An expression that cannot be read; `offset` is the character where it goes wrong."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class Token(NamedTuple):
    """A piece of an expression: `kind` is number, word, text, sign or end; `at` its place."""

    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<sign>==|!=|<=|>=|<|>|\(|\)|\[|\]|,|\.|\||-)|(?P<end>\Z))""",
    re.VERBOSE | re.DOTALL,
)
CONSTANTS = {
    "true": True,
    "false": False,
    "none": None,
    "True": True,
    "False": False,
    "None": None,
}
RESERVED = frozenset({"and", "or", "not", "in", "is", "if", "else", *CONSTANTS})
"""Words that cannot be names."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")
COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", "'": "'", '"': '"'}


def tokens(text: str) -> list[Token]:
    """The pieces of a text, an end last; ExpressionError for what is none."""
    found: list[Token] = []
    place = 0
    while True:
        match = _TOKEN.match(text, place)
        if match is None:
            place += len(text[place:]) - len(text[place:].lstrip())
            raise ExpressionError(_strange(text, place), place)
        kind = match.lastgroup or ""
        found.append(Token(kind, match[kind], match.start(kind)))
        if kind == "end":
            return found
        place = match.end()


def _strange(text: str, place: int) -> str:
    character = text[place]
    if character in "'\"":
        return "the quote opened here is not closed"
    if character == "$":
        return "names stand here without '$'"
    if text.startswith(("{{", "{%"), place):
        return "a condition is written without {{ }}"
    if text.startswith(("&&", "||", "="), place) or character == "!":
        word = {"&": "'and'", "=": "'=='", "!": "'not' or '!='"}[character]
        return f"{character!r} means nothing here; write {word}"
    return f"{character!r} cannot be used in an expression"


def checked(token: Token) -> str:
    """A word that can be a name; ExpressionError otherwise."""
    if not _NAME.fullmatch(token.text):
        message = (
            f"{token.text!r} is not a name: lower case, digits and underscores, a letter first"
        )
        raise ExpressionError(message, token.at)
    return token.text


def unquoted(token: Token) -> str:
    """What a text in quotes says."""

    def escape(found: re.Match[str]) -> str:
        if found[1] not in _ESCAPES:
            raise ExpressionError(f"unknown escape \\{found[1]}", token.at + found.start() + 1)
        return _ESCAPES[found[1]]

    return re.sub(r"\\(.)", escape, token.text[1:-1], flags=re.DOTALL)
