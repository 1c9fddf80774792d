"""What playing a program speaks of: a step about to run, how it ended, and where it is played."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from firedoor.actions.contract import Change
from firedoor.program import Program
from firedoor.runbook import Json, Phase, Step

Status = Literal[
    "done", "nothing_to_do", "skipped", "failed", "refused", "waiting", "not_run", "planned"
]
SETTLED: frozenset[Status] = frozenset({"done", "nothing_to_do", "skipped", "planned"})


class StepResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one step ended. `proof` is whether its containment was read back to hold.

    `stops`: nobody agreed to it in time, and it says that the run ends then. `rule`: the rule of
    ours that refused it, whoever agreed, and `instead` what to do then; "" when people did.
    """

    id: str
    run: str
    phase: str
    status: Status
    mutating: bool = False
    output: Json = None
    proof: Literal["holds", "broken", "unknown", "none"] = "none"
    why: str = ""
    unknown: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    children: tuple[StepResult, ...] = ()
    stops: bool = False
    rule: str = ""
    instead: str = ""

    def flat(self) -> Iterator[StepResult]:
        """This result and those of the runs below it."""
        yield self
        for child in self.children:
            yield from child.flat()


@dataclass(frozen=True)
class Node:
    """A step about to run: its id (with the item's index in a loop), inputs resolved.

    `held`: why it must not run, because it would destroy what nothing has kept; "" when it may.
    `unread`: the steps that its condition asks about and that did not come to their end. It runs
    all the same, but not unasked.
    """

    id: str
    run: str
    step: Step
    given: Mapping[str, Json]
    scope: Mapping[str, Json]
    depth: int
    authority: str | None = None
    question: str = ""
    held: str = ""
    unread: tuple[str, ...] = ()

    @property
    def phase(self) -> Phase:
        """The step's phase; triage when the file names none."""
        return self.step.phase or Phase.TRIAGE


@dataclass(frozen=True)
class Agreement:
    """Whether calls of a loop or sub-runbook may go ahead: on whose word, or why not.

    `verdict`: `yes`, `no`, or `later` (it waits for a person). `stops`: see `StepResult`.
    """

    verdict: Literal["yes", "no", "later"]
    why: str = ""
    stops: bool = False


class Stage(Protocol):
    """Where a program is played: really, through Prefect or not, or only as a plan."""

    async def perform(self, node: Node) -> StepResult:
        """Run one action; `waiting` when a person must agree first."""
        ...

    async def call(self, node: Node, program: Program) -> StepResult:
        """Run a sub-runbook with `node.given` as its inputs."""
        ...

    async def agree(self, nodes: Sequence[Node]) -> Agreement:
        """Whether these calls of a loop or sub-runbook may go ahead."""
        ...

    async def hold(self, results: Sequence[StepResult]) -> list[StepResult]:
        """Before the end: shut again what was opened meanwhile; the results as they are now."""
        ...

    async def answers(self) -> bool:
        """Put what waits before the people; True when something was decided meanwhile."""
        ...


def worst_proof(
    proofs: Sequence[Literal["holds", "broken", "unknown", "none"]],
) -> Literal["holds", "broken", "unknown", "none"]:
    """The proof of a group: broken before unknown before holds."""
    for worst in ("broken", "unknown", "holds"):
        if worst in proofs:
            return worst
    return "none"
