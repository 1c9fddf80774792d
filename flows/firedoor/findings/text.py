"""Takes single values out of a source's document, with suspicion.

Keys are looked up as the wire writes them (`accessKeyDetails`) and as boto3 does
(`AccessKeyDetails`). Texts are cut and lose their control characters; names pass only when they
are of their kind, otherwise a doubt is noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from ipaddress import ip_address
from math import isfinite
from typing import Any

from firedoor.kinds import KINDS, parse_time, time_text

Json = Any

# Control characters, lone surrogates, and marks that make text read in another order than it is.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]+"
)
_PATTERNS = {
    **{name: kind.pattern for name, kind in KINDS.items() if kind.pattern},
    "name": r"[A-Za-z0-9_+=,.@/:-]{1,255}",
    "ip": r"[0-9A-Fa-f:.]{2,45}",
}
# CloudTrail writes this for the user of a failed sign-in, which may be a password typed too early.
_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


def at(document: Json, *path: str) -> Json:
    """What stands at a path of keys in either spelling; None where nothing does."""
    for key in path:
        if not isinstance(document, dict):
            return None
        value = document.get(key)
        document = document.get(key[:1].upper() + key[1:]) if value is None else value
    return document


def mapping(document: Json, *path: str) -> dict[str, Json]:
    """Like `at`; an empty mapping where no mapping stands."""
    found = at(document, *path)
    return found if isinstance(found, dict) else {}


def items(document: Json, *path: str) -> list[Json]:
    """Like `at`; a single value as a list of one, nothing as an empty list. At most 500."""
    found = at(document, *path)
    if found is None:
        return []
    return found[:500] if isinstance(found, list) else [found]


def text(value: Json, limit: int = 256) -> str | None:
    """A text on one line, at most `limit` characters; None for nothing or no text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    said = _UNSEEN.sub(" ", str(value)[: limit * 2]).strip()
    if len(said) > limit:
        said = said[: limit - 1] + "…"
    return said or None


def number(value: Json) -> float | None:
    """A finite number, also when it is written as text."""
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if isfinite(found) else None


def whole(value: Json, default: int = 1) -> int:
    """A whole number from 0 to 10^12, or the default."""
    found = number(value)
    return int(found) if found is not None and 0 <= found <= 1e12 else default


def truth(value: Json) -> bool:
    """true, also when it is written as text."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def moment(value: Json) -> str | None:
    """A time as firedoor writes it, from ISO 8601, RFC 1123, or seconds or milliseconds."""
    try:
        if isinstance(value, str):
            return time_text(_moment_of(value.strip()))
        seconds = number(value)
        if seconds is None or seconds <= 0:
            return None
        return time_text(datetime.fromtimestamp(seconds / (1000 if seconds > 1e11 else 1), UTC))
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None


def _moment_of(said: str) -> datetime:
    if "," in said:
        # RFC 1123, as AWS Health writes it.
        return datetime.strptime(said, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    # More than six decimals: Python reads the first six.
    return parse_time(re.sub(r"(\.\d{6})\d+", r"\1", said))


class Doubts:
    """Collects what a document said that firedoor does not take over."""

    def __init__(self) -> None:
        self._said: list[str] = []

    def add(self, doubt: str) -> None:
        """Note it once; twenty at most."""
        if doubt not in self._said and len(self._said) < 20:
            self._said.append(doubt)

    def all(self) -> tuple[str, ...]:
        """In the order they came."""
        return tuple(self._said)

    def of_kind(self, kind: str, value: Json, what: str) -> str | None:
        """The value when it is of its kind; otherwise None and a doubt."""
        if value is None or value == "":
            return None
        if isinstance(value, str) and value != _HIDDEN and fits(kind, value):
            return value
        shown = text(value, 60) or type(value).__name__
        self.add(f"{what} {shown!r} is not a valid {kind.replace('_', ' ')}; it is left out")
        return None


def fits(kind: str, value: str) -> bool:
    """Whether a text is of a kind, or of `instance`, `name` or `ip`, and all of it can be seen."""
    if re.fullmatch(_PATTERNS[kind], value) is None or _UNSEEN.search(value):
        return False
    return kind != "ip" or _is_address(value)


def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    """Without None and doubles, in order."""
    return tuple(dict.fromkeys(value for value in values if value))
