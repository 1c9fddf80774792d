"""A scenario to begin with: small, commented, and playable as it is."""

from __future__ import annotations

import re
from pathlib import Path

from firedoor.errors import BadInput

_SLUG = re.compile(r"[a-z][a-z0-9-]{0,49}")


def skeleton(name: str) -> str:
    """The text of a new scenario; BadInput for a name that no scenario can have.

    At most 50 characters: buckets are called after it.
    """
    if not _SLUG.fullmatch(name) or name.endswith("-"):
        raise BadInput(
            f"{name!r} is no name for a scenario: lower case letters, digits and hyphens, at most "
            "50, a letter first",
            where="NAME",
        )
    text = Path(__file__).with_name("skeleton.yaml.txt").read_text()
    title = name.replace("-", " ").capitalize()
    return text.replace("__NAME__", name).replace("__TITLE__", title)
