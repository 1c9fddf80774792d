"""Who may assume a role, by its trust policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Trusted(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a trust policy names: services, and others (ARNs, accounts, providers, `*`)."""

    services: list[str] = msgspec.field(default_factory=list)
    others: list[str] = msgspec.field(default_factory=list)

    @property
    def everybody(self) -> list[str]:
        """All of them."""
        return [*self.services, *self.others]


def trusted(trust: Mapping[str, Any]) -> Trusted:
    """Whom the Allow statements name; a NotPrincipal trusts everybody but those, so `*`."""
    services: dict[str, None] = {}
    others: dict[str, None] = {}
    for statement in _listed(trust.get("Statement")):
        if not isinstance(statement, Mapping) or statement.get("Effect") != "Allow":
            continue
        if "NotPrincipal" in statement:
            others["*"] = None
        principal = statement.get("Principal") or {}
        if isinstance(principal, str):
            others[principal] = None
            continue
        for kind, names in principal.items():
            (services if kind == "Service" else others).update(
                dict.fromkeys(str(name) for name in _listed(names))
            )
    return Trusted(services=sorted(services), others=sorted(others))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
