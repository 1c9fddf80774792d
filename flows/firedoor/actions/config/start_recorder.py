"""Start AWS Config's recorder.

A recorder that was stopped goes on as it was set up; what changed meanwhile is not in its history.
One that was deleted is not made again: what it recorded and where it delivered to is for its owner
to say, and verify says that it is not there. It does not start without a delivery channel.
Source: https://docs.aws.amazon.com/config/latest/APIReference/API_StartConfigurationRecorder.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.wanted import BLIND, changes_to, holding
from firedoor.errors import AwsError
from firedoor.kinds import Region

HERE = {"StringLike": {"aws:RequestedRegion": "{region}"}}
PERMISSIONS = (
    Permission("config:DescribeConfigurationRecorderStatus"),
    Permission("config:StartConfigurationRecorder", condition=HERE),
    Permission("config:StopConfigurationRecorder", why="undo", condition=HERE),
)
EXAMPLE = {"name": "default", "region": "eu-central-1"}
REOPENS = BLIND
WHAT = "AWS Config records"
GONE = frozenset({"NoSuchConfigurationRecorderException"})


class Input(Given, frozen=True, kw_only=True):
    """The recorder's name and Region."""

    name: str = "default"
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> State:
    """Whether it records; no part when there is no such recorder."""
    region = given.region or aws.region
    try:
        found = aws.call(
            "config",
            "describe_configuration_recorder_status",
            region=region,
            ConfigurationRecorderNames=[given.name],
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        return State(parts={})
    return State(
        parts={
            _resource(case, given, region): bool(each.get("recording"))
            for each in found.get("ConfigurationRecordersStatus") or ()
        }
    )


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Stopped → recording."""
    return changes_to(before.parts, dict.fromkeys(before.parts, True), WHAT)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Start or stop it."""
    operation = "start_configuration_recorder" if change.to else "stop_configuration_recorder"
    region = change.resource.split(":")[3]
    aws.call("config", operation, region=region, ConfigurationRecorderName=given.name)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It records."""
    wanted = {_resource(case, given, given.region or aws.region): True}
    return holding(observe(aws, given, case).parts, wanted, WHAT)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    verb = "start-configuration-recorder" if change.to else "stop-configuration-recorder"
    name, region = change.resource.rpartition("/")[2], change.resource.split(":")[3]
    return [["configservice", verb, "--configuration-recorder-name", name, "--region", region]]


def _resource(case: Case, given: Input, region: str) -> str:
    return (
        f"arn:{case.partition}:config:{region}:{case.account}:configuration-recorder/{given.name}"
    )
