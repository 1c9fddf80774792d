"""Which calls of IAM set which thing, and to what: read from CloudTrail's events.

IAM keeps no history of inline policies, trust policies, attachments and boundaries. CloudTrail's
event history does, for 90 days: the newest call before the attacker's says what stood there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from firedoor.actions.cloudtrail._events import Event

UNREADABLE: Any = object()
"""Stands for a value that an event does not show."""


@dataclass(frozen=True)
class Sets:
    """A call: the kind of thing it sets, the parameters that name it, and the value it sets."""

    kind: str
    holder: str
    policy: str
    value: Callable[[Event], Any]


def _asked(event: Event) -> Mapping[str, Any]:
    found = event.get("requestParameters")
    return found if isinstance(found, Mapping) else {}


def _document(name: str) -> Callable[[Event], Any]:
    def read(event: Event) -> Any:
        try:
            found = json.loads(str(_asked(event).get(name)))
        except ValueError:
            return UNREADABLE
        return found if isinstance(found, dict) else UNREADABLE

    return read


def _text(name: str) -> Callable[[Event], Any]:
    return lambda event: str(_asked(event).get(name) or "") or UNREADABLE


def _always(value: Any) -> Callable[[Event], Any]:
    return lambda _: value


def _new_default(event: Event) -> Any:
    """The version that CreatePolicyVersion made the default; it may have made none."""
    if not _asked(event).get("setAsDefault"):
        return UNREADABLE
    version = (event.get("responseElements") or {}).get("policyVersion") or {}
    return str(version.get("versionId") or "") or UNREADABLE


SETS: dict[str, Sets] = {
    "UpdateAssumeRolePolicy": Sets("trust", "roleName", "", _document("policyDocument")),
    "CreateRole": Sets("trust", "roleName", "", _document("assumeRolePolicyDocument")),
    "SetDefaultPolicyVersion": Sets("version", "policyArn", "", _text("versionId")),
    "CreatePolicyVersion": Sets("version", "policyArn", "", _new_default),
    "AddUserToGroup": Sets("member", "groupName", "userName", _always("member")),
    "RemoveUserFromGroup": Sets("member", "groupName", "userName", _always(None)),
}
for _kind in ("User", "Role", "Group"):
    _low, _holder = _kind.lower(), f"{_kind.lower()}Name"
    SETS |= {
        f"Put{_kind}Policy": Sets(
            f"{_low}-inline", _holder, "policyName", _document("policyDocument")
        ),
        f"Delete{_kind}Policy": Sets(f"{_low}-inline", _holder, "policyName", _always(None)),
        f"Attach{_kind}Policy": Sets(f"{_low}-attached", _holder, "policyArn", _always("attached")),
        f"Detach{_kind}Policy": Sets(f"{_low}-attached", _holder, "policyArn", _always(None)),
    }
    if _kind != "Group":
        SETS |= {
            f"Put{_kind}PermissionsBoundary": Sets(
                f"{_low}-boundary", _holder, "", _text("permissionsBoundary")
            ),
            f"Delete{_kind}PermissionsBoundary": Sets(
                f"{_low}-boundary", _holder, "", _always(None)
            ),
        }


def setting(event: Event, kind: str, holder: str, policy: str) -> Any:
    """What an event sets a thing to; UNREADABLE where it sets another, or does not say."""
    sets = SETS.get(str(event.get("eventName")))
    if sets is None or sets.kind != kind or str(_asked(event).get(sets.holder)) != holder:
        return UNREADABLE
    if sets.policy and str(_asked(event).get(sets.policy)) != policy:
        return UNREADABLE
    return sets.value(event)
