"""What a scenario file says: a world, an attack on it, and when the defence has held.

One file serves a scripted drill (simulated AWS, virtual clock, answers by script) and a live
exercise (the same attack in real time, with people). The runbook is not copied into it:
`runbook.ref` names the shipped one.

Nothing here knows AWS: `firedoor.simulator.world` builds what is said and acts it out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from firedoor import scenario_links
from firedoor.errors import CheckFailed, Problem
from firedoor.runbook import Identifier, Json, RoleName, Said, Slug
from firedoor.scenario_attack import Attack, Beat, Principal, ProofSaid
from firedoor.scenario_facts import Fact
from firedoor.scenario_finding import FindingSaid
from firedoor.scenario_injects import Inject, Length
from firedoor.scenario_world import AwsCall, Item, Role, Trusted
from firedoor.shapes import shape
from firedoor.yamlio import Document, load

Letter = Literal["P", "S", "M", "U"]
Rule = Literal[
    "proof_failed",
    "proof_inconclusive",
    "critical_task_not_done",
    "task_not_done",
    "innocent_broken",
    "evidence_lost",
    "unapproved_action",
    "attacker_goal_reached",
    "late",
    "wrong_decision_corrected",
    "hint_used",
    "cadence_missed",
]


class Metadata(Said, frozen=True, kw_only=True):
    """What the scenario is called; `minutes`: how long a live exercise of it takes."""

    id: Slug
    title: str
    version: Annotated[int, msgspec.Meta(ge=1)] = 1
    minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 60
    about: str = ""


class MapsTo(Said, frozen=True, kw_only=True):
    """What the scenario exercises, in other people's catalogues."""

    attack: tuple[Annotated[str, msgspec.Meta(pattern=r"^T[0-9]{4}(\.[0-9]{3})?$")], ...] = ()
    stratus: tuple[str, ...] = ()
    guardduty: tuple[str, ...] = ()


class RunbookRef(Said, frozen=True, kw_only=True):
    """The runbook that is exercised; `inputs` are given to it besides what the finding says."""

    ref: Slug
    inputs: dict[Identifier, Json] = msgspec.field(default_factory=dict)


class Objective(Said, frozen=True, kw_only=True):
    """What the exercise is to show. Without `facts` it is the proof of containment itself.

    `critical`: not reaching it rates the whole U, otherwise M. `target`: how soon after the finding
    the attacker has to be shut out for good; later is "late".
    """

    id: Identifier
    capability: str
    task: str
    facts: tuple[Fact, ...] = ()
    critical: bool = True
    target: Length | None = None


class Part(Said, frozen=True, kw_only=True):
    """A part that people play in a live exercise; `not_` parts must be somebody else."""

    need: Annotated[int, msgspec.Meta(ge=1, le=20)] = 1
    not_: tuple[RoleName, ...] = msgspec.field(name="not", default=())


class Rate(Said, frozen=True, kw_only=True):
    """HSEEP's letters from facts; the worst rule that matches wins, P when none does."""

    U: tuple[Rule, ...] = ("proof_failed", "proof_inconclusive", "critical_task_not_done")
    M: tuple[Rule, ...] = (
        "innocent_broken",
        "evidence_lost",
        "unapproved_action",
        "attacker_goal_reached",
        "task_not_done",
    )
    S: tuple[Rule, ...] = ("late", "wrong_decision_corrected", "hint_used", "cadence_missed")


class Scripted(Said, frozen=True, kw_only=True):
    """How a drill plays it: who answers what, how soon, and the letter it must reach.

    `answers`: `approve` or `deny` by the step that asks; `approve:` itself answers all others, and
    what is neither is no answer. `mode`: how the simulated account is run (see plan.yaml).
    """

    mode: Literal["ask", "act"] = "act"
    clock: Literal["virtual"] = "virtual"
    answers: dict[Identifier, str] = msgspec.field(default_factory=lambda: {"approve": "approve"})
    decides_after: Length = "4m"
    fail_below: Letter = "P"


class Live(Said, frozen=True, kw_only=True):
    """How a live exercise plays it."""

    clock: Literal["wall"] = "wall"
    speed: Annotated[float, msgspec.Meta(gt=0, le=60)] = 1.0
    channel: str = "ex-{id}"
    banner: str = "EXERCISE - NOT REAL"
    pausable: bool = True


class Modes(Said, frozen=True, kw_only=True):
    """Both ways to play it."""

    ci: Scripted = Scripted()
    live: Live = Live()


class Scenario(Said, frozen=True, kw_only=True):
    """One scenario file."""

    apiVersion: Literal["exercise/v1"]
    kind: Literal["Scenario"]
    metadata: Metadata
    maps_to: MapsTo = MapsTo()
    runbook: RunbookRef
    objectives: Annotated[tuple[Objective, ...], msgspec.Meta(min_length=1)]
    cast: dict[RoleName, Part] = msgspec.field(default_factory=dict)
    world: Annotated[tuple[Item, ...], msgspec.Meta(min_length=1)]
    principals: dict[Identifier, Principal]
    everyday: tuple[Beat, ...] = ()
    attacker: Attack
    finding: FindingSaid
    injects: tuple[Inject, ...] = ()
    proof: ProofSaid
    rate: Rate = Rate()
    modes: Modes = Modes()
    hotwash: tuple[str, ...] = ()


def accounts_of(scenario: Scenario, own: str) -> tuple[str, ...]:
    """The accounts that a scenario needs: its own first, then those that it names."""
    named: dict[str, None] = {own: None}
    for principal in scenario.principals.values():
        named |= {principal.account: None} if principal.account else {}
    for item in scenario.world:
        if isinstance(item, AwsCall) and item.account:
            named[item.account] = None
        if isinstance(item, Role):
            named |= {
                one.account: None for one in item.trusts if isinstance(one, Trusted) and one.account
            }
    return tuple(named)


def check_scenario(document: Document) -> tuple[Scenario | None, list[Problem]]:
    """A document as a scenario, or None and everything that is wrong with it."""
    scenario, problems = shape(document, Scenario)
    if scenario is not None:
        problems = [
            document.problem(path, message) for path, message in scenario_links.mistakes(scenario)
        ]
    return (None if problems else scenario), sorted(problems)


def load_scenario(path: Path) -> Scenario:
    """The scenario in a file; CheckFailed lists all that is wrong, with lines and columns."""
    return read_scenario(path)[0]


def read_scenario(path: Path) -> tuple[Scenario, Document]:
    """The scenario in a file, and the document, which knows where everything stands."""
    document = load(path)
    scenario, problems = check_scenario(document)
    if scenario is None:
        raise CheckFailed.of(problems)
    return scenario, document
