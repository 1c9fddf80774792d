"""Undoes a drill, and compares the account with what it was just before the run.

First what may be undone at once; then, when no session minted before can live any more, what would
have let the attacker in until then. What lets him in for ever (a leaked key made active) and what
cannot come back (a password) stays. Every difference that is left has to be one of these, or the
attacker's own doing: else the account is not the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import msgspec

from firedoor.clock import VirtualClock
from firedoor.engine.desk import Desk
from firedoor.engine.undo import Undoing, plan_undo, undo
from firedoor.exercise.workload_places import workload_place
from firedoor.kinds import mask_key_id
from firedoor.runbook import Json
from firedoor.simulator.attacker import Attacker
from firedoor.simulator.snapshot import differences

SESSIONS_LAST = timedelta(hours=36)
"""When undoing the deny no longer hands access back: the longest life of a minted session."""

LEFT = {
    "lost": "cannot come back",
    "reopens": "stays shut",
    "drift": "somebody has changed it since",
    "unread": "cannot be read",
    "gone": "cannot come back",
}
_PLURALS = {"identity": "identities"}
Show = Callable[[str, Sequence[Undoing]], None]

_PLACES = {
    "access-key": "access_keys",
    "login-profile": "login_profile",
    "ssh-key": "ssh_keys",
    "signing-certificate": "signing_certificates",
    "service-credential": "service_credentials",
    "inline-policy": "inline",
    "attached-policy": "managed",
    "trust-policy": "trust",
    "permissions-boundary": "boundary",
}


_BUCKETS = {
    "public-access-block": "public_access_block",
    "policy-statement": "policy",
    "lifecycle-rule": "lifecycle",
}


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """What undo brought back, what it left and why, and whether the account is as before.

    `differs`: every difference and what explains it; `same`: each has an explanation. `shut`:
    whether the attacker is still refused everything, None when that could not be told.
    """

    undone: int
    left: list[Json]
    same: bool
    differs: list[str]
    shut: bool | None = None


def come_back(
    desk: Desk,
    clock: VirtualClock,
    attacker: Attacker,
    before: Mapping[str, Any],
    snapshot: Callable[[], Mapping[str, Any]],
    show: Show,
) -> Undone:
    """Undo in both rounds; the attacker must have stopped. `show` is called before each."""
    done = 0
    planned = plan_undo(desk)
    show("now", planned)
    done += len(undo(desk, planned)["undone"])
    if any(one.verdict == "reopens" for one in planned):
        clock.wait(SESSIONS_LAST.total_seconds())
        planned = plan_undo(desk)
        show(f"{SESSIONS_LAST.total_seconds() / 3600:.0f} h later", planned)
        done += len(undo(desk, planned)["undone"])
    left = [one for one in planned if one.verdict in LEFT]
    told, same = _explained(before, snapshot(), left, attacker)
    return Undone(
        undone=done,
        left=[
            {"step": one.step, "run": one.run, "resource": one.change.resource, "why": one.why}
            for one in left
        ],
        same=same,
        differs=told,
    )


def _explained(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    left: Sequence[Undoing],
    attacker: Attacker,
) -> tuple[list[str], bool]:
    """Each difference with its reason, and whether each has one."""
    ours = {place(one.change.resource): one for one in left}
    ours |= {gone: one for where, one in ours.items() for gone in _members(before, where)}
    # A virtual device that was removed from its user is gone from the account too.
    devices = [one for one in left if "#mfa-device/" in one.change.resource]
    if devices:
        ours["virtual_mfa_devices"] = devices[-1]
    theirs = {path: act for act in attacker.after() for path in act.changed}
    told: list[str] = []
    same = True
    for path, (was, now) in differences(dict(before), dict(after)).items():
        found = next((one for where, one in ours.items() if _within(path, where)), None)
        if found is not None:
            why = f"left by {found.step}, {LEFT[found.verdict]}"
        elif path in theirs:
            why = f"the attacker did it himself ({theirs[path].call})"
        else:
            why, same = "NOT EXPLAINED", False
        told.append(mask_key_id(f"{path}: {_short(was)} → {_short(now)}: {why}"))
    return told, same


def _members(before: Mapping[str, Any], where: str) -> list[str]:
    """Where the instances of an Auto Scaling group stood: they come and go with its size."""
    parts = where.split("/")
    if parts[:1] != ["compute"] or parts[2:3] != ["auto_scaling"]:
        return []
    group = before.get("compute", {}).get(parts[1], {}).get("auto_scaling", {}).get(parts[3], {})
    return [f"compute/{parts[1]}/instances/{each}" for each in group.get("members", {})]


def place(resource: str) -> str:
    """Where in a snapshot a resource of a change stands: `users/alice/access_keys/AKIA…`."""
    workload = workload_place(resource)
    if workload:
        return workload
    holder, _, part = resource.partition("#")
    kind, _, name = holder.rpartition(":")[2].partition("/")
    what, _, item = part.partition("/")
    if holder.split(":")[2:3] == ["s3"]:
        return _place_in_s3(holder, kind, name, what)
    if holder.split(":")[2:3] == ["rolesanywhere"]:
        region = holder.split(":")[3]
        return f"roles_anywhere/{region}/{kind.title().replace('-', '')}/{name}"
    if kind == "root" and not name:
        return f"root_user/keys/{item}" if what == "access-key" else "root_user/password"
    if what == "assignment":
        return "identity_center/assignments"
    if what == "membership":
        return "identity_center/memberships"
    if what == "user":
        return f"users/{name.rsplit('/', 1)[-1]}"
    if what == "mfa-device":
        return f"users/{name.rsplit('/', 1)[-1]}/mfa_devices"
    if what == "member":
        return f"users/{item}/groups"
    if what == "default-version":
        return f"policies/{holder}/default"
    where = [_PLURALS.get(kind, f"{kind}s"), name.rsplit("/", 1)[-1], _PLACES.get(what, what)]
    # Attached policies are a list of ARNs, compared as a whole.
    whole = [*where, item] if item and what != "attached-policy" else where
    return "/".join(part for part in whole if part)


def _place_in_s3(holder: str, kind: str, name: str, what: str) -> str:
    """A part of a bucket, an object in it, an access point, or the account's own block."""
    if kind == "accesspoint":
        several = "multi_region_" if not holder.split(":")[3] else ""
        return f"s3/{several}access_points/{name}/policy"
    if kind == "account":
        return "s3/public_access_block"
    if name:
        return f"buckets/{kind}/objects/{unquote(name)}"
    return f"buckets/{kind}/{_BUCKETS.get(what, what)}"


def _within(path: str, where: str) -> bool:
    return path == where or path.startswith(f"{where}/")


def _short(value: Any) -> str:
    if value is None:
        return "absent"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else text[:59] + "…"
