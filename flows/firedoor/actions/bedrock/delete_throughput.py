"""Delete a provisioned throughput of Bedrock.

Provisioned throughput is paid by the hour whether anybody asks the model or not, and an attacker
buys it to sell what it answers. Without a commitment it can be deleted at once; with one, AWS
refuses until the term ends, and only AWS Support can help with the bill. What it was is kept in the
journal; a new one has another ARN, so undoing is refused.
Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_DeleteProvisionedModelThroughput.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.wanted import holding
from firedoor.errors import AwsError, Refused
from firedoor.kinds import Arn

PERMISSIONS = (
    Permission("bedrock:GetProvisionedModelThroughput", "{throughput}"),
    Permission("bedrock:DeleteProvisionedModelThroughput", "{throughput}"),
)
EXAMPLE = {
    "throughput": "arn:aws:bedrock:us-east-1:111122223333:provisioned-model/1abcdef2ghij",
}
IRREVERSIBLE = "a throughput that is bought again has another ARN, and its own term and price"
WHAT = "provisioned throughput"
GONE = frozenset({"ResourceNotFoundException"})
FIELDS = ("provisionedModelName", "modelArn", "modelUnits", "commitmentDuration")


class Input(Given, frozen=True, kw_only=True):
    """The throughput's ARN: its Region is in it."""

    throughput: Arn


def observe(aws: Aws, given: Input, case: Case) -> State:
    """What it is; no part when it is not there."""
    try:
        found = aws.call(
            "bedrock",
            "get_provisioned_model_throughput",
            region=given.throughput.split(":")[3],
            provisionedModelId=given.throughput,
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        return State(parts={})
    told: dict[str, Any] = msgspec.to_builtins({key: found.get(key) for key in FIELDS})
    return State(parts={given.throughput: told})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """There → deleted."""
    return [
        Change(resource=resource, what=WHAT, from_=value, to=None, lost=IRREVERSIBLE)
        for resource, value in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Delete it; one that is gone is done."""
    if change.to is not None:
        raise Refused(f"it cannot be brought back: {IRREVERSIBLE}")
    try:
        aws.call(
            "bedrock",
            "delete_provisioned_model_throughput",
            region=given.throughput.split(":")[3],
            provisionedModelId=given.throughput,
        )
    except AwsError as error:
        if error.code not in GONE:
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is not there."""
    return holding(observe(aws, given, case).parts, {given.throughput: None}, f"no {WHAT}")


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    if change.to is not None:
        return []
    words = ["bedrock", "delete-provisioned-model-throughput", "--provisioned-model-id"]
    return [[*words, change.resource, "--region", change.resource.split(":")[3]]]
