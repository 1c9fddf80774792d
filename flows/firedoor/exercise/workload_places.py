"""Where in a snapshot a part of an instance, function, database, container or cluster stands.

The parts of these are called alike in changes and in snapshots (`simulator.workload_state`), so
that only the holder has to be found: `functions/thumbnails@eu-central-1/url`.
"""

from __future__ import annotations

_HOLDERS = {
    ("lambda", "function"): "functions",
    ("rds", "db"): "dbs",
    ("rds", "cluster"): "clusters",
    ("ecs", "service"): "ecs_services",
    ("ecs", "task"): "ecs_tasks",
    ("ecs", "task-definition"): "ecs_definitions",
    ("ecs", "container-instance"): "container_instances",
    ("ecr", "repository"): "repositories",
    ("eks", "cluster"): "eks_clusters",
}
_EC2 = {
    "instance": "instances",
    "network-interface": "interfaces",
    "network-acl": "network_acls",
    "snapshot": "snapshots",
    "image": "images",
    "spot-request": "spot-cancelled",
}
_OF_INSTANCE = {
    # The ids of snapshots and commands are EC2's choice.
    "snapshots": "snapshots",
    "memory-dump": "commands",
    "auto-scaling": "auto_scaling",
}
"""Parts that a change names by the instance, and that stand elsewhere in a snapshot."""
_BESIDE_MACHINES = frozenset({"autoscaling", "elasticloadbalancing", "ssm"})
_WHOLE = frozenset({"task", "status", "restored"})
"""Parts that are the holder itself, nothing below it."""


def workload_place(resource: str) -> str:
    """The path of a change's resource in a snapshot; "" for what is no workload."""
    holder, _, part = resource.partition("#")
    pieces = holder.split(":", 5)
    if len(pieces) < 6:
        return ""
    service, region = pieces[2], pieces[3]
    kind, name = _split(pieces[5])
    if service == "ec2":
        return _machine_place(region, kind, name, part)
    if service in _BESIDE_MACHINES:
        return _beside_machines(service, region, kind, name, holder)
    if service == "rds" and kind in ("snapshot", "cluster-snapshot"):
        return f"compute/{region}/database_snapshots/{name}"
    where = _HOLDERS.get((service, kind))
    if where is None:
        return ""
    what, _, item = part.partition("/")
    name, _, qualifier = name.partition(":") if service == "lambda" else (name, "", "")
    if what == "snapshot":
        return f"compute/{region}/database_snapshots/{item}"
    if service == "ecs" and kind in ("service", "task"):
        cluster, _, name = name.partition("/")
        name = f"{cluster}:{name}" if kind == "service" else name
    path = [where, f"{name}@{region}"]
    if what not in _WHOLE:
        path += [what, *([f"{qualifier} {item}" if qualifier else item] if item else [])]
    return "/".join(path)


def _machine_place(region: str, kind: str, name: str, part: str) -> str:
    """Of an instance and what EC2 has beside it; "" for what else there is."""
    what, _, item = part.partition("/")
    if kind == "instance" and what in _OF_INSTANCE:
        return "/".join(["compute", region, _OF_INSTANCE[what], *([item] if item else [])])
    if kind == "vpc" and what == "security-group":
        return f"compute/{region}/security_groups/{name}/{item}"
    if kind == "region":
        return f"compute/{region}/{part}"
    where = _EC2.get(kind)
    return f"compute/{region}/{where}/{name}" if where else ""


def _beside_machines(service: str, region: str, kind: str, name: str, holder: str) -> str:
    """Of a group, a load balancer, or a session with an instance."""
    if service == "autoscaling":
        return f"compute/{region}/auto_scaling/{name.rpartition('/')[2]}"
    if kind == "targetgroup":
        return f"compute/{region}/targets/{holder}"
    where = {"loadbalancer": "load_balancers", "session": "ssm-sessions"}.get(kind)
    return f"compute/{region}/{where}/{name}" if where else ""


def _split(resource: str) -> tuple[str, str]:
    """`function:x`, `service/cluster/x`, `db:x` → kind and name."""
    ends = [at for at in (resource.find(":"), resource.find("/")) if at > 0]
    at = min(ends, default=len(resource))
    return resource[:at], resource[at + 1 :]
