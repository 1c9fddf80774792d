"""Find out who uses a role, and how a stolen session of it was obtained.

CloudTrail says who assumed the role within `lookback` (AssumeRole events name it), EC2 which
instances carry it now; the trust policy says who could. Cutting a role's sessions hits all of
these, so the question whether to cut names them. The session that was stolen is told apart by its
key, its name or its instance; without any of these nobody is told apart. The number of requests
does not grow with the account: only what names the role is asked for. A function or a task shows
itself by the session that its service mints for it. Use that is older than `lookback`, and sessions
that are used and were minted before it, are not seen.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from firedoor.actions import contract
from firedoor.actions.cloudtrail._events import (
    DELIVERY,
    Event,
    Identity,
    all_regions,
    find,
    minted,
    succeeded,
    sweep,
)
from firedoor.actions.cloudtrail._hunt import fits
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import AccessKeyId, Arn, Duration, IamRoleName, IamUserName, parse_duration

PERMISSIONS = (
    Permission("cloudtrail:LookupEvents"),
    Permission("ec2:DescribeRegions", why="which Regions to look in"),
    Permission("ec2:DescribeInstances", why="which instances carry the role"),
)
EXAMPLE = {
    "arn": "arn:aws:iam::111122223333:role/data-reader",
    "access_key_id": "ASIAIOSFODNN7EXAMPLE",
}
PAGES = 4
"""Pages of 50 assumptions that are read in one Region."""
MOST_KEYS = 40
MOST_TOLD = 12
EC2 = "ec2.amazonaws.com"


class Input(Given, frozen=True, kw_only=True):
    """The role by ARN, with its path; and what tells the stolen session apart, if it is known.

    `access_key_ids`: several keys of which some may be of sessions of this role, as a finding about
    several actors names them; long-term ones are no session's. `services` and `trusted`: whom the
    trust policy names; `instance_profiles`: ARNs.
    """

    arn: Arn
    access_key_id: AccessKeyId | None = None
    access_key_ids: list[AccessKeyId] = msgspec.field(default_factory=list)
    session: str | None = None
    instance: str | None = None
    services: list[str] = msgspec.field(default_factory=list)
    trusted: list[str] = msgspec.field(default_factory=list)
    instance_profiles: list[Arn] = msgspec.field(default_factory=list)
    lookback: Duration = "48h"


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """One who assumed the role: `kind` is user, role, service, account or other."""

    kind: str
    name: str
    sessions: tuple[str, ...]
    times: int


class Output(contract.Output, frozen=True, kw_only=True):
    """Who uses the role beside the stolen session, and where that came from.

    `shared`: others were seen, or carry it; `idle`: neither was seen, and no instance carries it.
    `alone`: one instance and nobody else can use it.
    `words` names the others for a question. `keys`: those of the stolen session; all that were
    minted where it cannot be told apart. `came_from_…`: who was handed the stolen session.
    """

    shared: bool
    idle: bool
    alone: bool
    words: str
    others: list[Use]
    instances: list[str]
    keys: list[AccessKeyId]
    came_from: str
    came_from_user: IamUserName | None
    came_from_role: IamRoleName | None
    came_from_key: AccessKeyId | None
    came_from_instance: str | None
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Who assumed it, who carries it."""
    regions, unknown = all_regions(aws)
    since = case.now - parse_duration(given.lookback)
    # The event that handed a key out names it, however many others there are.
    names = [("ResourceName", each) for each in (given.arn, *_sought(given))]
    asked = {f"{n} {v} {region}": (n, v, region) for n, v in names for region in regions}
    found = sweep(
        list(asked),
        lambda each: find(
            aws, asked[each][2], *asked[each][:2], since=since, until=None, pages=PAGES
        ),
    )
    events = [event for event in found.events if _assumes(event, given.arn) and succeeded(event)]
    instances = _instances(aws, regions, given.instance_profiles, unknown)
    stolen = [event for event in events if _is_stolen(event, given)]
    known = bool(stolen or given.access_key_id or given.session or given.instance)
    others = _uses([event for event in events if event not in stolen])
    carrying = [each for each in instances if each not in _victims(given, stolen)]
    # What could not be looked at may be somebody's work.
    shared = bool(others or carrying or unknown or found.unknown)
    origin: Any = _origin(stolen[-1] if stolen else None)
    keys = [minted(event) for event in (stolen if known else events)]
    return Output(
        shared=shared,
        idle=not shared and not instances,
        alone=_alone(given, instances, others),
        words=_words(others, carrying),
        others=others,
        instances=instances,
        keys=_keys([given.access_key_id or "", *keys]),
        **origin,
        keep=(
            Artefact(
                name=f"cloudtrail-assumed-{given.arn.rsplit('/', 1)[-1]}",
                content={"since": since.isoformat(), "regions": regions, "events": events},
                about=f"CloudTrail: who assumed {given.arn}",
            ),
        ),
        unknown=(*unknown, *found.unknown, *_doubts(known, stolen), DELIVERY),
    )


def _assumes(event: Event, arn: str) -> bool:
    asked = event.get("requestParameters") or {}
    return str(event.get("eventName")).startswith("AssumeRole") and asked.get("roleArn") == arn


def _session(event: Event) -> str:
    return str((event.get("requestParameters") or {}).get("roleSessionName") or "")


def _sought(given: Input) -> list[str]:
    """The keys of sessions that tell the stolen one apart."""
    several = [key for key in given.access_key_ids if key.startswith("ASIA")]
    return list(dict.fromkeys([*filter(None, [given.access_key_id]), *several]))[:MOST_KEYS]


def _is_stolen(event: Event, given: Input) -> bool:
    if minted(event) in _sought(given):
        return True
    return bool(_session(event)) and _session(event) in (given.session, given.instance)


def _victims(given: Input, stolen: Sequence[Event]) -> set[str]:
    return {given.instance or "", given.session or "", *map(_session, stolen)}


def _by(event: Event) -> tuple[str, str]:
    """Who assumed it: (kind, name)."""
    who = Identity.of(event)
    said: Mapping[str, Any] = event.get("userIdentity") or {}
    if who.user:
        return "user", who.user
    if who.role:
        return "role", who.role
    if who.kind in ("AWSService",) or said.get("invokedBy"):
        return "service", str(said.get("invokedBy") or "an AWS service")
    if who.kind == "AWSAccount":
        return "account", str(said.get("accountId") or "another account")
    return "other", who.arn or str(said.get("userName") or who.kind or "unknown")


def _uses(events: Iterable[Event]) -> list[Use]:
    found: dict[tuple[str, str], list[str]] = {}
    for event in events:
        found.setdefault(_by(event), []).append(_session(event))
    return [
        Use(kind=kind, name=name, sessions=tuple(dict.fromkeys(names)), times=len(names))
        for (kind, name), names in sorted(found.items())
    ]


def _alone(given: Input, instances: Sequence[str], others: Sequence[Use]) -> bool:
    """Whether exactly one instance uses the role, and no human and no other service can."""
    return len(instances) == 1 and given.trusted == [EC2] and not others


def _words(others: Sequence[Use], carrying: Sequence[str]) -> str:
    told = [f"instance {each}" for each in carrying]
    for use in others:
        sessions = ", ".join(name for name in use.sessions[:3] if name)
        told.append(f"{use.kind} {use.name}" + (f" ({sessions})" if sessions else ""))
    left = len(told) - MOST_TOLD
    more = [f"and {left} more"] if left > 0 else []
    return "; ".join([*told[:MOST_TOLD], *more]) or "nobody else was seen"


def _origin(event: Event | None) -> dict[str, str | None]:
    """The fields that tell how the stolen session was obtained."""
    blank: dict[str, str | None] = dict.fromkeys(
        ("came_from_user", "came_from_role", "came_from_key", "came_from_instance")
    )
    if event is None:
        return {"came_from": "not seen in CloudTrail", **blank}
    kind, name = _by(event)
    key, session = Identity.of(event).key, _session(event)
    if kind == "service" and name == EC2 and session.startswith("i-"):
        return {**blank, "came_from": f"instance {session}", "came_from_instance": session}
    blank["came_from_key"] = key if fits("access_key_id", key) else None
    if kind == "user" and fits("iam_user_name", name):
        blank["came_from_user"] = name
    if kind == "role" and fits("iam_role_name", name):
        blank["came_from_role"] = name
    return {"came_from": f"{kind} {name}", **blank}


def _keys(found: Iterable[str]) -> list[str]:
    return [key for key in dict.fromkeys(found) if fits("access_key_id", key)][:MOST_KEYS]


def _instances(
    aws: Aws, regions: Sequence[str], profiles: Sequence[str], unknown: list[str]
) -> list[str]:
    """Instances that carry one of the profiles and are not terminated."""
    if not profiles:
        return []
    found: list[str] = []
    by_profile = {"Name": "iam-instance-profile.arn", "Values": list(profiles)}
    alive = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}
    for region in regions:
        try:
            reservations = aws.pages(
                "ec2",
                "describe_instances",
                "Reservations",
                region=region,
                Filters=[by_profile, alive],
            )
            found += [str(each["InstanceId"]) for one in reservations for each in one["Instances"]]
        except NoCredentials:
            raise
        except AwsError as error:
            unknown.append(f"which instances in {region} carry the role: {error.message}")
    return sorted(found)


def _doubts(known: bool, stolen: Sequence[Event]) -> list[str]:
    if not known:
        return ["which of the role's sessions is stolen is not said: all count as others"]
    origins = [str(_origin(event)["came_from"]) for event in stolen]
    instances = [each for each in dict.fromkeys(origins) if each.startswith("instance ")]
    return [f"the session came from {each}: contain it as well" for each in instances]
