"""Masks secrets at the door of everything that is kept: the journal, the vault, the report."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "«secret»"

_NAMES = frozenset(
    {
        "secretaccesskey",
        "sessiontoken",
        "password",
        "servicepassword",
        "servicecredentialsecret",
        "securitytoken",
        "privatekey",
        "secretstring",
        "authorization",
        "xamzsecuritytoken",
    }
)
# Session tokens as STS writes them: base64 of a protobuf whose first bytes are always these.
_TOKEN = re.compile(r"\b(?:FwoGZXIvYXdz|IQoJb3JpZ2lu|FQoGZXIvYXdz|AQoDYXdz)[A-Za-z0-9+/=]{40,}")


def masked(value: Any) -> Any:
    """A JSON value with every secret in it replaced by a mask; secrets are known by their name
    (`SecretAccessKey`, `sessionToken`, …) or, for session tokens, by their first bytes."""
    if isinstance(value, Mapping):
        return {
            key: MASK if _is_secret(key, inner) else masked(inner) for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(inner) for inner in value]
    if isinstance(value, str):
        return _TOKEN.sub(MASK, value)
    return value


def _is_secret(key: object, value: Any) -> bool:
    # A policy condition or a flag named like a secret (`password: true`) is none.
    plain = re.sub(r"[^a-z]", "", str(key).lower())
    return plain in _NAMES and isinstance(value, str) and value != ""
