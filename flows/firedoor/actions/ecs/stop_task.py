"""Stop one task, for good: its containers end, and what they held is gone.

ECS sends SIGTERM, waits 30 seconds and kills. Memory, the containers' own disks and the task's tags
are lost; the task is shown for about an hour more. So everything else comes before it. A task of a
service is replaced by a new one of the same image at once: scale the service to none first
(ecs.scale_service). It cannot be undone.
Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission
from firedoor.actions.ecs._cluster import GONE, TASK, Found, arn_of, task_of
from firedoor.errors import AwsError, Refused
from firedoor.kinds import ClusterName, EcsTaskId, Region

PERMISSIONS = (
    Permission("ecs:DescribeTasks", TASK),
    Permission("ecs:StopTask", TASK),
)
EXAMPLE = {"cluster": "shop", "task": "0123456789abcdef0123456789abcdef"}
IRREVERSIBLE = "a stopped task does not come back; the service starts a new one"
DESTROYS = ("ecs.task",)
RUNS, STOPPED = "running", "stopped"
LOOKS = 8
PAUSE_SECONDS = 5.0


class Input(Given, frozen=True, kw_only=True):
    """The task, the cluster that it runs in, and the Region."""

    cluster: ClusterName
    task: EcsTaskId
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """Whether it is wanted to run; absent when ECS knows it no more."""
    arn = arn_of(aws, given.region, "task", given.cluster, given.task)
    found = task_of(aws, given.cluster, given.task, given.region)
    if found is None:
        return Found(parts={}, gone=True)
    over = "STOPPED" in (found.get("desiredStatus"), found.get("lastStatus"))
    return Found(parts={f"{arn}#task": STOPPED if over else RUNS})


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """From running to stopped."""
    return [
        Change(resource=resource, what="task", from_=RUNS, to=STOPPED, lost=IRREVERSIBLE)
        for resource, state in before.parts.items()
        if state == RUNS
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Stop it; one that is gone is stopped."""
    if change.to != STOPPED:
        raise Refused(
            f"task {given.task} cannot be brought back: {IRREVERSIBLE}",
            rule="irreversible",
            instead="Let its service start a new one",
        )
    try:
        aws.call(
            "ecs",
            "stop_task",
            region=given.region,
            cluster=given.cluster,
            task=given.task,
            reason=f"firedoor {case.incident}",
        )
    except AwsError as error:
        # ECS says so of a task that it knows no more.
        if error.code not in (*GONE, "InvalidParameterException"):
            raise
        if task_of(aws, given.cluster, given.task, given.region) is not None:
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It has stopped; it is given 40 seconds for that."""
    what = f"task {given.task} does not run"
    status = ""
    for look in range(LOOKS):
        if look:
            aws.wait(PAUSE_SECONDS)
        found = task_of(aws, given.cluster, given.task, given.region)
        if found is None:
            return [Check(what=what, holds=True, seen="ECS knows it no more")]
        if found.get("desiredStatus") != "STOPPED":
            return [Check(what=what, holds=False, seen=f"it is {found.get('lastStatus')}")]
        status = str(found.get("lastStatus"))
        if status == "STOPPED":
            return [Check(what=what, holds=True, seen="stopped")]
    return [Check(what=what, holds=None, seen=f"it is being stopped: {status}")]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    arn = change.resource.split("#", 1)[0]
    _, cluster, task = arn.split(":", 5)[5].split("/")
    region = ["--region", arn.split(":")[3]]
    return [["ecs", "stop-task", "--cluster", cluster, "--task", task, *region]]
