"""Keep everything that ECS says of a task, before it is stopped and forgotten.

The task with its tags, which are lost when it stops; its definition; the service that started it;
the digests of its images as they were pulled; its network interfaces with their security groups;
the instance that it runs on, where there is one; and the end of its logs, where they go to
CloudWatch. Values of environment variables are masked but for those that decide which code is
loaded. Of what runs inside, memory above all, nothing can be had from Fargate; on an instance, see
there. Says whether firedoor can put other security groups on its interfaces: on those that AWS
manages nobody can.
Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firedoor.actions import contract
from firedoor.actions._environment import without_values
from firedoor.actions._side_by_side import side_by_side
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.actions.ecs._cluster import TASK, service_of, task_of
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import (
    Arn,
    ClusterName,
    EcrRepository,
    EcsServiceName,
    EcsTaskDefinition,
    EcsTaskId,
    IamRoleName,
    InstanceId,
    NetworkInterfaceId,
    Region,
)

PERMISSIONS = (
    Permission("ecs:DescribeTasks", TASK),
    Permission("ecs:DescribeTaskDefinition", why="ECS has no resource for it"),
    Permission(
        "ecs:DescribeServices", "arn:{partition}:ecs:{region}:{account}:service/{cluster}/*"
    ),
    Permission(
        "ecs:DescribeContainerInstances",
        "arn:{partition}:ecs:{region}:{account}:container-instance/{cluster}/*",
    ),
    Permission("ec2:DescribeNetworkInterfaces"),
    Permission("logs:GetLogEvents", "arn:{partition}:logs:{region}:{account}:log-group:*"),
)
EXAMPLE = {"cluster": "shop", "task": "0123456789abcdef0123456789abcdef"}
KEEPS = ("ecs.task", "ecs.task_definition", "ecs.logs")
LOG_EVENTS = 1000
"""Log events of a container that are kept, the newest."""


class Input(Given, frozen=True, kw_only=True):
    """The task, the cluster that it runs in, and the Region. Some findings name no task."""

    cluster: ClusterName
    task: EcsTaskId | None = None
    region: Region | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """What later steps ask about; the rest is in the kept documents.

    `service`: the one that would start another task. `role`: whose credentials the task has.
    `repositories`: those of this account that its images come from. `exec_on`: a shell can be had
    in it. `own_interfaces`: none of its interfaces is managed by AWS. `desired`: tasks that the
    service asks for.
    """

    exists: bool
    running: bool
    task: EcsTaskId | None
    definition: EcsTaskDefinition | None
    service: EcsServiceName | None
    desired: int
    role: IamRoleName | None
    launch_type: str
    container_instance: Arn | None
    instance: InstanceId | None
    interfaces: list[NetworkInterfaceId]
    own_interfaces: bool
    images: list[str]
    digests: list[str]
    repositories: list[EcrRepository]
    repositories_said: str
    exec_on: bool
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]
    not_kept: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The task first, then what it leads to, side by side."""
    task = task_of(aws, given.cluster, given.task, given.region) if given.task else None
    if task is None:
        return _absent(given)
    service = _service_name(task)
    interfaces = _interfaces(task)
    place = task.get("containerInstanceArn")
    reads: dict[str, Callable[[], Any]] = {"definition": lambda: _definition(aws, given, task)}
    if service:
        reads["service"] = lambda: service_of(aws, given.cluster, service, given.region)
    if place:
        reads["container_instance"] = lambda: _container_instance(aws, given, place)
    if interfaces:
        reads["interfaces"] = lambda: aws.call(
            "ec2",
            "describe_network_interfaces",
            region=given.region,
            NetworkInterfaceIds=interfaces,
        )["NetworkInterfaces"]
    found, refused = side_by_side(reads)
    definition: dict[str, Any] = found.get("definition") or {}
    logs, unread = _logs(aws, given, task, definition)
    images = [str(each["image"]) for each in definition.get("containerDefinitions") or ()]
    repositories = _repositories(aws, images)
    role = str(definition.get("taskRoleArn") or "").rpartition("/")[2]
    overrides = (task.get("overrides") or {}).get("taskRoleArn")
    if overrides:
        role = str(overrides).rpartition("/")[2]
    host = (found.get("container_instance") or {}).get("ec2InstanceId")
    attached = found.get("interfaces") or []
    keep = [
        Artefact(
            name=f"ecs-task-{given.task}",
            content=without_values({"task": task, **found}),
            about=f"ECS task {given.task} in cluster {given.cluster} before containment",
        )
    ]
    if logs:
        about = f"The end of the logs of ECS task {given.task}"
        keep.append(Artefact(name=f"ecs-logs-{given.task}", content=logs, about=about))
    unknown = [f"{name.replace('_', ' ')} of task {given.task}: {why}" for name, why in refused]
    return Output(
        exists=True,
        running=task.get("desiredStatus") != "STOPPED" and task.get("lastStatus") != "STOPPED",
        task=given.task,
        definition=str(task["taskDefinitionArn"]).rpartition("/")[2],
        service=service or None,
        desired=int((found.get("service") or {}).get("desiredCount") or 0),
        role=role or None,
        launch_type=str(task.get("launchType") or ""),
        container_instance=str(place) if place else None,
        instance=str(host) if host else None,
        interfaces=interfaces,
        own_interfaces=bool(attached)
        and not any(each.get("RequesterManaged") for each in attached),
        images=images,
        digests=[
            str(each["imageDigest"])
            for each in task.get("containers") or ()
            if each.get("imageDigest")
        ],
        repositories=repositories,
        repositories_said=", ".join(repositories),
        exec_on=any(
            each.get("enableExecuteCommand") for each in (task, found.get("service") or {})
        ),
        keep=tuple(keep),
        unknown=(*unknown, *unread),
        not_kept=(
            *(() if definition else ("ecs.task_definition",)),
            *(() if logs else ("ecs.logs",)),
        ),
    )


def _absent(given: Input) -> Output:
    return Output(
        exists=False,
        running=False,
        task=None,
        definition=None,
        service=None,
        desired=0,
        role=None,
        launch_type="",
        container_instance=None,
        instance=None,
        interfaces=[],
        own_interfaces=False,
        images=[],
        digests=[],
        repositories=[],
        repositories_said="",
        exec_on=False,
        keep=(),
        unknown=(
            f"ECS knows no task {given.task} in cluster {given.cluster!r} any more (it forgets one "
            "an hour after it stopped); CloudTrail and its logs are what is left"
            if given.task
            else f"the finding names no task of cluster {given.cluster!r}: find it with `aws ecs "
            f"list-tasks --cluster {given.cluster}`, and run this with task=…",
        ),
        not_kept=KEEPS,
    )


def _service_name(task: dict[str, Any]) -> str:
    kind, _, name = str(task.get("group") or "").partition(":")
    return name if kind == "service" else ""


def _interfaces(task: dict[str, Any]) -> list[str]:
    return [
        str(detail["value"])
        for attachment in task.get("attachments") or ()
        for detail in attachment.get("details") or ()
        if detail.get("name") == "networkInterfaceId"
    ]


def _definition(aws: Aws, given: Input, task: dict[str, Any]) -> dict[str, Any]:
    answer = aws.call(
        "ecs",
        "describe_task_definition",
        region=given.region,
        taskDefinition=task["taskDefinitionArn"],
        include=["TAGS"],
    )
    return {**answer["taskDefinition"], "tags": answer.get("tags") or []}


def _container_instance(aws: Aws, given: Input, arn: str) -> dict[str, Any]:
    answer = aws.call(
        "ecs",
        "describe_container_instances",
        region=given.region,
        cluster=given.cluster,
        containerInstances=[arn],
    )
    found = answer.get("containerInstances") or [{}]
    return dict(found[0])


def _repositories(aws: Aws, images: list[str]) -> list[str]:
    """`111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop/checkout:7` → shop/checkout."""
    found: dict[str, None] = {}
    for image in images:
        host, _, rest = image.partition("/")
        if host.startswith(f"{aws.account}.dkr.ecr."):
            found[rest.partition("@")[0].partition(":")[0]] = None
    return list(found)


def _logs(
    aws: Aws, given: Input, task: dict[str, Any], definition: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The newest log events of each container that writes to CloudWatch, and what cannot be had."""
    found: dict[str, Any] = {}
    unread: list[str] = []
    for container in definition.get("containerDefinitions") or ():
        config = container.get("logConfiguration") or {}
        options = config.get("options") or {}
        group, prefix = options.get("awslogs-group"), options.get("awslogs-stream-prefix")
        if config.get("logDriver") != "awslogs" or not group or not prefix:
            unread.append(f"container {container['name']} does not log to CloudWatch by itself")
            continue
        stream = f"{prefix}/{container['name']}/{given.task}"
        try:
            answer = aws.call(
                "logs",
                "get_log_events",
                region=options.get("awslogs-region") or given.region,
                logGroupName=group,
                logStreamName=stream,
                limit=LOG_EVENTS,
                startFromHead=False,
            )
        except NoCredentials:
            raise
        except AwsError as error:
            unread.append(f"logs of container {container['name']}: {error.message}")
        else:
            found[str(container["name"])] = {"stream": stream, "events": answer.get("events") or []}
    return found, unread
