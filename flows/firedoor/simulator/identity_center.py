"""Identity Center as moto keeps it: who gets where, and whose a role's session is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.identitystore.models import identitystore_backends
from moto.ssoadmin.models import ssoadmin_backends


def access(account: str) -> dict[str, list[str]]:
    """The assignments in an account, and all memberships of groups; sorted."""
    assigned = [
        f"{one.permission_set_arn} {one.principal_type} {one.principal_id}"
        for backend in _backends(ssoadmin_backends)
        for one in backend.account_assignments
        if one.target_id == account
    ]
    members = [
        f"{one['GroupId']} {one['MemberId']['UserId']}"
        for backend in _backends(identitystore_backends)
        for store in backend.identity_stores.values()
        for one in store.group_memberships.values()
    ]
    return {"assignments": sorted(assigned), "memberships": sorted(members)}


def person_of(session_name: str) -> str | None:
    """The id of the person whose name a session bears, in whichever identity store."""
    for backend in _backends(identitystore_backends):
        for store in backend.identity_stores.values():
            for person in store.users.values():
                if person.UserName == session_name:
                    return str(person.UserId)
    return None


def _backends(kept: Any) -> Iterator[Any]:
    for regions in list(kept.values()):
        yield from list(regions.values())
