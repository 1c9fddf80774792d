"""What a runbook file says: typed inputs and steps. The models are the schema.

A runbook is read from YAML by `firedoor.check.load`, which reports every error with its position.
These models hold the result, and are also what a run's journal stores, so that resume and undo work
from the program that ran and not from a file edited since.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict of these."""

Identifier = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        description="Lower case, digits and underscores, at most 40 characters.",
    ),
]
Slug = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z][a-z0-9-]{0,59}$",
        description="Lower case, digits and hyphens, at most 60 characters.",
    ),
]
RoleName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z][a-z0-9_-]{0,59}$",
        description="A role of playbooks/plan.yaml, such as incident_commander.",
    ),
]
KindName = Annotated[str, msgspec.Meta(description="A kind, or list[kind]: see `firedoor schema`.")]
Technique = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^T[0-9]{4}(\.[0-9]{3})?$",
        description="An ATT&CK technique, such as T1078.004.",
    ),
]
DurationText = Annotated[
    str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,5}(s|m|h|d)$", description="30s, 15m, 48h, 7d.")
]


class Phase(StrEnum):
    """Where in an incident a step belongs, in this order."""

    TRIAGE = "triage"
    EVIDENCE = "evidence"
    CONTAIN = "contain"
    ERADICATE = "eradicate"
    RECOVER = "recover"
    REPORT = "report"


class Said(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Base of everything read from a file that people write: unknown keys are refused."""


class Input(Said, frozen=True, kw_only=True):
    """One typed input of a runbook."""

    type: KindName
    required: bool = True
    default: Json = None
    about: str = ""


class Approval(Said, frozen=True, kw_only=True):
    """Who must agree before a step runs, and what happens when nobody answers."""

    by: RoleName = "responder"
    quorum: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    within: DurationText = "15m"
    on_timeout: Literal["escalate", "stop", "skip"] = "escalate"
    ask: str = ""


class Step(Said, frozen=True, kw_only=True):
    """One step: an action, a sub-runbook, or a `parallel` group of steps.

    Exactly one of `action`, `runbook` and `parallel` is set. `for_each` repeats a sub-runbook or an
    action over a list, at most `limit` items; more than `limit` is asked about, never cut. The
    `approve` of a group is that of each of its steps which has none of its own: one question is
    asked for all that share it.
    """

    id: Identifier | None = None
    title: str = ""
    phase: Phase | None = None
    action: str | None = None
    runbook: Slug | None = None
    parallel: tuple[Step, ...] = ()
    with_: dict[str, Json] = msgspec.field(name="with", default_factory=dict)
    when: str | None = None
    for_each: str | None = None
    as_: Identifier | None = msgspec.field(name="as", default=None)
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    approve: Approval | None = None
    on_error: Literal["stop", "continue"] | None = None
    retries: Annotated[int, msgspec.Meta(ge=0, le=10)] | None = None
    timeout: DurationText | None = None

    def __post_init__(self) -> None:
        if self.parallel and self.approve:
            shared = self.approve
            steps = tuple(
                step if step.approve else msgspec.structs.replace(step, approve=shared)
                for step in self.parallel
            )
            msgspec.structs.force_setattr(self, "parallel", steps)


class Runbook(Said, frozen=True, kw_only=True):
    """One runbook file."""

    runbook: Slug
    title: str
    summary: str
    attack: tuple[Technique, ...] = ()
    inputs: dict[Identifier, Input] = msgspec.field(default_factory=dict)
    one_of: tuple[Identifier, ...] = ()
    steps: tuple[Step, ...]
    finally_: tuple[Step, ...] = msgspec.field(name="finally", default=())
    outputs: dict[Identifier, str] = msgspec.field(default_factory=dict)

    def all_steps(self) -> list[Step]:
        """Every step that does something, in file order, groups opened, `finally` last."""
        flat: list[Step] = []
        for step in (*self.steps, *self.finally_):
            flat.extend(step.parallel or (step,))
        return flat

    def sharing(self) -> dict[str, tuple[str, ...]]:
        """Step → the steps of its `parallel` group that share its approval, itself among them."""
        return {
            str(step.id): tuple(
                str(other.id) for other in entry.parallel if other.approve == step.approve
            )
            for entry in self.steps
            for step in entry.parallel
            if step.approve
        }


def default_on_error(phase: Phase | None) -> Literal["stop", "continue"]:
    """A failed contain or evidence step does not stop the next one; elsewhere a failure stops.

    (The run then ends `not_contained`; a failed evidence step stops only what would destroy it.)
    """
    return "continue" if phase in (Phase.CONTAIN, Phase.EVIDENCE, Phase.REPORT) else "stop"
