"""Look whether anything of a user still succeeds after containment.

Reads CloudTrail for the user and for every key id given, from `since` on (when none is given, from
the last change of the incident on). `quiet` is true when nothing succeeded; attempts that
AWS denied are counted, they are the proof that somebody is still trying. Events take minutes to
appear, so silence now is no proof by itself: the later checks look again.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html
"""

from __future__ import annotations

import msgspec

from firedoor.actions import contract
from firedoor.actions.cloudtrail._events import (
    DELIVERY,
    GLOBAL_REGION,
    Event,
    Found,
    Identity,
    find,
    succeeded,
    sweep,
    unique,
    when,
)
from firedoor.actions.contract import Artefact, Aws, Case, Check, Given, Permission
from firedoor.kinds import AccessKeyId, IamUserName, Time, parse_time, time_text

PERMISSIONS = (Permission("cloudtrail:LookupEvents"),)
EXAMPLE = {"user": "ci-deployer", "access_key_ids": ["AKIAIOSFODNN7EXAMPLE"]}
PAGES = 2
HARMLESS = frozenset({"GetCallerIdentity"})
"""AWS allows these even under a deny: they prove nothing either way."""


class Input(Given, frozen=True, kw_only=True):
    """Whose calls; `since` is when the last containing change was made."""

    user: IamUserName
    access_key_ids: list[AccessKeyId] = msgspec.field(default_factory=list)
    since: Time | None = None


class Success(msgspec.Struct, frozen=True, kw_only=True):
    """A call that got through."""

    when: str
    event: str
    source_ip: str
    key: str


class Output(contract.Output, frozen=True, kw_only=True):
    """What was seen of him between `watched_from` and `watched_until`."""

    quiet: bool
    attempts: int
    successes: list[Success]
    watched_from: Time
    watched_until: Time
    checks: tuple[Check, ...]
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """What CloudTrail shows until now."""
    begin = parse_time(given.since) if given.since else case.changed or aws.now()
    regions = list(dict.fromkeys([aws.region, GLOBAL_REGION]))
    looks = [("Username", given.user), *(("AccessKeyId", key) for key in given.access_key_ids)]
    pairs = [f"{region} {name} {value}" for region in regions for name, value in looks]

    def look(pair: str) -> Found:
        region, name, value = pair.split(" ", 2)
        return find(aws, region, name, value, since=begin, until=None, pages=PAGES)

    found = sweep(pairs, look)
    keys = set(given.access_key_ids)
    mine = [
        event
        for event in unique(found.events)
        if when(event) > begin
        and (Identity.of(event).user == given.user or Identity.of(event).key in keys)
    ]
    through = [
        event for event in mine if succeeded(event) and event.get("eventName") not in HARMLESS
    ]
    return Output(
        quiet=not through,
        attempts=len(mine),
        successes=[_success(event) for event in through],
        watched_from=time_text(begin),
        watched_until=time_text(aws.now()),
        checks=(
            Check(
                what=f"nothing of {given.user} has succeeded since {time_text(begin)}",
                holds=not through,
                seen=f"{len(through)} of {len(mine)} calls succeeded",
            ),
        ),
        keep=(
            Artefact(
                name=f"cloudtrail-after-{given.user}",
                content={"since": begin.isoformat(), "events": mine},
                about=f"CloudTrail: what {given.user} tried after containment",
            ),
        ),
        unknown=(*found.unknown, DELIVERY),
    )


def _success(event: Event) -> Success:
    return Success(
        when=str(event.get("eventTime")),
        event=str(event.get("eventName")),
        source_ip=str(event.get("sourceIPAddress")),
        key=Identity.of(event).key,
    )
