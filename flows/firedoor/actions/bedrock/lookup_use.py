"""See in CloudTrail who asked models, in which Regions, and what was set up for it.

Sweeps every enabled Region for the calls that ask models (InvokeModel, Converse and their kin),
that open the way to them (agreements, entitlements, use cases, quotas), that make something which
costs or stays (provisioned throughput, batch jobs, agents, knowledge bases, API keys), and that
turn the invocation log off. What was asked is not in CloudTrail: only an invocation log has the
prompts. `users` and `roles` did what stays; whoever only asked is in the evidence.
Source: https://docs.aws.amazon.com/bedrock/latest/userguide/logging-using-cloudtrail.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from firedoor.actions import contract
from firedoor.actions.cloudtrail._actors import ByRole, ByUser, actors
from firedoor.actions.cloudtrail._events import (
    DELIVERY,
    Event,
    Found,
    Identity,
    all_regions,
    find,
    oldest_first,
    succeeded,
    sweep,
    when,
)
from firedoor.actions.cloudtrail._hunt import fits
from firedoor.actions.cloudtrail._taken import ModelLogWas
from firedoor.actions.cloudtrail._tampered import tampered
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.kinds import Arn, Duration, Region, parse_duration

PERMISSIONS = (
    Permission("cloudtrail:LookupEvents"),
    Permission("ec2:DescribeRegions", why="which Regions to look in"),
)
EXAMPLE = {"lookback": "48h"}
ASKING = ("InvokeModel", "InvokeModelWithResponseStream", "Converse", "ConverseStream")
OPENING = (
    *("PutUseCaseForModelAccess", "CreateFoundationModelAgreement", "CreateInferenceProfile"),
    *("PutFoundationModelEntitlement", "RequestServiceQuotaIncrease"),
)
THROUGHPUT = "CreateProvisionedModelThroughput"
MAKING = (
    *(THROUGHPUT, "CreateModelInvocationJob", "CreateAgent"),
    *("CreateModelCustomizationJob", "CreateKnowledgeBase"),
)
LOGGING = (
    "DeleteModelInvocationLoggingConfiguration",
    "PutModelInvocationLoggingConfiguration",
)
HISTORY = timedelta(days=90)
PAGES = 2


class Input(Given, frozen=True, kw_only=True):
    """How far back to look."""

    lookback: Duration = "48h"


class Made(contract.Output, frozen=True, kw_only=True):
    """Something that was made and costs until it is deleted."""

    arn: Arn
    region: Region


class Output(contract.Output, frozen=True, kw_only=True):
    """How often models were asked, by whom and where; what was made; whose log was turned off."""

    asked: int = 0
    refused: int = 0
    askers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    opened: tuple[str, ...] = ()
    throughputs: tuple[Made, ...] = ()
    model_logs: tuple[ModelLogWas, ...] = ()
    users: tuple[ByUser, ...] = ()
    roles: tuple[ByRole, ...] = ()
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Every such call within `lookback`; of the log's settings, of 90 days."""
    regions, unknown = all_regions(aws)
    since = case.now - parse_duration(given.lookback)
    whole = sweep(regions, lambda region: _look(aws, region, case, since))
    ordered = oldest_first(whole.events)
    lately = [event for event in ordered if when(event) >= since]
    done = [event for event in lately if succeeded(event)]
    asking = [event for event in lately if event.get("eventName") in ASKING]
    before = [event for event in ordered if when(event) < since and succeeded(event)]
    log = tampered([event for event in done if event.get("eventName") in LOGGING], before)
    lasting = [event for event in done if event.get("eventName") in (*OPENING, *MAKING, *LOGGING)]
    who = actors(lasting, own=aws.principal, account=aws.account)
    made = [event for event in done if event.get("eventName") in MAKING]
    others = [
        f"{event.get('eventTime')} {event['eventName']} in {event.get('awsRegion')}: stop or "
        "delete by hand what it made"
        for event in made
        if event["eventName"] != THROUGHPUT
    ]
    return Output(
        asked=sum(succeeded(event) for event in asking),
        refused=sum(not succeeded(event) for event in asking),
        askers=tuple(_most(Identity.of(event).arn for event in asking)),
        models=tuple(_most(_model(event) for event in asking)),
        regions=tuple(sorted({str(e.get("awsRegion")) for e in asking if _region_of(e)})),
        opened=tuple(f"{event.get('eventTime')} {event['eventName']}" for event in _opening(done)),
        throughputs=_made(made, THROUGHPUT, "provisionedModelArn"),
        model_logs=log.model_logs,
        users=who.users,
        roles=who.roles,
        keep=(
            Artefact(
                name="cloudtrail-models",
                content={"since": since.isoformat(), "regions": regions, "events": whole.events},
                about="CloudTrail: who asked models, and what was set up for it",
            ),
        ),
        unknown=tuple(
            dict.fromkeys((*unknown, *whole.unknown, *who.others, *log.noted, *others, DELIVERY))
        ),
    )


def _look(aws: Aws, region: str, case: Case, since: datetime) -> Found:
    def look(name: str) -> Found:
        begin = case.now - HISTORY if name in LOGGING else since
        return find(aws, region, "EventName", name, since=begin, until=None, pages=PAGES)

    return sweep((*ASKING, *OPENING, *MAKING, *LOGGING), look, workers=2)


def _opening(events: Iterable[Event]) -> Iterable[Event]:
    return (event for event in events if event.get("eventName") in OPENING)


def _most(names: Iterable[str]) -> list[str]:
    """Each name once, the most frequent first."""
    return [name for name, _ in Counter(name for name in names if name).most_common()]


def _model(event: Event) -> str:
    asked = event.get("requestParameters") or {}
    return str(asked.get("modelId") or "")


def _region_of(event: Event) -> bool:
    return fits("region", str(event.get("awsRegion") or ""))


def _made(events: Sequence[Event], name: str, key: str) -> tuple[Made, ...]:
    return tuple(
        Made(arn=arn, region=str(event.get("awsRegion")))
        for event in events
        if event["eventName"] == name
        and _region_of(event)
        and fits("arn", arn := str((event.get("responseElements") or {}).get(key) or ""))
    )
