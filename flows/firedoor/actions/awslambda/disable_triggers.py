"""Stop what feeds a Lambda function by itself: its event source mappings.

Queues, streams and topics that the function reads (SQS, Kinesis, DynamoDB, MSK, MQ, DocumentDB) are
read no more; each keeps its place, and undoing goes on from there. Mappings of the function's
aliases and versions count as well. `only` names the one that the attacker made. What pushes events
to the function (S3, SNS, EventBridge, an API) is let in by a statement of its policy instead: see
awslambda.remove_permissions; and both are held back where the function is stopped
(awslambda.stop_function). Deleting the function's event-invoke configuration, as is sometimes
advised, stops no trigger at all: it only sets retries and destinations.
Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.awslambda import _function
from firedoor.actions.awslambda._function import FUNCTION, GONE, Found, OfFunction
from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.errors import AwsError, NotFound

MAPPING = "arn:{partition}:lambda:{region}:{account}:event-source-mapping:*"
OF_FUNCTION = {"ArnLike": {"lambda:FunctionArn": [FUNCTION, FUNCTION + ":*"]}}
PERMISSIONS = (
    Permission("lambda:ListAliases", FUNCTION),
    Permission("lambda:ListVersionsByFunction", FUNCTION),
    Permission("lambda:ListEventSourceMappings", why="of the function and its qualifiers"),
    Permission("lambda:UpdateEventSourceMapping", MAPPING, "and undo", OF_FUNCTION),
)
EXAMPLE = {"function": "thumbnails"}
REOPENS = Reopens("the attacker's events would reach the function again")
LOOKS = 6
"""How often a mapping that is being switched off is looked at."""
PAUSE_SECONDS = 5.0


class Input(OfFunction, frozen=True, kw_only=True):
    """The function; `only`: the UUID of the one mapping that is meant."""

    only: str | None = None


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """Whether each mapping is on: `enabled` or `disabled`, changes under way counted as done."""
    arn = _function.arn_of(aws, given)
    return Found(
        parts={_resource(arn, one): _status(one["State"]) for one in _mappings(aws, given)},
        arn=arn,
    )


def _mappings(aws: Aws, given: Input) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for each in _function.listed(aws, given, "list_event_source_mappings", "EventSourceMappings"):
        found[each["UUID"]] = each
    for name in _function.qualifiers(aws, given):
        for each in aws.pages(
            "lambda",
            "list_event_source_mappings",
            "EventSourceMappings",
            region=given.region,
            FunctionName=f"{given.function}:{name}",
        ):
            found[each["UUID"]] = each
    return [one for number, one in found.items() if given.only in (None, number)]


def _status(state: str) -> str:
    return "disabled" if state in ("Disabled", "Disabling", "Deleting") else "enabled"


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Each that is on to off."""
    return [
        Change(resource=resource, what="event source mapping", from_=status, to="disabled")
        for resource, status in before.parts.items()
        if status == "enabled"
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Switch one mapping on or off; a deleted one is off."""
    try:
        aws.call(
            "lambda",
            "update_event_source_mapping",
            region=given.region,
            UUID=change.resource.rpartition("/")[2],
            FunctionName=given.function,
            Enabled=change.to == "enabled",
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        if change.to == "enabled":
            raise NotFound(
                f"the event source mapping {change.resource} has been deleted since: it cannot be "
                "switched on again"
            ) from None


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """None is on. Lambda takes seconds: one on its way is waited for, for half a minute."""
    found = _mappings(aws, given)
    for _ in range(LOOKS):
        if not any(one["State"] == "Disabling" for one in found):
            break
        aws.wait(PAUSE_SECONDS)
        found = _mappings(aws, given)
    checks = [
        Check(
            what=f"{given.function} is not fed by {one.get('EventSourceArn', one['UUID'])}",
            holds=None if one["State"] == "Disabling" else _status(one["State"]) == "disabled",
            seen=one["State"],
        )
        for one in found
    ]
    none = Check(what=f"{given.function} has no event source mapping", holds=True, seen="none")
    return checks or [none]


def _resource(arn: str, mapping: dict[str, Any]) -> str:
    return f"{arn}#event-source-mapping/{mapping['UUID']}"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    region = change.resource.split(":")[3]
    switch = "--enabled" if change.to == "enabled" else "--no-enabled"
    number = change.resource.rpartition("/")[2]
    return [["lambda", "update-event-source-mapping", "--uuid", number, "--region", region, switch]]
