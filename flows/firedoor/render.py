"""Renders the texts that people read: questions, titles, messages.

A template is text with expressions: `Contain the {{ activity.created_users | length }} users?` It
is rendered once; what comes out is escaped for where it goes and never read as a template again.
The values carry what attackers chose (user names, user agents), so nothing in them may act: not on
a terminal, not in HTML, Markdown or Slack.
"""

from __future__ import annotations

import html as _html
import json
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from firedoor.conditions import paths, value_of
from firedoor.errors import BadInput
from firedoor.expressions import Expression, parse
from firedoor.runbook import Json
from firedoor.tokens import ExpressionError

MAX_VALUE = 300
"""Characters of one value that are shown; an attacker may have chosen a long one."""

_OPEN = re.compile(r"\{\{|\{%|\{#")


class Slot(NamedTuple):
    """An expression in a template; `offset` is where its text begins."""

    expression: Expression
    offset: int


@lru_cache(maxsize=500)
def template(text: str) -> tuple[str | Slot, ...]:
    """A template's texts and expressions in order; ExpressionError says what is wrong and where."""
    pieces: list[str | Slot] = []
    place = 0
    while True:
        opening = _OPEN.search(text, place)
        if opening is None:
            pieces.append(text[place:])
            return tuple(pieces)
        if opening[0] != "{{":
            message = f"{opening[0]} is not allowed; a template holds {{{{ expressions }}}} only"
            raise ExpressionError(message, opening.start())
        end = text.find("}}", opening.end())
        if end < 0:
            raise ExpressionError("the {{ opened here is not closed by }}", opening.start())
        pieces.append(text[place : opening.start()])
        try:
            pieces.append(Slot(parse(text[opening.end() : end]), opening.end()))
        except ExpressionError as error:
            raise ExpressionError(error.message, opening.end() + error.offset) from None
        place = end + 2


def slots(text: str) -> list[Slot]:
    """The expressions of a template; ExpressionError when it cannot be read."""
    return [piece for piece in template(text) if isinstance(piece, Slot)]


def names_in_template(text: str) -> set[str]:
    """The names that a template's expressions begin from."""
    return {path[0] for slot in slots(text) for path in paths(slot.expression)}


def plain(text: str, scope: Mapping[str, Json]) -> str:
    """A template rendered for a terminal or any other place for plain text: one line, no escapes.

    BadInput when the template cannot be read (a checked runbook has none such).
    """
    try:
        pieces = template(text)
    except ExpressionError as error:
        raise BadInput(f"the text {text!r} cannot be read: {error.message}") from None
    return "".join(
        _shown(value_of(piece.expression, scope)) if isinstance(piece, Slot) else clean(piece)
        for piece in pieces
    ).strip()


def html(text: str, scope: Mapping[str, Json]) -> str:
    """A template rendered for HTML, between tags or inside a quoted attribute."""
    return escape_html(plain(text, scope))


def markdown(text: str, scope: Mapping[str, Json]) -> str:
    """A template rendered for one line of Markdown or one cell of its tables."""
    return escape_markdown(plain(text, scope))


def slack(text: str, scope: Mapping[str, Json]) -> str:
    """A template rendered for Slack's mrkdwn."""
    return escape_slack(plain(text, scope))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        shown = ", ".join(
            json.dumps(item, ensure_ascii=False) if isinstance(item, Mapping) else _shown(item)
            for item in value
        )
        return _short(clean(shown))
    if isinstance(value, Mapping):
        return _short(clean(json.dumps(value, ensure_ascii=False, default=str)))
    return _short(clean(str(value)))


def _short(text: str) -> str:
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"


# CSI and OSC sequences and two-character escapes of ECMA-48, 7-bit and 8-bit; an OSC or another
# string sequence that is never ended takes nothing but its opening, lest it hide what follows.
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])"
    r"[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-~]?"
)
_SPACES = re.compile(r"[^\S\u00a0]+|[\u2028\u2029\x85]+")
_KEPT_FORMATS = frozenset("\u200d")
"""Joins the parts of an emoji; harmless."""


def clean(text: str) -> str:
    """A text in one line, without terminal escapes and characters that nobody sees.

    Format characters (category Cf) turn the reading direction or hide; control characters (Cc) act
    on terminals; private and unassigned ones and lone surrogates cannot be shown.
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        # Nearly every text there is, and many times as fast.
        return text
    text = _SPACES.sub(" ", _ANSI.sub("", text))
    return "".join(
        character
        for character in text
        if character in _KEPT_FORMATS or unicodedata.category(character) not in _UNSEEN
    )


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def escape_html(text: str) -> str:
    """A text as HTML shows it, quotes included."""
    return _html.escape(clean(text), quote=True)


_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-!|~$&:@^=])")
_NUMBERED = re.compile(r"^(\d+)([.)])")
_WWW = re.compile(r"\b(www)\.", re.IGNORECASE)


def escape_markdown(text: str) -> str:
    """A text as Markdown (CommonMark and GitHub's) shows it: no markup, links, tables, mentions."""
    text = _MARKDOWN.sub(r"\\\1", clean(text))
    return _WWW.sub(r"\1\\.", _NUMBERED.sub(r"\1\\\2", text))


_MENTION = re.compile(r"@(?=(?:channel|here|everyone|group)\b)", re.IGNORECASE)
_ADDRESS = re.compile(r"\b(https?|ftp|mailto|tel|slack|www)([:.])", re.IGNORECASE)
_JOINER = "\u2060"


def escape_slack(text: str) -> str:
    """A text as Slack's mrkdwn shows it: no links, no mentions of people or of everybody.

    Slack links addresses and mentions that are written out by itself and has no escape for them: an
    invisible word joiner keeps them from acting. Names keep every character, so that what is copied
    from Slack is what AWS knows.
    """
    text = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _MENTION.sub(f"@{_JOINER}", text)
    return _ADDRESS.sub(rf"\1{_JOINER}\2", text)
