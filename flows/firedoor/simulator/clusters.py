"""EKS and ECS as far as moto lacks them: access entries, pod identities, tasks that do not age.

Access entries and pod identity associations are kept on moto's cluster. A change of a cluster's
configuration is merged into what is there, as EKS does. A task of ECS runs until it is stopped, and
has stopped then: moto ages tasks by being looked at. A service that is scaled to none has its tasks
stopped. What moto does not know of EKS otherwise, add-ons, insights and updates by id, is not here;
Kubernetes itself is not simulated.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from moto.ecs.models import ecs_backends
from moto.eks.models import eks_backends

from firedoor.simulator.credentials import Caller
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None
_SPACE = uuid.UUID("1b1f0f0e-3c57-5a6e-9d68-3d9c7b0e2a11")


def _missing(text: str) -> ApiError:
    return ApiError("ResourceNotFoundException", text, 404)


def _cluster(call: Call, caller: Caller) -> Any:
    name = str(call.params.get("clusterName") or call.params.get("name"))
    found = eks_backends[caller.account][call.region].clusters.get(name)
    if found is None:
        raise _missing(f"No cluster found for name: {name}.")
    return found


def _kept(cluster: Any, name: str) -> dict[str, dict[str, Any]]:
    if not hasattr(cluster, name):
        setattr(cluster, name, {})
    kept: dict[str, dict[str, Any]] = getattr(cluster, name)
    return kept


def _entry(call: Call, caller: Caller) -> dict[str, Any]:
    principal = str(call.params["principalArn"])
    found = _kept(_cluster(call, caller), "access_entries").get(principal)
    if found is None:
        raise _missing(f"The specified principalArn could not be found: {principal}.")
    return found


def list_entries(state: State, call: Call, caller: Caller) -> Result:
    """eks:ListAccessEntries."""
    return {"accessEntries": list(_kept(_cluster(call, caller), "access_entries"))}


def create_entry(state: State, call: Call, caller: Caller) -> Result:
    """eks:CreateAccessEntry."""
    params = call.params
    entries = _kept(_cluster(call, caller), "access_entries")
    principal = str(params["principalArn"])
    if principal in entries:
        raise ApiError("ResourceInUseException", "The access entry exists already.", 409)
    entries[principal] = {
        "principalArn": principal,
        "clusterName": params["clusterName"],
        "type": params.get("type") or "STANDARD",
        "username": params.get("username") or principal,
        "kubernetesGroups": list(params.get("kubernetesGroups") or ()),
        "tags": dict(params.get("tags") or {}),
        "policies": {},
    }
    return {"accessEntry": _shown(entries[principal])}


def _shown(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "policies"}


def describe_entry(state: State, call: Call, caller: Caller) -> Result:
    """eks:DescribeAccessEntry."""
    return {"accessEntry": _shown(_entry(call, caller))}


def delete_entry(state: State, call: Call, caller: Caller) -> Result:
    """eks:DeleteAccessEntry."""
    _entry(call, caller)
    del _kept(_cluster(call, caller), "access_entries")[str(call.params["principalArn"])]
    return {}


def list_policies(state: State, call: Call, caller: Caller) -> Result:
    """eks:ListAssociatedAccessPolicies."""
    policies = _entry(call, caller)["policies"]
    return {
        "associatedAccessPolicies": [
            {"policyArn": arn, "accessScope": scope} for arn, scope in policies.items()
        ]
    }


def associate_policy(state: State, call: Call, caller: Caller) -> Result:
    """eks:AssociateAccessPolicy."""
    scope = {name: value for name, value in call.params["accessScope"].items() if value}
    _entry(call, caller)["policies"][str(call.params["policyArn"])] = scope
    return {}


def disassociate_policy(state: State, call: Call, caller: Caller) -> Result:
    """eks:DisassociateAccessPolicy."""
    _entry(call, caller)["policies"].pop(str(call.params["policyArn"]), None)
    return {}


def list_pods(state: State, call: Call, caller: Caller) -> Result:
    """eks:ListPodIdentityAssociations."""
    wanted = {name: call.params.get(name) for name in ("namespace", "serviceAccount")}
    return {
        "associations": [
            {name: value for name, value in each.items() if name != "roleArn"}
            for each in _kept(_cluster(call, caller), "pod_identities").values()
            if all(value in (None, each[name]) for name, value in wanted.items())
        ]
    }


def create_pod(state: State, call: Call, caller: Caller) -> Result:
    """eks:CreatePodIdentityAssociation."""
    params = call.params
    kept = _kept(_cluster(call, caller), "pod_identities")
    names = f"{params['clusterName']} {params['namespace']} {params['serviceAccount']}"
    number = "a-" + uuid.uuid5(_SPACE, f"{names} {len(kept)}").hex[:17]
    kept[number] = {
        "associationId": number,
        "clusterName": params["clusterName"],
        "namespace": params["namespace"],
        "serviceAccount": params["serviceAccount"],
        "roleArn": params["roleArn"],
    }
    return {"association": kept[number]}


def _pod(call: Call, caller: Caller) -> dict[str, Any]:
    found = _kept(_cluster(call, caller), "pod_identities").get(str(call.params["associationId"]))
    if found is None:
        raise _missing("The specified association could not be found.")
    return found


def describe_pod(state: State, call: Call, caller: Caller) -> Result:
    """eks:DescribePodIdentityAssociation."""
    return {"association": _pod(call, caller)}


def delete_pod(state: State, call: Call, caller: Caller) -> Result:
    """eks:DeletePodIdentityAssociation."""
    found = _pod(call, caller)
    del _kept(_cluster(call, caller), "pod_identities")[found["associationId"]]
    return {"association": found}


def update_config(state: State, call: Call, caller: Caller) -> Result:
    """eks:UpdateClusterConfig: what is said is changed, the rest stays."""
    cluster = _cluster(call, caller)
    config = call.params.get("resourcesVpcConfig")
    if config:
        said = {name: value for name, value in config.items() if value is not None}
        cluster.resources_vpc_config = {**cluster.resources_vpc_config, **said}
    logging = (call.params.get("logging") or {}).get("clusterLogging")
    if logging:
        state_of = {
            kind: bool(group.get("enabled"))
            for groups in (cluster.logging.get("clusterLogging") or (), logging)
            for group in groups
            for kind in group["types"]
        }
        by_state = {on: sorted(k for k, v in state_of.items() if v is on) for on in (True, False)}
        cluster.logging = {
            "clusterLogging": [
                {"types": kinds, "enabled": on} for on, kinds in by_state.items() if kinds
            ]
        }
    kind = "LoggingUpdate" if logging else "EndpointAccessUpdate"
    return {
        "update": {
            "id": str(uuid.uuid5(_SPACE, call.request_id)),
            "status": "InProgress",
            "type": kind,
        }
    }


def _task(call: Call, caller: Caller, said: str) -> Any:
    cluster = str(call.params.get("cluster") or "default").rpartition("/")[2]
    tasks = ecs_backends[caller.account][call.region].tasks.get(cluster, {})
    short = said.rpartition("/")[2]
    return next((one for arn, one in tasks.items() if arn.rpartition("/")[2] == short), None)


def describe_tasks(state: State, call: Call, caller: Caller) -> Result:
    """ecs:DescribeTasks, with what does not age by being looked at."""
    found, failures = [], []
    for said in call.params.get("tasks") or ():
        task = _task(call, caller, str(said))
        if task is None:
            failures.append({"arn": said, "reason": "MISSING"})
        else:
            found.append(_told(task, "TAGS" in (call.params.get("include") or ())))
    return {"tasks": found, "failures": failures}


def _told(task: Any, tags: bool) -> dict[str, Any]:
    over = task.desired_status == "STOPPED"
    definition = task.task_definition_arn
    told = {
        "taskArn": task.task_arn,
        "clusterArn": task.cluster_arn,
        "taskDefinitionArn": definition,
        "containerInstanceArn": task.container_instance_arn,
        "desiredStatus": task.desired_status,
        "lastStatus": "STOPPED" if over else "RUNNING",
        "launchType": task.launch_type or "EC2",
        "group": task.group,
        "startedBy": task.started_by,
        "overrides": task.overrides or {},
        "attachments": task.attachments,
        "stoppedReason": task.stopped_reason or None,
        # ECS deletes the tags of a task that has stopped.
        "tags": task.tags if tags and not over else [],
        "containers": [
            {
                "name": f"container-{number}",
                "imageDigest": f"sha256:{uuid.uuid5(_SPACE, definition).hex * 2}",
            }
            for number, _ in enumerate(task.containers)
        ],
    }
    return {name: value for name, value in told.items() if value is not None}


def stop_task(state: State, call: Call, caller: Caller) -> Result:
    """ecs:StopTask."""
    task = _task(call, caller, str(call.params["task"]))
    if task is None:
        raise ApiError("InvalidParameterException", "The referenced task was not found.")
    stop(task, str(call.params.get("reason") or "Task stopped by user"))
    return {"task": _told(task, False)}


def stop(task: Any, reason: str) -> None:
    """A task of moto's, stopped."""
    task.desired_status = "STOPPED"
    task.stopped_reason = reason


def update_service(state: State, call: Call, caller: Caller) -> Result:
    """ecs:UpdateService; tasks of a service that is to have none are stopped."""
    backend = ecs_backends[caller.account][call.region]
    cluster = str(call.params.get("cluster") or "default").rpartition("/")[2]
    name = str(call.params["service"]).rpartition("/")[2]
    service = backend.services.get(f"{cluster}:{name}")
    if service is None:
        raise ApiError("ServiceNotFoundException", "Service not found.")
    params = call.params
    if params.get("taskDefinition"):
        found = backend.describe_task_definition(str(params["taskDefinition"]))
        service.task_definition = found.arn
    if params.get("enableExecuteCommand") is not None:
        setattr(  # noqa: B010 moto has no such setting
            service, "enable_execute_command", bool(params["enableExecuteCommand"])
        )
    if params.get("desiredCount") is not None:
        service.desired_count = int(params["desiredCount"])
        service.running_count = service.desired_count
        if service.desired_count == 0:
            for task in backend.tasks.get(cluster, {}).values():
                if task.group == f"service:{name}":
                    stop(task, "Scaling activity initiated by deployment")
    return {"service": service_told(service)}


def service_told(service: Any) -> dict[str, Any]:
    """A service of moto's as ECS describes it."""
    return {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster_arn,
        "status": service.status,
        "desiredCount": service.desired_count,
        "runningCount": service.running_count,
        "taskDefinition": service.task_definition,
        "launchType": service.launch_type,
        "enableExecuteCommand": bool(getattr(service, "enable_execute_command", False)),
    }


def describe_services(state: State, call: Call, caller: Caller) -> Result:
    """ecs:DescribeServices."""
    backend = ecs_backends[caller.account][call.region]
    cluster = str(call.params.get("cluster") or "default").rpartition("/")[2]
    if cluster not in backend.clusters:
        raise ApiError("ClusterNotFoundException", "Cluster not found.")
    found, failures = [], []
    for said in call.params.get("services") or ():
        service = backend.services.get(f"{cluster}:{str(said).rpartition('/')[2]}")
        if service is None:
            failures.append({"arn": said, "reason": "MISSING"})
        else:
            found.append({k: v for k, v in service_told(service).items() if v is not None})
    return {"services": found, "failures": failures}


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "eks:ListAccessEntries": list_entries,
    "eks:CreateAccessEntry": create_entry,
    "eks:DescribeAccessEntry": describe_entry,
    "eks:DeleteAccessEntry": delete_entry,
    "eks:ListAssociatedAccessPolicies": list_policies,
    "eks:AssociateAccessPolicy": associate_policy,
    "eks:DisassociateAccessPolicy": disassociate_policy,
    "eks:ListPodIdentityAssociations": list_pods,
    "eks:CreatePodIdentityAssociation": create_pod,
    "eks:DescribePodIdentityAssociation": describe_pod,
    "eks:DeletePodIdentityAssociation": delete_pod,
    "eks:UpdateClusterConfig": update_config,
    "ecs:DescribeTasks": describe_tasks,
    "ecs:StopTask": stop_task,
    "ecs:UpdateService": update_service,
    "ecs:DescribeServices": describe_services,
}
