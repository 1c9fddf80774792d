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

import msgspec

from firedoor.actions.cloudtrail._events import Event, Identity
from firedoor.actions.cloudtrail._follow import Followed, follow, told
from firedoor.actions.contract import Aws, Case, Given, Permission
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


class Input(Given, frozen=True, kw_only=True):
    """The user, how far back to follow him, and his long-term keys where they are known.

    A key finds him under the name that he had before he was renamed, too.
    """

    user: IamUserName
    lookback: Duration = "48h"
    access_key_ids: list[AccessKeyId] = msgspec.field(default_factory=list)


Output = Followed


def observe(aws: Aws, given: Input, case: Case) -> Followed:
    """Everything of his within `lookback`."""
    names = [("Username", given.user), *(("AccessKeyId", key) for key in given.access_key_ids)]
    trace = follow(
        aws,
        names,
        case.now - parse_duration(given.lookback),
        lambda events: _his(events, given),
        given.access_key_ids,
    )
    about = f"{given.user} and his sessions"
    fields = told(
        trace, name=given.user, about=about, account=aws.account, keys=given.access_key_ids
    )
    return Followed(**fields)


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
