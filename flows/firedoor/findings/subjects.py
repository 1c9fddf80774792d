"""What a finding is about, as texts that two findings about the same thing have in common."""

from __future__ import annotations

import hashlib

import msgspec

from firedoor.findings.model import Finding

_SINGLE = ("user", "role", "instance", "cluster", "function", "database")
_LISTED = {"users": "user", "roles": "role", "instances": "instance", "clusters": "cluster"}
_SHARED = {"anonymous", "account", "aws_service"}
"""Whoever these are, they are no one intruder: findings about them need not belong together."""


def own_subject(finding: Finding) -> str:
    """What is the same in every message about one finding; "" when it has no id."""
    return f"finding {finding.source} {finding.id}"[:400] if finding.id else ""


def subjects_of(finding: Finding) -> dict[str, str]:
    """The principals, keys, sessions and resources that a finding names: subject → in words.

    All but buckets and keys, whose names are nobody else's, are those of the finding's account.
    """
    named, account = finding.resource, finding.account
    found: dict[str, str] = {}

    def add(kind: str, name: str | None, own: str = "") -> None:
        if name:
            words = f"{kind.replace('_', ' ')} {name}"
            found[f"{kind} {own or account} {name}"[:400]] = words[:200]

    for kind in _SINGLE:
        add(kind, getattr(named, kind))
    for field, kind in _LISTED.items():
        for name in getattr(named, field):
            add(kind, name)
    for key in (named.access_key_id, *named.access_key_ids):
        add("access_key", key, "-")
    for bucket in (named.bucket, *named.buckets):
        add("bucket", bucket, "-")
    if named.principal == "root":
        add("root", account)
    if named.principal in _SHARED:
        return {key: words for key, words in found.items() if key.startswith("bucket ")}
    return found


def key_of(finding: Finding) -> str:
    """SHA-256 over what a finding says: a repeat has the same, an update another.

    Not over where it came from: the member account and the administrator account send it with other
    envelopes and detectors.
    """
    same = msgspec.structs.replace(finding, raw=None, detector_id=None, via=None, arn=None)
    return hashlib.sha256(msgspec.json.encode(same, order="sorted")).hexdigest()
