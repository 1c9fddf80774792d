"""Record a VPC's, a subnet's or a network interface's traffic again, as a deleted flow log did.

Flow logs cannot be changed, only made and deleted: a new one is made with the settings of the call
that had made the deleted one (cloudtrail.lookup_tampering), so it has another id and writes to the
same place. Traffic of the gap is lost. Undoing deletes the new one. Where another flow log already
writes the same traffic to the same place, nothing is made.
Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.wanted import BLIND, changes_to, compact, holding, settings
from firedoor.errors import BadInput, RunFailed
from firedoor.kinds import Region
from firedoor.runbook import Json

PERMISSIONS = (
    Permission("ec2:DescribeFlowLogs"),
    Permission("ec2:CreateFlowLogs", "arn:{partition}:ec2:{region}:{account}:*"),
    Permission(
        "ec2:DeleteFlowLogs", "arn:{partition}:ec2:{region}:{account}:vpc-flow-log/*", "undo"
    ),
    Permission(
        "iam:PassRole",
        "arn:{partition}:iam::{account}:role/*",
        "the role that the logs are written as",
        {"StringEquals": {"iam:PassedToService": "vpc-flow-logs.amazonaws.com"}},
    ),
)
EXAMPLE = {
    "settings": '{"ResourceIds": ["vpc-0123456789abcdef0"], "ResourceType": "VPC", '
    '"TrafficType": "ALL", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::example"}',
    "region": "eu-central-1",
}
REOPENS = BLIND
WHAT = "traffic is recorded"
FIELDS = (
    *("ResourceType", "TrafficType", "LogDestinationType", "LogDestination", "LogGroupName"),
    *("DeliverLogsPermissionArn", "LogFormat", "MaxAggregationInterval", "DestinationOptions"),
    *("DeliverCrossAccountRole",),
)


class Input(Given, frozen=True, kw_only=True):
    """The parameters of CreateFlowLogs as they were, as JSON, and the Region."""

    settings: str
    region: Region


def observe(aws: Aws, given: Input, case: Case) -> State:
    """Which of the resources has a flow log to the same place."""
    was = _settings(given)
    region = given.region
    found = aws.pages(
        "ec2",
        "describe_flow_logs",
        "FlowLogs",
        region=region,
        Filter=[{"Name": "resource-id", "Values": was["ResourceIds"]}],
    )
    there = {str(each["ResourceId"]) for each in found if _same(each, was)}
    return State(
        parts={
            resource: True
            for number in was["ResourceIds"]
            if number in there and (resource := _resource(case, region, number, was))
        }
    )


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Not recorded → recorded, for each resource."""
    return changes_to(before.parts, _wanted(given, case, given.region), WHAT)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Make the flow log, or delete the one that writes to the same place."""
    region, was = given.region, _settings(given)
    number = change.resource.partition("#")[0].rpartition("/")[2]
    there = [
        str(each["FlowLogId"])
        for each in aws.pages(
            "ec2",
            "describe_flow_logs",
            "FlowLogs",
            region=region,
            Filter=[{"Name": "resource-id", "Values": [number]}],
        )
        if each["ResourceId"] == number and _same(each, was)
    ]
    if not change.to:
        if there:
            _told(aws.call("ec2", "delete_flow_logs", region=region, FlowLogIds=there))
        return
    if not there:
        more = {key: was[key] for key in FIELDS if was.get(key) not in (None, "")}
        _told(aws.call("ec2", "create_flow_logs", region=region, ResourceIds=[number], **more))


def _told(answer: dict[str, Any]) -> None:
    """EC2 answers that it worked, and says within what did not."""
    for each in answer.get("Unsuccessful") or ():
        error = each.get("Error") or {}
        raise RunFailed(
            f"{each.get('ResourceId')}: {error.get('Message')} ({error.get('Code')}). The bucket, "
            "log group or role that it wrote with may have been changed: put that right first"
        )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Each resource has a flow log to where it wrote before."""
    wanted = _wanted(given, case, given.region)
    return holding(observe(aws, given, case).parts, wanted, WHAT)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words; what else the flow log was made with is in the evidence."""
    number = change.resource.partition("#")[0].rpartition("/")[2]
    if not change.to:
        where = f"Name=resource-id,Values={number}"
        return [["ec2", "describe-flow-logs", "--filter", where]]
    text = compact({"ResourceIds": [number], "LogDestination": change.resource.partition("#")[2]})
    return [["ec2", "create-flow-logs", "--cli-input-json", text]]


def _settings(given: Input) -> dict[str, Any]:
    was = settings(given.settings, "the flow log")
    numbers = was.get("ResourceIds")
    if not isinstance(numbers, list) or not numbers or not _place(was):
        raise BadInput("the settings of the flow log name no ResourceIds or no place to write to")
    return {**was, "ResourceIds": [str(each) for each in numbers]}


def _place(was: dict[str, Any]) -> str:
    return str(was.get("LogDestination") or was.get("LogGroupName") or "")


def _same(log: dict[str, Any], was: dict[str, Any]) -> bool:
    """Whether a flow log writes this traffic to this place."""
    return _place(was) in (log.get("LogDestination"), log.get("LogGroupName")) and log.get(
        "TrafficType"
    ) == was.get("TrafficType", log.get("TrafficType"))


def _resource(case: Case, region: str, number: str, was: dict[str, Any]) -> str:
    owner = f"arn:{case.partition}:ec2:{region}:{case.account}"
    return f"{owner}:flow-logs-of/{number}#{_place(was)}"


def _wanted(given: Input, case: Case, region: str) -> dict[str, Json]:
    was = _settings(given)
    return {_resource(case, region, number, was): True for number in was["ResourceIds"]}
