"""Makes what the journal carries fit to be read: one place for masking, cleaning and shortening.

Names, user agents and notes are chosen by others, attackers among them. Control characters and
what hides or turns text are removed here, access key ids are masked here; escaping for HTML and
Markdown belongs to the documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from firedoor.kinds import mask_key_id
from firedoor.render import clean
from firedoor.report.said import Shown
from firedoor.saying import policy_in_words, short_resource

FULL = 2500
"""Characters of a folded value; the journal has the rest."""

LINE = 120
"""Characters of a value that stand in a line; the rest is folded."""


def tidy(value: Any) -> Any:
    """A JSON value whose texts are clean and whose access key ids are masked, keys included."""
    if isinstance(value, str):
        return tidy_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict | Mapping):
        return {tidy_text(str(key)): tidy(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [tidy(inner) for inner in value]
    return value


def tidy_text(text: str) -> str:
    """A text without control characters but line feeds, its access key ids masked.

    Cleaned first: an invisible character inside a key id must not keep it from being seen.
    """
    if text.isascii() and text.isprintable():
        # Every kind of key id has "SIA" or "KIA" in it; looking for that first is much faster.
        return mask_key_id(text) if "IA" in text else text
    return mask_key_id("\n".join(clean(line) for line in text.splitlines()))


def line(value: Any, width: int = 300) -> str:
    """A value in one line of at most `width` characters; None is ""."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value if isinstance(value, str) else encoded(value)
    return shortened(" ".join(text.split()), width)


def shortened(text: str, width: int) -> str:
    """The text, or its first `width` - 1 characters and an ellipsis."""
    return text if len(text) <= width else text[: width - 1] + "…"


def encoded(value: Any) -> str:
    """A value as JSON in one line, keys sorted."""
    return msgspec.json.encode(value, order="sorted", enc_hook=str).decode()


def indented(value: Any) -> str:
    """A value as JSON over several lines, keys sorted."""
    return msgspec.json.format(encoded(value), indent=2)


def shown(value: Any, *, none: str = "absent", width: int = LINE) -> Shown:
    """A value for a cell: a policy of one statement as a sentence, the whole of it folded."""
    if value is None:
        return Shown(short=none)
    if isinstance(value, str):
        short = line(value, width)
        return Shown(short=short or "(empty)", full=_full(value) if short != value else "")
    if isinstance(value, bool | int | float):
        return Shown(short=line(value))
    if not value:
        return Shown(short="none")
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        text = ", ".join(str(item) for item in value)
        short = line(text, width)
        return Shown(short=short, full=_full("\n".join(map(str, value))) if short != text else "")
    said, condition = policy_in_words(value)
    said = line(said) + (" under a condition" if condition else "") if said else ""
    short = shortened(said or line(value, width), width)
    return Shown(
        short=short, full=_full(indented(value)) if said or len(encoded(value)) > width else ""
    )


def _full(text: str) -> str:
    return shortened(text, FULL)


def pairs(value: Any, *leave_out: str) -> tuple[tuple[str, Shown], ...]:
    """A mapping as (name, value) pairs in its order, nested mappings as `outer.inner`."""
    if not isinstance(value, Mapping):
        return () if value in (None, "") else (("value", shown(value)),)
    found: list[tuple[str, Shown]] = []
    for key, inner in value.items():
        if key in leave_out or inner in (None, "", [], {}):
            continue
        if isinstance(inner, Mapping) and len(inner) <= 12:
            found.extend((f"{key}.{name}", each) for name, each in pairs(inner))
        else:
            found.append((str(key), shown(inner)))
    return tuple(found)


def spoken(name: str) -> str:
    """A resource as it is spoken of: `access key AKIA…MPLE of user/ci-deployer`."""
    owner, _, thing = short_resource(name).partition("#")
    if not thing:
        return owner
    kind, _, which = thing.partition("/")
    return f"{' '.join(filter(None, (kind.replace('-', ' '), which)))} of {owner}"


def plural(count: int, one: str, many: str = "") -> str:
    """`1 change`, `3 changes`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: list[str], most: int = 4) -> str:
    """`a, b and c`; more than `most` are counted."""
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return (
        names[0]
        if len(names) == 1
        else ", ".join(names[:-1]) + " and " + names[-1]
        if names
        else ""
    )
