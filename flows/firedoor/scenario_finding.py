"""What a scenario says of the alert that starts it, and about what it is.

Most are GuardDuty findings. Others: an event of CloudTrail's that a rule watches for (a key's
deletion is scheduled), an AWS Health event (a key found in public).
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from firedoor.runbook import Identifier, Json, Said
from firedoor.scenario_injects import Offset
from firedoor.scenario_world import Call, RegionName

ABOUT = (
    "principal",
    "bucket",
    "instance",
    "function",
    "database",
    "kubernetes",
    "ecs",
    "sequence",
)


class Kubernetes(Said, frozen=True, kw_only=True):
    """A workload of an EKS cluster, or a user of its API. `type`: deployments, daemonsets, pods."""

    cluster: str
    namespace: str = "default"
    workload: str = ""
    type: str = "deployments"
    user: str = ""
    groups: tuple[str, ...] = ("system:authenticated",)
    service_account: str = ""
    image: str = ""


class Ecs(Said, frozen=True, kw_only=True):
    """A task of an ECS cluster (its ARN), and the container in it."""

    cluster: str
    task: str = ""
    container: str = "app"
    image: str = ""


class Signal(Said, frozen=True, kw_only=True):
    """One signal of an attack sequence: a finding's type, or a call of CloudTrail's."""

    name: str
    finding: bool = False


class Sequence(Said, frozen=True, kw_only=True):
    """An attack sequence: who did it to what. `actors`: principals of the attacker's. The resources
    are named as in the account; `signals` may be left out: then they are his calls before it."""

    actors: tuple[Identifier, ...] = ()
    buckets: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    eks_clusters: tuple[str, ...] = ()
    ecs_clusters: tuple[str, ...] = ()
    signals: tuple[Signal, ...] = ()


class About(Said, frozen=True, kw_only=True):
    """What a finding is about. `by`: the principal who did it, where there is one.

    `principal` alone is what a bare name means. An `instance`, `function`, `database` or `bucket`
    is its id or name in the account, usually `{name}` as a call of the world gave it.
    """

    principal: Identifier | None = None
    bucket: str | None = None
    instance: str | None = None
    function: str | None = None
    database: str | None = None
    kubernetes: Kubernetes | None = None
    ecs: Ecs | None = None
    sequence: Sequence | None = None
    by: Identifier | None = None

    def __post_init__(self) -> None:
        if sum(getattr(self, name) is not None for name in ABOUT) != 1:
            raise ValueError(f"needs exactly one of {', '.join(map(repr, ABOUT))}")


class Health(Said, frozen=True, kw_only=True):
    """An AWS Health event: its code (AWS_RISK_CREDENTIALS_EXPOSED) and what is affected."""

    code: Annotated[str, msgspec.Meta(pattern=r"^AWS_[A-Z0-9_]+$")]
    entities: tuple[str, ...] = ()
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    service: str = "RISK"
    category: str = "issue"


class FindingSaid(Said, frozen=True, kw_only=True):
    """The alert that starts it: a GuardDuty finding, an event of CloudTrail's, or AWS Health's.

    A GuardDuty finding has a `type` and says what it is `about`. `event`: the last such call of the
    attacker's before the finding, as EventBridge passes it on. `details` are put over the document
    that would be sent (GuardDuty's in camelCase), for what only this scenario needs.
    """

    type: (
        Annotated[
            str,
            msgspec.Meta(
                pattern=r"^[A-Za-z]+:[A-Za-z0-9]+/[A-Za-z0-9.!&_-]+$",
                description="A GuardDuty finding type.",
            ),
        ]
        | None
    ) = None
    about: Identifier | About | None = None
    severity: Annotated[float, msgspec.Meta(ge=1, le=10)] = 5.0
    title: str = ""
    description: str = ""
    api: Call = "iam:ListUsers"
    seen_from: Offset = "-50m"
    region: RegionName | None = None
    event: Call | None = None
    health: Health | None = None
    details: dict[str, Json] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.type, self.event, self.health)) != 1:
            raise ValueError("needs exactly one of 'type' (GuardDuty), 'event' and 'health'")
        if self.type is not None and self.about is None:
            raise ValueError("'type' needs 'about': whom or what the finding is about")
        if self.type is not None and not self.title:
            raise ValueError("'type' needs a 'title'")

    @property
    def subject(self) -> About | None:
        """What it is about; None for what is not a GuardDuty finding."""
        return About(principal=self.about) if isinstance(self.about, str) else self.about

    @property
    def principals(self) -> tuple[str, ...]:
        """The principals of the scenario that it names."""
        about = self.subject
        if about is None:
            return ()
        named = (about.principal, about.by, *(about.sequence.actors if about.sequence else ()))
        return tuple(name for name in named if name)
