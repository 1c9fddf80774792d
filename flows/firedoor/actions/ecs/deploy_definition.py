"""Let a service run a task definition that is known to be good, with as many tasks as are wanted.

A revision from before the attacker came, or one that was registered since with a clean image. With
`count` the service is asked for that many tasks in the same call, which is how one that was scaled
to none comes back. Undoing puts back the former revision and number. A revision can name an image
by a tag, and a tag can have been moved: see which digest its tasks run.
Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.ecs import _cluster, _service
from firedoor.actions.ecs._cluster import GONE, Found, OfService, arn_of, service_of
from firedoor.errors import AwsError, NotFound
from firedoor.kinds import EcsTaskDefinition

PERMISSIONS = (
    *_service.PERMISSIONS,
    Permission(
        "iam:PassRole",
        "arn:{partition}:iam::{account}:role/*",
        "the definition's roles",
        {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    ),
)
EXAMPLE = {"cluster": "shop", "service": "checkout", "definition": "checkout:7", "count": 2}
REOPENS = Reopens("the service would run what it ran before")
DEFINITION, COUNT = "task-definition", "desired-count"
_WORDS = {DEFINITION: "task definition", COUNT: "desired tasks"}


class Input(OfService, frozen=True, kw_only=True):
    """The service, the good task definition, and how many tasks are wanted (none said: as now)."""

    definition: EcsTaskDefinition
    count: int | None = None


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The revision that it runs, and how many tasks are asked for."""
    found = service_of(aws, given.cluster, given.service, given.region)
    if found is None:
        return Found(parts={}, gone=True)
    arn = arn_of(aws, given.region, "service", given.cluster, given.service)
    # The number under the part that ecs.scale_service changes as well: whoever is the last counts.
    runs = _runs(found)
    return Found(parts={f"{arn}#{DEFINITION}": runs[0], f"{arn}#{COUNT}": runs[1]})


def _runs(service: dict[str, Any]) -> tuple[str, Any]:
    definition = str(service.get("taskDefinition") or "").rpartition("/")[2]
    return definition, service.get("desiredCount")


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """To the good revision, then to the number of tasks."""
    wanted = {DEFINITION: given.definition, COUNT: given.count}
    found = []
    for resource, now in before.parts.items():
        part = resource.rpartition("#")[2]
        if wanted[part] is not None and now != wanted[part]:
            found.append(Change(resource=resource, what=_WORDS[part], from_=now, to=wanted[part]))
    return found


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set one of the two; NotFound when the service is gone."""
    part = change.resource.rpartition("#")[2]
    named = {"taskDefinition" if part == DEFINITION else "desiredCount": change.to}
    try:
        aws.call(
            "ecs",
            "update_service",
            region=given.region,
            cluster=given.cluster,
            service=given.service,
            **named,
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        raise NotFound(f"service {given.service!r} has been deleted since") from None


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It runs the good revision."""
    found = service_of(aws, given.cluster, given.service, given.region)
    what = f"service {given.service} runs {given.definition}"
    if found is None:
        return [Check(what=what, holds=False, seen="there is no such service")]
    definition, count = _runs(found)
    good = definition == given.definition and given.count in (None, count)
    return [Check(what=what, holds=good, seen=f"{definition}, {count} desired")]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    option = "task-definition" if change.resource.endswith(f"#{DEFINITION}") else "desired-count"
    return _cluster.cli(change, "update-service", f"--{option}", str(change.to))
