"""Look whether anything of a user still succeeds after containment.

Reads CloudTrail in every enabled Region for the user and for every key id given, from `since` on
(when none is given, from the last change of the incident on). `quiet` is true when nothing
succeeded; attempts that AWS denied are counted, they are the proof that somebody is still trying.
Calls with an inactive key are not in CloudTrail at all: AWS turns them away before it knows who
asks. Events take minutes to appear, so silence now is no proof by itself: the later checks look
again.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html
"""

from __future__ import annotations

import msgspec

from firedoor.actions import contract
from firedoor.actions.cloudtrail._events import (
    DELIVERY,
    Event,
    Found,
    Identity,
    all_regions,
    succeeded,
    when,
)
from firedoor.actions.cloudtrail._follow import look
from firedoor.actions.cloudtrail._seen import Seen, tell
from firedoor.actions.contract import Artefact, Aws, Case, Check, Given, Permission
from firedoor.kinds import AccessKeyId, IamUserName, Time, parse_time, time_text

PERMISSIONS = (
    Permission("cloudtrail:LookupEvents"),
    Permission("ec2:DescribeRegions", why="which Regions to look in"),
)
EXAMPLE = {"user": "ci-deployer", "access_key_ids": ["AKIAIOSFODNN7EXAMPLE"]}
PAGES = 2
HARMLESS = frozenset({"GetCallerIdentity"})
"""AWS allows these even under a deny: they prove nothing either way."""


class Input(Given, frozen=True, kw_only=True):
    """Whose calls, by user, keys or both; `since`: when the last containing change was made.

    `who` is what they are called where no user is given.
    """

    user: IamUserName | None = None
    who: str = "the stolen sessions"
    access_key_ids: list[AccessKeyId] = msgspec.field(default_factory=list)
    since: Time | None = None


class Success(msgspec.Struct, frozen=True, kw_only=True):
    """A call that got through."""

    when: str
    event: str
    source_ip: str
    key: str


class Output(contract.Output, frozen=True, kw_only=True):
    """What was seen of him between `watched_from` and `watched_until`.

    `seen` are his events for the journal, `seen_left_out` how many more there are in the evidence.
    """

    quiet: bool
    attempts: int
    successes: list[Success]
    watched_from: Time
    watched_until: Time
    seen: tuple[Seen, ...]
    seen_left_out: int
    checks: tuple[Check, ...]
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """What CloudTrail shows until now."""
    begin = parse_time(given.since) if given.since else case.changed or aws.now()
    regions, unknown = all_regions(aws)
    names = [("AccessKeyId", key) for key in given.access_key_ids]
    if given.user:
        names.insert(0, ("Username", given.user))
    whose = given.user or given.who
    found = look(aws, regions, names, begin, PAGES)
    keys = set(given.access_key_ids)
    mine = [
        event
        for event in found.events
        if when(event) > begin
        and (Identity.of(event).user == (given.user or None) or Identity.of(event).key in keys)
    ]
    through = [
        event for event in mine if succeeded(event) and event.get("eventName") not in HARMLESS
    ]
    seen, left_out = tell(mine)
    return Output(
        quiet=not through,
        attempts=len(mine),
        successes=[_success(event) for event in through],
        watched_from=time_text(begin),
        watched_until=time_text(aws.now()),
        seen=seen,
        seen_left_out=left_out,
        checks=_checks(whose, time_text(begin), len(mine), len(through), found),
        keep=(
            Artefact(
                name=f"cloudtrail-after-{whose.replace(' ', '-')}",
                content={"since": begin.isoformat(), "regions": regions, "events": mine},
                about=f"CloudTrail: what {whose} tried after containment",
            ),
        ),
        unknown=(*unknown, *found.unknown, DELIVERY),
    )


def _checks(user: str, begin: str, calls: int, through: int, found: Found) -> tuple[Check, ...]:
    """Whether nothing got through. Where nothing could be read, nothing is claimed."""
    if not found.answered:
        return ()
    seen = f"{through} of {calls} calls succeeded"
    return (
        Check(
            what=f"nothing of {user} has succeeded since {begin}",
            holds=not through,
            seen=f"{seen}; not everything could be read" if found.unknown else seen,
        ),
    )


def _success(event: Event) -> Success:
    return Success(
        when=str(event.get("eventTime")),
        event=str(event.get("eventName")),
        source_ip=str(event.get("sourceIPAddress")),
        key=Identity.of(event).key,
    )
