"""Access control lists, as the bucket's owner and as whom they let in besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

GROUPS = "http://acs.amazonaws.com/groups/"
PUBLIC = (f"{GROUPS}global/AllUsers", f"{GROUPS}global/AuthenticatedUsers")
"""Everybody, and everybody who has any AWS account: both are public."""
OWNER = "owner"
"""Stands for the bucket's owner: his canonical id means nothing to people."""


class Grant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One grant: `to` is a group's URI, a canonical id, or `owner`."""

    to: str
    permission: str

    @property
    def public(self) -> bool:
        """Whether everybody, or every AWS user, has it."""
        return self.to in PUBLIC


def only_owner() -> list[Grant]:
    """What a private ACL says."""
    return [Grant(to=OWNER, permission="FULL_CONTROL")]


def as_grants(acl: Mapping[str, Any], owner: str) -> list[Grant]:
    """The grants of an answer of GetBucketAcl, sorted."""
    found = []
    for each in acl.get("Grants") or []:
        grantee = each.get("Grantee") or {}
        who = str(grantee.get("URI") or grantee.get("ID") or grantee.get("EmailAddress") or "")
        to = OWNER if who == owner else who
        found.append(Grant(to=to, permission=str(each.get("Permission") or "")))
    return sorted(found, key=str)


def as_told(grants: Sequence[Grant], owner: str) -> list[dict[str, Any]]:
    """Grants as PutBucketAcl takes them."""
    return [
        {
            "Grantee": {"Type": "Group", "URI": each.to}
            if each.to.startswith(GROUPS)
            else {"Type": "CanonicalUser", "ID": owner if each.to == OWNER else each.to},
            "Permission": each.permission,
        }
        for each in grants
    ]
