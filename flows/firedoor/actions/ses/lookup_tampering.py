"""See in CloudTrail what was set up to send mail, and by whom.

Looks in every enabled Region for calls that verify an identity, let somebody else send as one,
switch sending or production access on, or make SMTP users (members of SES's own group). SMTP
credentials are access keys of IAM users: whoever made one is among `users`, and
compromised-credentials shuts it in all Regions. Calls of the last 90 days at most.
Source: https://docs.aws.amazon.com/ses/latest/dg/logging-using-cloudtrail.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from firedoor.actions import contract
from firedoor.actions.cloudtrail._actors import ByRole, ByUser, actors
from firedoor.actions.cloudtrail._events import (
    DELIVERY,
    Event,
    Found,
    all_regions,
    find,
    global_region,
    oldest_first,
    succeeded,
    sweep,
)
from firedoor.actions.cloudtrail._hunt import fits
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.kinds import Duration, IamUserName, Region, SesIdentity, parse_duration

PERMISSIONS = (
    Permission("cloudtrail:LookupEvents"),
    Permission("ec2:DescribeRegions", why="which Regions to look in"),
)
EXAMPLE = {"lookback": "48h"}
VERIFYING = (
    *("CreateEmailIdentity", "VerifyDomainIdentity", "VerifyEmailIdentity", "VerifyDomainDkim"),
    *("VerifyEmailAddress",),
)
LETTING = ("CreateEmailIdentityPolicy", "PutIdentityPolicy", "UpdateEmailIdentityPolicy")
OPENING = ("PutAccountSendingAttributes", "UpdateAccountSendingEnabled", "PutAccountDetails")
JOINING = "AddUserToGroup"
SMTP_GROUP = "AWSSESSendingGroupDoNotRename"
PAGES = 2


class Input(Given, frozen=True, kw_only=True):
    """How far back such calls are the attacker's doing."""

    lookback: Duration = "48h"


class Added(contract.Output, frozen=True, kw_only=True):
    """An identity that was added within the time, and where."""

    identity: SesIdentity
    region: Region


class Letting(contract.Output, frozen=True, kw_only=True):
    """A policy that lets somebody else send as an identity."""

    identity: SesIdentity
    policy: str
    region: Region


class Output(contract.Output, frozen=True, kw_only=True):
    """What was set up; `smtp_users` were put into SES's group for SMTP."""

    identities: tuple[Added, ...] = ()
    policies: tuple[Letting, ...] = ()
    opened: tuple[str, ...] = ()
    smtp_users: tuple[IamUserName, ...] = ()
    users: tuple[ByUser, ...] = ()
    roles: tuple[ByRole, ...] = ()
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Every such call that was carried out."""
    regions, unknown = all_regions(aws)
    since = case.now - parse_duration(given.lookback)

    def look(region: str) -> Found:
        names = [*VERIFYING, *LETTING, *OPENING]
        if region == global_region(aws):
            names.append(JOINING)
        return sweep(
            names,
            lambda name: find(aws, region, "EventName", name, since=since, until=None, pages=PAGES),
            workers=2,
        )

    whole = sweep(regions, look)
    done = [
        event for event in oldest_first(filter(succeeded, whole.events)) if _is_about_mail(event)
    ]
    who = actors(done, own=aws.principal, account=aws.account)
    return Output(
        identities=tuple({(one.identity, one.region): one for one in _added(done)}.values()),
        policies=tuple(
            {(one.identity, one.policy, one.region): one for one in _letting(done)}.values()
        ),
        opened=tuple(
            f"{event.get('eventTime')} {event['eventName']} in {event.get('awsRegion')}"
            for event in done
            if event["eventName"] in OPENING
        ),
        smtp_users=tuple(dict.fromkeys(_smtp(done))),
        users=who.users,
        roles=who.roles,
        keep=(
            Artefact(
                name="cloudtrail-mail",
                content={"since": since.isoformat(), "regions": regions, "events": whole.events},
                about="CloudTrail: what was set up to send mail",
            ),
        ),
        unknown=tuple(dict.fromkeys((*unknown, *whole.unknown, *who.others, DELIVERY))),
    )


def _asked(event: Event, *names: str) -> str:
    """The first of these parameters that is there."""
    asked = event.get("requestParameters") or {}
    return next((str(asked[name]) for name in names if asked.get(name)), "")


def _is_about_mail(event: Event) -> bool:
    return event["eventName"] != JOINING or _asked(event, "groupName") == SMTP_GROUP


def _added(events: Iterable[Event]) -> Iterator[Added]:
    for event in events:
        region = str(event.get("awsRegion") or "")
        identity = _asked(event, "emailIdentity", "domain", "emailAddress")
        if event["eventName"] in VERIFYING and fits("ses_identity", identity):
            yield Added(identity=identity, region=region)


def _letting(events: Iterable[Event]) -> Iterator[Letting]:
    for event in events:
        region = str(event.get("awsRegion") or "")
        identity = _asked(event, "emailIdentity", "identity").rpartition(":identity/")[2]
        policy = _asked(event, "policyName")
        if event["eventName"] in LETTING and policy and fits("ses_identity", identity):
            yield Letting(identity=identity, policy=policy, region=region)


def _smtp(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        user = _asked(event, "userName")
        if event["eventName"] == JOINING and fits("iam_user_name", user):
            yield user
