"""Follow an IAM user in CloudTrail: what he did, minted, assumed, created and left behind.

Looks up the user by name and by his keys, and follows every key that he was handed: sessions, three
hands on at most, and access keys that he made for others; in every enabled Region and in the one
where IAM's and STS's global events lie. Only calls that succeeded left something behind; what he
took away again is left out. When his events are more than are read, calls that create users and
credentials are looked for by their names, so that noise cannot bury them. It reads management
events alone: what was read from or written to objects is not in the event history, and events take
up to 15 minutes to appear; both are said as unknown.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

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
    MadeKey,
    MadePassword,
    Widened,
)
from firedoor.actions.cloudtrail._seen import Seen, notable, resource_of, tell
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.kinds import AccessKeyId, Duration, IamUserName, parse_duration

PERMISSIONS = (
    Permission("cloudtrail:LookupEvents"),
    Permission("ec2:DescribeRegions", why="which Regions to look in"),
)
EXAMPLE = {
    "user": "ci-deployer",
    "lookback": "48h",
    "access_key_ids": ["AKIAIOSFODNN7EXAMPLE"],
}
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


class Input(Given, frozen=True, kw_only=True):
    """The user, how far back to follow him, and his long-term keys where they are known.

    A key finds him under the name that he had before he was renamed, too.
    """

    user: IamUserName
    lookback: Duration = "48h"
    access_key_ids: list[AccessKeyId] = msgspec.field(default_factory=list)


class Output(contract.Output, frozen=True, kw_only=True):
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
    assumed_roles: list[Assumed]
    changed_roles: list[ChangedRole]
    widened: list[Widened]
    key_ids: list[AccessKeyId]
    notable: list[str]
    addresses: list[str]
    regions: list[str]
    seen: tuple[Seen, ...]
    seen_left_out: int
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Everything of his within `lookback`."""
    since = case.now - parse_duration(given.lookback)
    regions, unknown = all_regions(aws)
    names = [("Username", given.user), *(("AccessKeyId", key) for key in given.access_key_ids)]
    found = _look(aws, regions, names, since)
    cut = found.cut
    unknown += found.unknown
    mine = _his(found.events, given)
    followed = set(given.access_key_ids)
    for _ in range(HANDS):
        if cut:
            mine, cut = _dug_out(aws, mine, given, followed, since, unknown), False
        fresh = [key for key in handed_out(filter(succeeded, mine)) if key not in followed]
        if not fresh:
            break
        room = MAX_KEYS - len(followed)
        if len(fresh) > room:
            unknown.append(f"{len(fresh) - room} more keys were handed out than are followed")
            fresh = fresh[:room]
        followed.update(fresh)
        more = _look(aws, regions, [("AccessKeyId", key) for key in fresh], since)
        cut = cut or more.cut
        unknown += more.unknown
        # What a key did comes after it was handed out, also within one second.
        mine = unique([*more.events, *mine])
    return _told(mine, aws, given, regions, since, unknown)


def _look(
    aws: Aws, regions: Sequence[str], names: Sequence[tuple[str, str]], since: datetime
) -> Found:
    """Each name in each Region; the Regions take turns, since each has its own limit."""
    asked = {
        f"{name} {value} {region}": (name, value, region)
        for name, value in names
        for region in regions
    }

    def look(key: str) -> Found:
        name, value, region = asked[key]
        return find(aws, region, name, value, since=since, until=None, pages=PAGES)

    return sweep(list(asked), look)


def _dug_out(
    aws: Aws,
    mine: list[Event],
    given: Input,
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
    return unique([*mine, *_his(found.events, given), *more])


def _his(events: Sequence[Event], given: Input) -> list[Event]:
    """Of the IAM user, not of a role session that happens to be named like him.

    A role that he switched to in the console has no key in its event; its session bears his name.
    """
    switched = {Identity.of(event).role for event in events if _switched_by(event, given.user)} - {
        ""
    }
    return [
        event
        for event in events
        if _is(event, given)
        or _switched_by(event, given.user)
        or (Identity.of(event).role in switched and _session_name(event) == given.user)
    ]


def _is(event: Event, given: Input) -> bool:
    who = Identity.of(event)
    if who.key in given.access_key_ids or who.user == given.user:
        return True
    return who.kind == "FederatedUser" and who.user == "" and _session_name(event) == given.user


def _session_name(event: Event) -> str:
    return Identity.of(event).arn.rsplit("/", 1)[-1]


def _switched_by(event: Event, user: str) -> bool:
    before = str((event.get("additionalEventData") or {}).get("SwitchFrom") or "")
    return (
        event.get("eventName") == "SwitchRole"
        and ":user/" in before
        and before.rsplit("/", 1)[-1] == user
    )


def _told(
    mine: list[Event],
    aws: Aws,
    given: Input,
    regions: list[str],
    since: datetime,
    unknown: list[str],
) -> Output:
    done = [event for event in mine if succeeded(event)]
    left = left_behind(done, user=given.user, account=aws.account)
    seen, left_out = tell(mine)
    return Output(
        events=len(mine),
        denied=len(mine) - len(done),
        created_users=left.created_users,
        touched_users=left.touched_users,
        made_keys=left.made_keys,
        made_passwords=left.made_passwords,
        made_credentials=left.made_credentials,
        assumed_roles=left.assumed_roles,
        changed_roles=left.changed_roles,
        widened=left.widened,
        key_ids=_keys(mine, given),
        notable=[_line(event) for event in reversed(done) if notable(event)],
        addresses=sorted({str(event.get("sourceIPAddress")) for event in mine} - {"None"}),
        regions=regions,
        seen=seen,
        seen_left_out=left_out,
        keep=(
            Artefact(
                name=f"cloudtrail-{given.user}",
                content={"since": since.isoformat(), "regions": regions, "events": mine},
                about=f"CloudTrail: what {given.user} and his sessions did",
            ),
        ),
        unknown=tuple(
            dict.fromkeys((*unknown, *left.unknown, *sessions_of_others(left, done), DELIVERY))
        ),
    )


def _keys(events: Sequence[Event], given: Input) -> list[str]:
    used = [Identity.of(event).key for event in events]
    found = (*given.access_key_ids, *used, *handed_out(filter(succeeded, events)))
    return [key for key in dict.fromkeys(found) if fits("access_key_id", key)]


def _line(event: Event) -> str:
    words = (str(event.get("eventTime")), str(event.get("eventName")), resource_of(event))
    return " ".join(word for word in words if word)
