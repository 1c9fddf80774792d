"""Take a task definition out of use, such as one that the attacker registered.

No new task can be run of a revision that is INACTIVE, by nobody; tasks that run of it go on. It
stays readable, as evidence. It cannot be undone: ECS never makes a revision active again, but a new
one with the same content can be registered.
Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deregister-task-definition-v2.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission
from firedoor.actions.ecs._cluster import Found, arn_of
from firedoor.errors import AwsError, Refused
from firedoor.kinds import EcsTaskDefinition, Region

PERMISSIONS = (
    Permission("ecs:DescribeTaskDefinition", why="ECS has no resource for it"),
    Permission("ecs:DeregisterTaskDefinition", why="ECS has no resource for it"),
)
EXAMPLE = {"definition": "checkout:8"}
IRREVERSIBLE = "ECS makes no revision active again; register a new one with the same content"
INACTIVE = "INACTIVE"
UNKNOWN = frozenset({"ClientException", "InvalidParameterException"})


class Input(Given, frozen=True, kw_only=True):
    """The revision, and the Region."""

    definition: EcsTaskDefinition
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """Its status; absent when ECS knows it not."""
    arn = arn_of(aws, given.region, "task-definition", given.definition)
    try:
        answer = aws.call(
            "ecs",
            "describe_task_definition",
            region=given.region,
            taskDefinition=given.definition,
        )
    except AwsError as error:
        if error.code not in UNKNOWN:
            raise
        return Found(parts={}, gone=True)
    return Found(parts={f"{arn}#status": str(answer["taskDefinition"].get("status"))})


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """From ACTIVE to INACTIVE."""
    return [
        Change(resource=resource, what="status", from_=status, to=INACTIVE, lost=IRREVERSIBLE)
        for resource, status in before.parts.items()
        if status == "ACTIVE"
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Deregister it; one that is out of use is so already."""
    if change.to != INACTIVE:
        raise Refused(
            f"{given.definition} cannot be brought back: {IRREVERSIBLE}",
            rule="irreversible",
            instead="Register a new revision",
        )
    if INACTIVE in observe(aws, given, case).parts.values():
        return
    aws.call(
        "ecs",
        "deregister_task_definition",
        region=given.region,
        taskDefinition=given.definition,
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is not ACTIVE."""
    status = next(iter(observe(aws, given, case).parts.values()), "unknown to ECS")
    holds = status != "ACTIVE"
    return [Check(what=f"no task can be run of {given.definition}", holds=holds, seen=status)]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    arn = change.resource.split("#", 1)[0]
    where = ["--region", arn.split(":")[3]]
    name = arn.rpartition("/")[2]
    return [["ecs", "deregister-task-definition", *where, "--task-definition", name]]
