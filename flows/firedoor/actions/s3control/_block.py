"""The four switches of Block Public Access, as the bucket and the account have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firedoor.actions.contract import Change

SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
SHUT = dict.fromkeys(SWITCHES, True)
OPEN = dict.fromkeys(SWITCHES, False)


def missing(block: Mapping[str, Any] | None) -> list[str]:
    """The switches that are off."""
    return [name for name in SWITCHES if not (block or {}).get(name)]


def cli_words(change: Change) -> list[str]:
    """The AWS CLI's words that make a change of a block, without whose it is."""
    if change.to is None:
        return ["delete-public-access-block"]
    told = ",".join(f"{name}={str(value).lower()}" for name, value in sorted(change.to.items()))
    return ["put-public-access-block", "--public-access-block-configuration", told]
