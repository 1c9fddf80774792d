"""What calls about functions, databases, containers and clusters ask for, in IAM's terms.

The resources follow AWS's service authorization reference: a Lambda call with a qualifier is about
the version or alias; RDS's snapshots and restores are about what they make as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.ecs.models import ecs_backends

from firedoor.simulator.wire import Call

SERVICES = frozenset({"lambda", "rds", "ecs", "ecr", "eks"})
LAMBDA_ACTIONS: Mapping[str, str] = {
    "Invoke": "InvokeFunction",
    "InvokeAsync": "InvokeFunction",
    "GetLayerVersionByArn": "GetLayerVersion",
}
"""Lambda's operations whose IAM action has another name."""
_EVERYTHING = frozenset(
    {
        "lambda:ListEventSourceMappings",
        "lambda:ListFunctions",
        "lambda:CreateEventSourceMapping",
        "lambda:ListLayers",
        "rds:DescribeEvents",
        "ecs:ListClusters",
        "ecs:ListTaskDefinitions",
        "ecs:DescribeTaskDefinition",
        "ecs:RegisterTaskDefinition",
        "ecs:DeregisterTaskDefinition",
        "ecr:GetAuthorizationToken",
        "eks:ListClusters",
        "eks:CreateCluster",
    }
)
"""Calls that no resource narrows."""


def resources(call: Call, account: str) -> list[str]:
    """The ARNs that a call needs permission for; never empty."""
    if call.name in _EVERYTHING:
        return ["*"]
    root = f"arn:aws:{call.service}:{call.region}:{account}:"
    return _OF[call.service](call, root) or ["*"]


def besides(call: Call, account: str) -> list[tuple[str, str]]:
    """What a call needs permission for beside its own action: (action, resource)."""
    here = f"{call.region}:{account}"
    params = call.params
    found: list[tuple[str, str]] = []
    if call.service == "rds":
        secret = f"arn:aws:secretsmanager:{here}:secret:rds!db"
        if params.get("ManageMasterUserPassword"):
            # RDS makes the secret in the caller's name.
            found += [
                (f"secretsmanager:{name}", secret) for name in ("CreateSecret", "TagResource")
            ]
            found.append(("kms:DescribeKey", f"arn:aws:kms:{here}:key/secretsmanager"))
        if params.get("RotateMasterUserPassword"):
            found.append(("secretsmanager:RotateSecret", secret))
        if params.get("Tags") and call.operation.startswith(("Create", "Restore")):
            found.append(("rds:AddTagsToResource", f"arn:aws:rds:{here}:{_made(params)}"))
    role = _passed(call, account)
    if role:
        found.append(("iam:PassRole", role))
    if call.name == "eks:CreateAccessEntry" and params.get("tags"):
        entry = f"arn:aws:eks:{here}:access-entry/{params['clusterName']}/x"
        found.append(("eks:TagResource", entry))
    return found


def _made(params: Mapping[str, Any]) -> str:
    """What an RDS call makes: a snapshot before what it is of, a target before its source."""
    made = (
        "DBSnapshotIdentifier",
        "DBClusterSnapshotIdentifier",
        "TargetDBInstanceIdentifier",
        "DBInstanceIdentifier",
        "DBClusterIdentifier",
    )
    name = next(each for each in made if params.get(each))
    return f"{_RDS[name]}:{params[name]}"


def _passed(call: Call, account: str) -> str:
    """The role that a call hands to a service."""
    if call.name == "eks:CreatePodIdentityAssociation":
        return str(call.params["roleArn"])
    if call.name == "ecs:UpdateService" and call.params.get("taskDefinition"):
        backend = ecs_backends[account][call.region]
        family, _, number = str(call.params["taskDefinition"]).rpartition("/")[2].partition(":")
        found = backend.task_definitions.get(family, {}).get(int(number or 0))
        return str(getattr(found, "task_role_arn", None) or "")
    return ""


_PASSED_TO = {"eks": "pods.eks.amazonaws.com", "ecs": "ecs-tasks.amazonaws.com"}


def context(call: Call, account: str) -> dict[str, str]:
    """Condition keys of a call, beside the general ones."""
    if call.service in _PASSED_TO and _passed(call, account):
        return {"iam:PassedToService": _PASSED_TO[call.service]}
    if call.service != "lambda" or not call.params.get("UUID"):
        return {}
    backend = lambda_backends[account][call.region]
    mapping = backend.get_event_source_mapping(str(call.params["UUID"]))
    return {"lambda:FunctionArn": str(mapping.function_arn)} if mapping else {}


def _lambda(call: Call, root: str) -> list[str]:
    params = call.params
    if params.get("UUID"):
        return [f"{root}event-source-mapping:{params['UUID']}"]
    if params.get("LayerName"):
        version = params.get("VersionNumber")
        return [f"{root}layer:{params['LayerName']}" + (f":{version}" if version else "")]
    if params.get("Arn") and call.operation == "GetLayerVersionByArn":
        return [str(params["Arn"])]
    name = str(params.get("FunctionName") or "")
    if not name:
        return []
    arn = name if name.startswith("arn:") else f"{root}function:{name}"
    qualifier = params.get("Qualifier")
    return [f"{arn}:{qualifier}" if qualifier else arn]


_RDS = {
    "DBInstanceIdentifier": "db",
    "SourceDBInstanceIdentifier": "db",
    "TargetDBInstanceIdentifier": "db",
    "DBClusterIdentifier": "cluster",
    "SourceDBClusterIdentifier": "cluster",
    "DBSnapshotIdentifier": "snapshot",
    "DBClusterSnapshotIdentifier": "cluster-snapshot",
    "DBParameterGroupName": "pg",
    "DBClusterParameterGroupName": "cluster-pg",
    "DBSubnetGroupName": "subgrp",
}
# What these parameters name is looked up, or belongs to what is asked for, and needs no permission.
_BESIDE = frozenset({"DBSubnetGroupName"})


def _rds(call: Call, root: str) -> list[str]:
    creating = call.operation.startswith(("Create", "Restore", "Modify"))
    found = [
        f"{root}{kind}:{call.params[name]}"
        for name, kind in _RDS.items()
        if isinstance(call.params.get(name), str) and not (creating and name in _BESIDE)
    ]
    if call.operation.startswith("Describe") and not found:
        return ["*"]
    if call.operation == "DescribeDBSnapshots" or call.operation == "DescribeDBClusterSnapshots":
        # Asked for by database, the snapshots of it are what is read.
        part = "cluster-snapshot" if "Cluster" in call.operation else "snapshot"
        named = call.params.get("DBClusterSnapshotIdentifier") or call.params.get(
            "DBSnapshotIdentifier"
        )
        return [f"{root}{part}:{named or '*'}"]
    return found


def _ecs(call: Call, root: str) -> list[str]:
    params = call.params
    cluster = str(params.get("cluster") or "default").rpartition("/")[2]
    many = params.get("tasks") or ([params["task"]] if params.get("task") else [])
    if many:
        return [f"{root}task/{cluster}/{str(one).rpartition('/')[2]}" for one in many]
    services = params.get("services") or ([params["service"]] if params.get("service") else [])
    if services:
        return [f"{root}service/{cluster}/{str(one).rpartition('/')[2]}" for one in services]
    instances = params.get("containerInstances") or []
    if instances and call.operation.startswith("Describe"):
        return [
            f"{root}container-instance/{cluster}/{str(one).rpartition('/')[2]}" for one in instances
        ]
    clusters = params.get("clusters") or [cluster]
    return [f"{root}cluster/{str(one).rpartition('/')[2]}" for one in clusters]


def _ecr(call: Call, root: str) -> list[str]:
    many = call.params.get("repositoryNames") or []
    one = call.params.get("repositoryName")
    return [f"{root}repository/{name}" for name in (*many, *([one] if one else []))]


def _eks(call: Call, root: str) -> list[str]:
    name = call.params.get("clusterName") or call.params.get("name")
    if not name:
        return []
    if call.params.get("nodegroupName"):
        return [f"{root}nodegroup/{name}/{call.params['nodegroupName']}/*"]
    if call.params.get("principalArn") and call.operation != "CreateAccessEntry":
        parts = str(call.params["principalArn"]).split(":")
        kind, _, entity = parts[5].partition("/")
        return [f"{root}access-entry/{name}/{kind}/{parts[4]}/{entity}/*"]
    if call.params.get("associationId"):
        return [f"{root}podidentityassociation/{name}/{call.params['associationId']}"]
    return [f"{root}cluster/{name}"]


_OF: Mapping[str, Callable[[Call, str], list[str]]] = {
    "lambda": _lambda,
    "rds": _rds,
    "ecs": _ecs,
    "ecr": _ecr,
    "eks": _eks,
}
