"""A scenario about things that only calls of AWS's API can make, to be altered by tests."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec

from firedoor.scenario import Scenario, read_scenario
from firedoor.simulator.callers import Callers
from firedoor.simulator.server import SimulatedAws
from firedoor.simulator.world import World

OTHER = "444455556666"
_ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
_READS = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
_BASE: dict[str, Any] = {
    "apiVersion": "exercise/v1",
    "kind": "Scenario",
    "metadata": {"id": "any-world", "title": "A world of many things"},
    "runbook": {"ref": "compromised-credentials"},
    "objectives": [
        {
            "id": "shut",
            "capability": "Containment",
            "task": "The user is shut out, and the instance he came from still runs",
            "facts": [
                {
                    "state": {
                        "call": "iam:ListAccessKeys",
                        "with": {"UserName": "web-admin"},
                        "find": "AccessKeyMetadata[].Status",
                        "is": ["Inactive"],
                    }
                },
                {
                    "state": {
                        "call": "ec2:DescribeInstances",
                        "with": {"InstanceIds": ["{web}", "{mine}"]},
                        "find": "length(Reservations[].Instances[?State.Name=='running'][])",
                        "is": "2",
                    }
                },
            ],
        }
    ],
    "world": [
        {
            "id": "user",
            "type": "iam.user",
            "name": "web-admin",
            "keys": ["key"],
            "managed": [_ADMIN],
        },
        {
            "id": "app",
            "type": "iam.role",
            "name": "app",
            "managed": [_READS],
            "inline": {
                "on": {
                    "Version": "2012-10-17",
                    "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"},
                }
            },
            "trusts": [
                {"service": "ec2.amazonaws.com"},
                {"service": "lambda.amazonaws.com"},
                {
                    "account": OTHER,
                    "condition": {"StringEquals": {"sts:ExternalId": "agreed"}},
                },
                "account",
            ],
        },
        {"id": "profile", "type": "iam.instance_profile", "name": "app", "role": "app"},
        {
            "id": "boot",
            "type": "aws.call",
            "call": "ec2:RunInstances",
            "with": {
                "ImageId": "ami-12c6146b",
                "MinCount": "1",
                "MaxCount": "1",
                "IamInstanceProfile": {"Name": "app"},
            },
            "gives": {
                "web": "Instances[0].InstanceId",
                "groups": "Instances[0].NetworkInterfaces[0].Groups[].GroupId",
            },
        },
        {
            "id": "deployed",
            "type": "aws.call",
            "call": "lambda:CreateFunction",
            "with": {
                "FunctionName": "resize",
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Role": "arn:aws:iam::{account}:role/app",
                "Code": {"ZipFile": "zip:def handler(event, context): return {}"},
            },
            "gives": {"worker": "FunctionName"},
        },
        {
            "id": "data",
            "type": "s3.bucket",
            "name": "example-data",
            "objects": {"a.txt": "of {web}"},
        },
    ],
    "principals": {
        "thief": {"side": "attacker", "key": "key"},
        "site": {"side": "innocent", "instance": "web"},
        "job": {"side": "innocent", "function": "worker"},
        "owner": {"side": "innocent", "root": True},
        "partner": {"side": "innocent", "account": OTHER},
        "visitor": {"side": "innocent", "anonymous": True},
        "chained": {"side": "innocent", "session_of": "app", "by": "site"},
        "renewed": {"side": "fresh", "instance": "web"},
    },
    "everyday": [{"at": "-30m", "as": "site", "call": "s3:ListBuckets"}],
    "attacker": {
        "acts": [
            {
                "at": "-20m",
                "as": "thief",
                "call": "ec2:RunInstances",
                "with": {"ImageId": "ami-12c6146b", "MinCount": "1", "MaxCount": "1"},
                "gives": {"mine": "Instances[0].InstanceId"},
            },
            {
                "every": "20s",
                "from": "1s",
                "as": "thief",
                "call": "ec2:DescribeInstances",
                "with": {"InstanceIds": ["{mine}"]},
            },
        ]
    },
    "finding": {
        "type": "UnauthorizedAccess:IAMUser/MaliciousIPCaller",
        "about": "thief",
        "severity": 8,
        "title": "RunInstances was called beside {web}",
        "api": "ec2:RunInstances",
    },
    "proof": {
        "tries": [
            {"who": "thief", "call": "ec2:DescribeInstances"},
            {"who": "site", "call": "s3:ListBuckets"},
            {"who": "renewed", "call": "s3:ListBuckets"},
        ]
    },
}


def any_world(**parts: Any) -> dict[str, Any]:
    """The scenario as a document, with parts of its top level replaced."""
    return {**deepcopy(_BASE), **parts}


def written(folder: Path, document: dict[str, Any]) -> Path:
    """A scenario in a file."""
    path = folder / "scenario.yaml"
    path.write_bytes(msgspec.json.encode(document))  # JSON is YAML.
    return path


def scenario(folder: Path, **parts: Any) -> Scenario:
    """The scenario, read."""
    return read_scenario(written(folder, any_world(**parts)))[0]


def built(folder: Path, aws: SimulatedAws, **parts: Any) -> World:
    """The world of the scenario, built in a simulated AWS."""
    said, document = read_scenario(written(folder, any_world(**parts)))
    world = World(said, aws, Callers(aws.endpoint), document.problem)
    world.build()
    return world
