"""How AWS's own things are said in words: the short name of a resource, a policy in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def short_resource(name: str) -> str:
    """The part of a resource's name that tells it from its neighbours."""
    return name.split(":", 5)[-1] if name.startswith("arn:") else name


def policy_in_words(found: Any) -> tuple[str, Any]:
    """A policy of one statement as a person would say it, `Deny * on *`, and its condition.

    ("", None) for what is no such policy.
    """
    statements = found.get("Statement") if isinstance(found, Mapping) else None
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list) or len(statements) != 1:
        return "", None
    one = statements[0]
    if not isinstance(one, Mapping) or not {"Effect", "Action", "Resource"} <= set(one):
        return "", None
    said = f"{one['Effect']} {_joined(one['Action'])} on {_joined(one['Resource'])}"
    return said, one.get("Condition")


def _joined(found: Any) -> str:
    return ", ".join(map(str, found)) if isinstance(found, list) else str(found)
