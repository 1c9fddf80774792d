"""Whether a bucket may be public on purpose: then people are asked before it is shut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PUBLIC_TAGS = frozenset({"public", "public-by-design", "publicaccess", "website"})
"""Keys of tags that say that a bucket is meant to be public, unless their value says no. Whoever
may tag can set one: it only ever raises the question."""
NO = frozenset(
    {"", "no", "false", "0", "none", "private", "internal", "confidential", "restricted"}
)


def meant_public(found: Mapping[str, Any]) -> bool:
    """What its `website` and `tags` say, as S3 answered; what could not be read counts as yes."""
    if "website" not in found or "tags" not in found or found["website"]:
        return True
    return any(
        str(tag.get("Key", "")).lower() in PUBLIC_TAGS
        and str(tag.get("Value", "")).lower() not in NO
        for tag in found["tags"].get("TagSet") or []
    )
