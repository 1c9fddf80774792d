"""Follows somebody through CloudTrail, by name and from key to key, and tells what was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from firedoor.actions import contract
from firedoor.actions.cloudtrail._events import (
    DELIVERY,
    Event,
    Found,
    Identity,
    all_regions,
    find,
    global_region,
    succeeded,
    sweep,
    unique,
)
from firedoor.actions.cloudtrail._hunt import fits, handed_out, left_behind, sessions_of_others
from firedoor.actions.cloudtrail._left import (
    Assumed,
    ChangedRole,
    Created,
    MadeCredential,
    MadeDevice,
    MadeKey,
    MadePassword,
    Widened,
)
from firedoor.actions.cloudtrail._seen import Seen, notable, resource_of, tell
from firedoor.actions.contract import Artefact, Aws
from firedoor.kinds import AccessKeyId, IamUserName

PAGES = 10
"""Pages of 50 events that are read for one name in one Region."""
HANDS = 3
"""How often a key that was handed out by a key is followed."""
MAX_KEYS = 40
BURIED = (
    *("CreateUser", "CreateAccessKey", "CreateLoginProfile", "UpdateLoginProfile"),
    *("UpdateUser", "CreateServiceSpecificCredential", "CreateRole", "UpdateAssumeRolePolicy"),
)
"""What is looked for by name, in the whole account, when there is too much noise: rare calls."""
BURIED_PAGES = 2

Names = Sequence[tuple[str, str]]
"""CloudTrail's attributes and their values: `("Username", "ci-deployer")`."""


@dataclass
class Trace:
    """Events of somebody's, newest first; where was looked; what could not be."""

    events: list[Event]
    regions: list[str]
    since: datetime
    unknown: list[str] = field(default_factory=list)


class Followed(contract.Output, frozen=True, kw_only=True):
    """What was found. `key_ids`: every key, long-term or temporary, that acted for him.

    `touched_users` were there before and got credentials from him: the `made_…` lists name these.
    `seen` are his events for the journal, `seen_left_out` how many more there are in the evidence.
    """

    events: int
    denied: int
    created_users: list[Created]
    touched_users: list[IamUserName]
    made_keys: list[MadeKey]
    made_passwords: list[MadePassword]
    made_credentials: list[MadeCredential]
    made_devices: list[MadeDevice]
    own_keys: list[MadeKey]
    assumed_roles: list[Assumed]
    changed_roles: list[ChangedRole]
    widened: list[Widened]
    changed: list[Widened]
    key_ids: list[AccessKeyId]
    notable: list[str]
    addresses: list[str]
    regions: list[str]
    seen: tuple[Seen, ...]
    seen_left_out: int
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]


def follow(
    aws: Aws,
    names: Names,
    since: datetime,
    his: Callable[[Sequence[Event]], list[Event]],
    keys: Sequence[str] = (),
) -> Trace:
    """Look the names up, and every key that was handed on, three hands far.

    `his` tells which of the events found are his; `keys` are known to be.
    """
    regions, unknown = all_regions(aws)
    found = look(aws, regions, names, since)
    cut = found.cut
    unknown += found.unknown
    mine = his(found.events)
    followed = set(keys)
    for _ in range(HANDS):
        if cut:
            mine, cut = _dug_out(aws, mine, his, followed, since, unknown), False
        fresh = [key for key in handed_out(filter(succeeded, mine)) if key not in followed]
        if not fresh:
            break
        room = MAX_KEYS - len(followed)
        if len(fresh) > room:
            unknown.append(f"{len(fresh) - room} more keys were handed out than are followed")
            fresh = fresh[:room]
        followed.update(fresh)
        more = look(aws, regions, [("AccessKeyId", key) for key in fresh], since)
        cut = cut or more.cut
        unknown += more.unknown
        # What a key did comes after it was handed out, also within one second.
        mine = unique([*more.events, *mine])
    return Trace(mine, regions, since, unknown)


def look(
    aws: Aws, regions: Sequence[str], names: Names, since: datetime, pages: int = PAGES
) -> Found:
    """Each name in each Region; the Regions take turns, since each has its own limit."""
    asked = {
        f"{name} {value} {region}": (name, value, region)
        for name, value in names
        for region in regions
    }

    def look(key: str) -> Found:
        name, value, region = asked[key]
        return find(aws, region, name, value, since=since, until=None, pages=pages)

    return sweep(list(asked), look)


def _dug_out(
    aws: Aws,
    mine: list[Event],
    his: Callable[[Sequence[Event]], list[Event]],
    followed: set[str],
    since: datetime,
    unknown: list[str],
) -> list[Event]:
    """His events and those calls of his that noise would have buried."""
    region = global_region(aws)
    found = sweep(
        BURIED,
        lambda name: find(
            aws, region, "EventName", name, since=since, until=None, pages=BURIED_PAGES
        ),
    )
    unknown += [note for note in found.unknown if note not in unknown]
    keys = followed | set(handed_out(mine))
    more = [event for event in found.events if Identity.of(event).key in keys]
    return unique([*mine, *his(found.events), *more])


def told(
    trace: Trace,
    *,
    name: str,
    about: str,
    account: str,
    keys: Sequence[str],
    user: str | None = None,
) -> dict[str, Any]:
    """The fields of `Followed`; `name` is the user, or what else the evidence is called by where
    `user` says that there is none."""
    done = [event for event in trace.events if succeeded(event)]
    left = left_behind(done, user=name if user is None else user, account=account)
    seen, left_out = tell(trace.events)
    return {
        "events": len(trace.events),
        "denied": len(trace.events) - len(done),
        "created_users": left.created_users,
        "touched_users": left.touched_users,
        "made_keys": left.made_keys,
        "made_passwords": left.made_passwords,
        "made_credentials": left.made_credentials,
        "made_devices": left.made_devices,
        "own_keys": left.own_keys,
        "assumed_roles": left.assumed_roles,
        "changed_roles": left.changed_roles,
        "widened": left.widened,
        "changed": left.changed,
        "key_ids": _keys(trace.events, keys),
        "notable": [_line(event) for event in reversed(done) if notable(event)],
        "addresses": sorted(
            {str(event.get("sourceIPAddress")) for event in trace.events} - {"None"}
        ),
        "regions": trace.regions,
        "seen": seen,
        "seen_left_out": left_out,
        "keep": (
            Artefact(
                name=f"cloudtrail-{name}",
                content={
                    "since": trace.since.isoformat(),
                    "regions": trace.regions,
                    "events": trace.events,
                },
                about=f"CloudTrail: what {about} did",
            ),
        ),
        "unknown": tuple(
            dict.fromkeys(
                (*trace.unknown, *left.unknown, *sessions_of_others(left, done), DELIVERY)
            )
        ),
    }


def _keys(events: Sequence[Event], keys: Sequence[str]) -> list[str]:
    used = [Identity.of(event).key for event in events]
    found = (*keys, *used, *handed_out(filter(succeeded, events)))
    return [key for key in dict.fromkeys(found) if fits("access_key_id", key)]


def _line(event: Event) -> str:
    words = (str(event.get("eventTime")), str(event.get("eventName")), resource_of(event))
    return " ".join(word for word in words if word)
