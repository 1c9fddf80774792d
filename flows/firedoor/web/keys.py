"""Keys of senders: several at once, so that they can be changed without a gap."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

SHORT = 20
"""Keys shorter than this can be guessed; they work, and a line in the log says so."""


def keys_in(text: str) -> tuple[str, ...]:
    """The keys in a comma-separated setting."""
    return tuple(key for part in text.split(",") if (key := part.strip()))


def given_key(headers: Mapping[str, str]) -> str:
    """The key of a request: `X-Api-Key`, or `Authorization: Bearer …`; "" when there is none."""
    key = headers.get("x-api-key", "").strip()
    if key:
        return key
    scheme, _, rest = headers.get("authorization", "").strip().partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else ""


def known(given: str, keys: Sequence[str]) -> str:
    """The fingerprint of the key that was given; "" when it is none of these.

    Every key is compared, each in constant time: how long it takes tells nothing about them.
    """
    found = ""
    for key in keys:
        if hmac.compare_digest(key.encode(), given.encode()):
            found = fingerprint(key)
    return found


def fingerprint(key: str) -> str:
    """How the audit trail names a key without telling it."""
    return f"key {hashlib.sha256(key.encode()).hexdigest()[:8]}"
