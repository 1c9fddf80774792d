"""What was done to a Lambda function lately, and by whom, from CloudTrail.

Looks at the function's events of the given time (`lookback`, 90 days at most) in its own Region:
code and configuration changed, layers and versions published, permissions added, URLs opened, event
source mappings made, aliases moved. Says what of it a runbook can take back: statements that were
added, the mappings that were made, whether a URL that is open now wanted a signature before. It
does not say who is the attacker: `callers` names everybody who changed something. Data events (who
invoked it) are not in CloudTrail's event history.
Source: https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import msgspec

from firedoor.actions import contract
from firedoor.actions.awslambda import _function
from firedoor.actions.awslambda._function import OfFunction
from firedoor.actions.cloudtrail._events import (
    DELIVERY,
    Event,
    Found,
    Identity,
    find,
    oldest_first,
    succeeded,
    unique,
)
from firedoor.actions.contract import Artefact, Aws, Case, Permission
from firedoor.kinds import (
    Arn,
    Duration,
    FunctionQualifier,
    StatementId,
    parse_duration,
)

PERMISSIONS = (Permission("cloudtrail:LookupEvents", why="what was done to the function"),)
EXAMPLE = {"function": "thumbnails"}
PAGES = 10
"""Pages of 50 events that are read at most, for each name of the function."""
MOST = timedelta(days=90)
_DATE = re.compile(r"\d{8}(v\d)?$")


class Input(OfFunction, frozen=True, kw_only=True):
    """The function, and how far back to look."""

    lookback: Duration = "7d"


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that was added to the function's policy (of an alias or version, if said)."""

    statement: StatementId
    qualifier: FunctionQualifier | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """What was changed. `url_was_signed`: an open URL of it wanted a signature before somebody
    opened it. `code_changed`: its code, its configuration, its layers or an alias."""

    statements: list[Statement]
    mappings: list[str]
    versions: list[FunctionQualifier]
    versions_said: str
    callers: list[Arn]
    url_was_signed: bool
    code_changed: bool
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The function's events, by its name and by its ARN: CloudTrail files them under either."""
    since = case.now - min(parse_duration(given.lookback), MOST)
    region = given.region or aws.region
    looked = Found()
    for name in (given.function, _function.arn_of(aws, given)):
        found = find(aws, region, "ResourceName", name, since=since, until=None, pages=PAGES)
        looked.events += found.events
        looked.unknown += found.unknown
    events = [
        event
        for event in oldest_first(unique(looked.events))
        if event.get("eventSource") == "lambda.amazonaws.com" and succeeded(event)
    ]
    named = [(operation(event), event) for event in events if _about(event, given.function)]
    done = [event for name, event in named if not name.startswith(("Get", "List"))]
    versions = [
        str(_answer(event).get("version"))
        for name, event in named
        if name == "PublishVersion" and str(_answer(event).get("version", "")).isdigit()
    ]
    return Output(
        statements=_added(named),
        mappings=_made(named),
        versions=versions,
        versions_said=", ".join(versions),
        callers=list(dict.fromkeys(arn for event in done if (arn := Identity.of(event).arn))),
        url_was_signed=_opened(named),
        code_changed=any(name in _CODE for name, _ in named),
        keep=(
            Artefact(
                name=f"cloudtrail-function-{given.function}",
                content=events,
                about=f"What CloudTrail in {region} has on function {given.function}",
            ),
        ),
        unknown=(*looked.unknown, DELIVERY),
    )


_CODE = ("UpdateFunctionCode", "UpdateFunctionConfiguration", "UpdateAlias", "CreateAlias")


def operation(event: Event) -> str:
    """The name of the call without the date that Lambda's event names carry."""
    return _DATE.sub("", str(event.get("eventName", "")))


def _asked(event: Event) -> dict[str, Any]:
    return dict(event.get("requestParameters") or {})


def _answer(event: Event) -> dict[str, Any]:
    return dict(event.get("responseElements") or {})


def _about(event: Event, function: str) -> bool:
    said = str(_asked(event).get("functionName") or "")
    # A name, name:alias, or an ARN with or without a qualifier.
    return function in (said, said.split(":")[0], said.partition(":function:")[2].split(":")[0])


def _added(named: list[tuple[str, Event]]) -> list[Statement]:
    found: dict[tuple[str, str], None] = {}
    for name, event in named:
        asked = _asked(event)
        key = (str(asked.get("statementId") or ""), str(asked.get("qualifier") or ""))
        if name == "AddPermission" and key[0]:
            found[key] = None
        elif name == "RemovePermission":
            found.pop(key, None)
    return [Statement(statement=sid, qualifier=where or None) for sid, where in found]


def _made(named: list[tuple[str, Event]]) -> list[str]:
    """Event source mappings that were made, or switched on."""
    found: dict[str, None] = {}
    for name, event in named:
        number = str(_answer(event).get("uUID") or _asked(event).get("uUID") or "")
        switched_on = name == "UpdateEventSourceMapping" and _asked(event).get("enabled")
        if number and (name == "CreateEventSourceMapping" or switched_on):
            found[number] = None
    return list(found)


def _opened(named: list[tuple[str, Event]]) -> bool:
    """Whether a URL was made or set to AWS_IAM, and to NONE after that."""
    before: dict[str, str] = {}
    opened: dict[str, bool] = {}
    for name, event in named:
        if name not in ("CreateFunctionUrlConfig", "UpdateFunctionUrlConfig"):
            continue
        alias, kind = str(_asked(event).get("qualifier") or ""), _asked(event).get("authType")
        if kind:
            opened[alias] = kind == "NONE" and (
                before.get(alias) == "AWS_IAM" or opened.get(alias, False)
            )
            before[alias] = str(kind)
    return any(opened.values())
