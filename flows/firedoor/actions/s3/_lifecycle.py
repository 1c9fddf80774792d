"""Lifecycle rules: which of them delete, and what they are called."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

Rule = dict[str, Any]


def rules_of(configuration: Mapping[str, Any]) -> list[Rule]:
    """The rules of a bucket's lifecycle configuration."""
    return list(configuration.get("Rules") or [])


def deletes(rule: Mapping[str, Any]) -> bool:
    """Whether a rule deletes objects or older versions; to drop markers of what is gone is not."""
    expires = rule.get("Expiration") or {}
    return bool(
        expires.get("Days") or expires.get("Date") or rule.get("NoncurrentVersionExpiration")
    )


def rule_name(rule: Mapping[str, Any]) -> str:
    """A stable name: its ID, which is unique in a bucket and which anybody may have chosen; for
    one without, a digest of what it says."""
    if rule.get("ID"):
        return quote(str(rule["ID"]), safe="")
    said = {key: value for key, value in rule.items() if key != "Status"}
    text = json.dumps(said, sort_keys=True, default=str)
    return f"unnamed-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
