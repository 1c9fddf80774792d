"""Functions, databases, containers and clusters as plain data: what a snapshot of an account says.

Left out is what differs when a thing is put back as it was: times, revisions, generated ids.
"""

from __future__ import annotations

from typing import Any

from moto.awslambda.models import lambda_backends
from moto.ecr.models import ecr_backends
from moto.ecs.models import ecs_backends
from moto.eks.models import eks_backends
from moto.rds.models import rds_backends

from firedoor.simulator import accounts

Data = dict[str, Any]


def workloads(account: str) -> Data:
    """Each kind that there is any of, by name and Region."""
    found: Data = {}
    for kind, backends, read in (
        ("functions", lambda_backends, _functions),
        ("dbs", rds_backends, _databases),
        ("clusters", rds_backends, _db_clusters),
        ("ecs_services", ecs_backends, _services),
        ("ecs_tasks", ecs_backends, _tasks),
        ("ecs_definitions", ecs_backends, _definitions),
        ("container_instances", ecs_backends, _container_instances),
        ("repositories", ecr_backends, _repositories),
        ("eks_clusters", eks_backends, _eks),
    ):
        if account not in backends:
            continue
        here = {
            f"{name}@{region}": told
            for region, backend in dict(backends[account]).items()
            for name, told in read(backend).items()
        }
        if here:
            found[kind] = here
    return found


def _functions(backend: Any) -> Data:
    mappings = backend._event_source_mappings.values()
    return {
        one.function_name: {
            "code": one.code_sha_256,
            "role": one.role,
            "layers": [layer["Arn"] for layer in one.layers],
            "variables": dict(one.environment_vars),
            "reserved-concurrency": one.reserved_concurrency,
            "provisioned-concurrency": dict(getattr(one, "provisioned_concurrency", {})),
            "url": one.url_config.config.get("AuthType") if one.url_config else None,
            "permission": {_permission(each): each for each in one.policy.statements},
            "version": {
                str(each.version): each.code_sha_256
                for each in backend.list_versions_by_function(one.function_name)
                if str(each.version) != "$LATEST"
            },
            "alias": {
                each.name: [str(each.function_version), dict(each.routing_config or {})]
                for each in backend.list_aliases(one.function_name)
            },
            "event-source-mapping": {
                each.uuid: "enabled" if each.enabled else "disabled"
                for each in mappings
                if each.function_arn.split(":")[6] == one.function_name
            },
        }
        for one in backend.list_functions(None)
    }


def _permission(statement: Data) -> str:
    """A statement's id, with the qualifier that it is about."""
    return " ".join([*statement["Resource"].split(":")[7:], statement["Sid"]])


def _settings(one: Any) -> Data:
    return {
        "deletion-protection": bool(one.deletion_protection),
        "security-groups": sorted(map(str, one.vpc_security_group_ids)),
        "backup-retention": int(one.backup_retention_period or 0),
        "iam-authentication": bool(one.iam_database_authentication_enabled),
        "master-password": bool(one.manage_master_user_password),
    }


def _databases(backend: Any) -> Data:
    return {
        name: {
            # Those of an instance in a cluster are the cluster's.
            **({} if getattr(one, "cluster", None) else _settings(one)),
            "publicly-accessible": bool(one.publicly_accessible),
            "parameter-group": [group.name for group in one.db_parameter_groups()],
            "restart": len(getattr(one, "restarts", ())),
        }
        for name, one in backend.databases.items()
    }


def _db_clusters(backend: Any) -> Data:
    return {
        name: {**_settings(one), "parameter-group": one.parameter_group}
        for name, one in backend.clusters.items()
    }


def _services(backend: Any) -> Data:
    return {
        key: {
            "desired-count": one.desired_count,
            "execute-command": bool(getattr(one, "enable_execute_command", False)),
            "task-definition": str(one.task_definition).rpartition("/")[2],
        }
        for key, one in backend.services.items()
    }


def _tasks(backend: Any) -> Data:
    return {
        arn.rpartition("/")[2]: one.desired_status
        for tasks in backend.tasks.values()
        for arn, one in tasks.items()
        # ECS starts and stops the tasks of services by itself: their service says it all.
        if not str(one.group).startswith("service:")
    }


def _definitions(backend: Any) -> Data:
    return {
        f"{family}:{number}": one.status
        for family, revisions in backend.task_definitions.items()
        for number, one in revisions.items()
    }


def _container_instances(backend: Any) -> Data:
    return {
        f"{cluster}/{name}": one.status
        for cluster, instances in backend.container_instances.items()
        for name, one in instances.items()
    }


def _repositories(backend: Any) -> Data:
    return {
        name: {"policy": accounts.document(one.policy)}
        for name, one in backend.repositories.items()
    }


def _eks(backend: Any) -> Data:
    return {
        name: {
            "logging": sorted(
                kind
                for group in one.logging.get("clusterLogging") or ()
                if group.get("enabled")
                for kind in group["types"]
            ),
            "public-endpoint": list(
                one.resources_vpc_config.get("publicAccessCidrs") or ["0.0.0.0/0"]
            )
            if one.resources_vpc_config.get("endpointPublicAccess", True)
            else "off",
            "access-entry": dict(getattr(one, "access_entries", {})),
            "pod-identity": {
                f"{each['namespace']}/{each['serviceAccount']}": each["roleArn"]
                for each in getattr(one, "pod_identities", {}).values()
            },
        }
        for name, one in backend.clusters.items()
    }
