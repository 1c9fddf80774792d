"""CloudTrail's event history: look-ups with a cap, and who an event was made by.

LookupEvents knows 90 days of management events, per Region, two requests a second, newest first;
events appear within about 5 and up to 15 minutes. IAM's and STS's global events lie in one Region
of the partition, us-east-1 in AWS's public one. What was read from or written to objects in S3
(data events) is not in it, nor are calls with a key that is inactive.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from firedoor.actions.contract import Aws
from firedoor.errors import AwsError, AwsThrottled, NoCredentials

GLOBAL_REGIONS = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where the global services of a partition write their events; us-east-1 in all others."""
PAGE = 50
PATIENCE = (1.0, 2.0, 4.0, 8.0)
"""Pauses in seconds after a look-up was throttled: others look things up in the account too."""
ROOT = "<root_account>"
"""What stands for the name of the root user, as in IAM's own reports."""
DELIVERY = (
    "what happened in the last 15 minutes may not be in CloudTrail yet, and what was done to "
    "objects (S3 data events) never is in its event history"
)

Event = dict[str, Any]


@dataclass
class Found:
    """Events, newest first, and what could not be looked at.

    `cut`: there were more events than were read; `answered`: requests that AWS answered; `unread`:
    Region → the code with which AWS refused.
    """

    events: list[Event] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    answered: int = 0


@dataclass(frozen=True)
class Identity:
    """Who made a call: an IAM user (also through a session of his), or a role's session."""

    kind: str
    user: str
    role: str
    key: str
    arn: str

    @classmethod
    def of(cls, event: Event) -> Identity:
        """The identity in an event; empty parts are not said there."""
        who = event.get("userIdentity") or {}
        issuer = (who.get("sessionContext") or {}).get("sessionIssuer") or {}
        kind = str(who.get("type", ""))
        user = who.get("userName") if kind == "IAMUser" else ""
        if kind == "Root":
            user = ROOT
        if kind == "FederatedUser" and issuer.get("type") == "IAMUser":
            user = issuer.get("userName")
        role = issuer.get("userName") if issuer.get("type") == "Role" else ""
        return cls(
            kind=kind,
            user=str(user or ""),
            role=str(role or ""),
            key=str(who.get("accessKeyId") or ""),
            arn=str(who.get("arn") or ""),
        )


def global_region(aws: Aws) -> str:
    """The Region that the global services of the partition (IAM, STS) write their events to."""
    return GLOBAL_REGIONS.get(aws.partition, "us-east-1")


def all_regions(aws: Aws) -> tuple[list[str], list[str]]:
    """Every enabled Region and the global one; and what is not known when they cannot be listed."""
    listed = aws.regions()
    regions = list(dict.fromkeys([*listed, global_region(aws)]))
    if len(listed) > 1:
        return regions, []
    return regions, [f"only {' and '.join(regions)} were looked at: no other Region was listed"]


def find(
    aws: Aws,
    region: str,
    attribute: str,
    value: str,
    *,
    since: datetime | None,
    until: datetime | None,
    pages: int,
) -> Found:
    """Events with an attribute in one Region, at most `pages` of 50; a refusal is in `unknown`.

    NoCredentials is raised: nothing can be looked at with them.
    """
    found = Found()
    given: dict[str, Any] = {
        "LookupAttributes": [{"AttributeKey": attribute, "AttributeValue": value}],
        "MaxResults": PAGE,
    }
    if since:
        given["StartTime"] = since
    if until:
        given["EndTime"] = until
    for _ in range(pages):
        try:
            answer = _look_up(aws, region, given)
        except NoCredentials:
            raise
        except AwsError as error:
            found.unread[region] = error.code
            found.unknown.append(_unread([region], error.code))
            return found
        found.answered += 1
        found.events.extend(_event(each) for each in answer.get("Events", ()))
        token = answer.get("NextToken")
        if not token:
            return found
        given["NextToken"] = token
    found.cut = True
    found.unknown.append(
        f"CloudTrail in {region} has more than {pages * PAGE} events: the older ones were not read"
    )
    return found


def _look_up(aws: Aws, region: str, given: dict[str, Any]) -> dict[str, Any]:
    for pause in PATIENCE:
        try:
            return aws.call("cloudtrail", "lookup_events", region=region, **given)
        except AwsThrottled:
            aws.wait(pause)
    return aws.call("cloudtrail", "lookup_events", region=region, **given)


def sweep(regions: Sequence[str], look: Callable[[str], Found], *, workers: int = 8) -> Found:
    """The same look-up in several Regions side by side; events once each, newest first."""
    whole = Found()
    with ThreadPoolExecutor(max_workers=max(1, min(workers, len(regions)))) as pool:
        asked = [pool.submit(copy_context().run, look, region) for region in regions]
        for found in (each.result() for each in asked):
            whole.events.extend(found.events)
            whole.unread |= found.unread
            known = {_unread([region], code) for region, code in found.unread.items()}
            whole.unknown.extend(note for note in found.unknown if note not in known)
            whole.cut = whole.cut or found.cut
            whole.answered += found.answered
    whole.events = unique(whole.events)
    # One line for all Regions that said the same: a policy that forbids them forbids them all.
    for code in dict.fromkeys(whole.unread.values()):
        shut = [region for region, said in whole.unread.items() if said == code]
        whole.unknown.append(_unread(shut, code))
    return whole


def _unread(regions: Sequence[str], code: str) -> str:
    if len(regions) == 1:
        return f"CloudTrail in {regions[0]} could not be read: {code}"
    shown = ", ".join(regions[:4]) + (", …" if len(regions) > 4 else "")
    return f"CloudTrail in {len(regions)} Regions could not be read: {code} ({shown})"


def unique(events: Iterable[Event]) -> list[Event]:
    """Each event once, newest first."""
    seen = {str(event.get("eventID")): event for event in events}
    return sorted(seen.values(), key=lambda event: str(event.get("eventTime")), reverse=True)


def oldest_first(events: Iterable[Event]) -> list[Event]:
    """Events that are newest first, turned round.

    Times are whole seconds, and a script makes several calls in one: within a second the order in
    which CloudTrail told them is kept.
    """
    turned = list(events)[::-1]
    return sorted(turned, key=lambda event: str(event.get("eventTime")))


def succeeded(event: Event) -> bool:
    """Whether the call was carried out."""
    return not event.get("errorCode") and "Failure" not in str(
        (event.get("responseElements") or {}).get("ConsoleLogin", "")
    )


def minted(event: Event) -> str:
    """The id of the temporary key that a call handed out; "" for none."""
    answer = event.get("responseElements") or {}
    return str((answer.get("credentials") or {}).get("accessKeyId") or "")


def when(event: Event) -> datetime:
    """When it happened, in UTC."""
    text = str(event.get("eventTime", ""))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _event(item: dict[str, Any]) -> Event:
    try:
        event = json.loads(item.get("CloudTrailEvent") or "{}")
    except ValueError:
        event = {}
    if not isinstance(event, dict):
        event = {}
    moment = item.get("EventTime")
    event.setdefault("eventID", item.get("EventId"))
    event.setdefault("eventName", item.get("EventName"))
    if "eventTime" not in event and isinstance(moment, datetime):
        event["eventTime"] = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return event
