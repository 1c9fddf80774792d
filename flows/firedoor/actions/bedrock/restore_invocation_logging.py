"""Have Bedrock log again what models are asked and answer.

Puts the Region's invocation logging back to the settings from before. It is off until somebody
turns it on, so without settings there is nothing to put back. What was asked meanwhile cannot be
had. Undoing puts back what stood there, also nothing.
Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_PutModelInvocationLoggingConfiguration.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.wanted import BLIND, changes_to, compact, holding, settings
from firedoor.kinds import Region
from firedoor.runbook import Json

PERMISSIONS = (
    Permission("bedrock:GetModelInvocationLoggingConfiguration"),
    Permission("bedrock:PutModelInvocationLoggingConfiguration"),
    Permission("bedrock:DeleteModelInvocationLoggingConfiguration", why="undo"),
    Permission(
        "iam:PassRole",
        "arn:{partition}:iam::{account}:role/*",
        "the role that Bedrock writes the logs as",
        {"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}},
    ),
)
EXAMPLE = {
    "region": "us-east-1",
    "settings": '{"s3Config": {"bucketName": "example-logs"}, "textDataDeliveryEnabled": true}',
}
REOPENS = BLIND
WHAT = "model invocations are logged"


class Input(Given, frozen=True, kw_only=True):
    """The Region and `loggingConfig` as it was, as JSON."""

    region: Region
    settings: str


def observe(aws: Aws, given: Input, case: Case) -> State:
    """The Region's configuration; no part when there is none."""
    found = aws.call(
        "bedrock", "get_model_invocation_logging_configuration", region=given.region
    ).get("loggingConfig")
    return State(parts={_resource(case, given): found} if found else {})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """The settings from before, unless they stand."""
    return changes_to(before.parts, _wanted(given, before, case), WHAT)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Put the settings, or take them away."""
    if change.to is None:
        aws.call("bedrock", "delete_model_invocation_logging_configuration", region=given.region)
        return
    aws.call(
        "bedrock",
        "put_model_invocation_logging_configuration",
        region=given.region,
        loggingConfig=change.to,
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """The settings from before stand."""
    found = observe(aws, given, case)
    return holding(found.parts, _wanted(given, found, case), WHAT)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    where = ["--region", change.resource.split(":")[3]]
    if change.to is None:
        return [["bedrock", "delete-model-invocation-logging-configuration", *where]]
    words = ["bedrock", "put-model-invocation-logging-configuration"]
    return [[*words, "--logging-config", compact(change.to), *where]]


def _resource(case: Case, given: Input) -> str:
    return f"arn:{case.partition}:bedrock:{given.region}:{case.account}:model-invocation-logging"


def _wanted(given: Input, found: State, case: Case) -> dict[str, Json]:
    """Bedrock adds what was not said: what it has besides is taken as it is."""
    resource = _resource(case, given)
    was = settings(given.settings, "Bedrock's invocation logging")
    now = found.parts.get(resource)
    same = isinstance(now, dict) and all(now.get(key) == value for key, value in was.items())
    return {resource: now if same else was}
