"""What a run came to, and what it must not destroy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from firedoor.actions.contract import Action
from firedoor.actions.registry import registry
from firedoor.check.evidence_first import needs
from firedoor.clock import VirtualClock
from firedoor.engine.desk import Desk, Office
from firedoor.engine.outcome import last_success, status_of
from firedoor.engine.running import Outcome, next_run, resume, start
from firedoor.errors import AwsRefused
from firedoor.play import Play, open_scope
from firedoor.program import Program, compile_program
from firedoor.runbook import Runbook
from firedoor.simulator.server import SimulatedAws
from firedoor.stages import Node, StepResult
from tests.engine.conftest import ACTIONS as TOYS
from tests.engine.conftest import SHUT, Cloud, desk_for, program_of, toy
from tests.engine.simulated import USER, YES, Fire
from tests.simulator.conftest import ACCOUNT, START


def result(status: str = "done", **more: Any) -> StepResult:
    given = {"id": "a", "run": "r1", "phase": "contain", "mutating": True, "proof": "holds"}
    return StepResult(**{**given, "status": status, **more})


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([result()], "contained"),
        ([result(proof="unknown")], "not_contained"),
        ([result(), result("failed", proof="broken")], "not_contained"),
        ([result(), result("waiting")], "waiting"),
        ([result(), result("refused")], "refused"),
        ([result(), result("refused", proof="none", rule="own principal")], "refused"),
        ([result("refused", proof="none", rule="own principal")], "refused"),
        ([result("refused", proof="none"), result("not_run", phase="triage")], "refused"),
        ([result("refused", proof="none"), result("failed", proof="broken")], "not_contained"),
        ([result("refused", proof="none"), result(proof="unknown")], "not_contained"),
        (
            [result("refused", proof="none"), result("failed", phase="eradicate", proof="none")],
            "failed",
        ),
        (
            [
                result("refused", proof="none"),
                result(phase="recover", mutating=False, proof="broken"),
            ],
            "refused",
        ),
        ([result(), result("not_run")], "not_contained"),
        (
            [result(), result(id="quiet", phase="recover", mutating=False, proof="broken")],
            "not_contained",
        ),
        ([result("failed", phase="evidence", mutating=False, proof="none")], "failed"),
        ([result(phase="evidence", mutating=False, proof="none")], "done"),
    ],
)
def test_a_run_is_contained_only_when_everything_was_read_back(
    results: list[StepResult], expected: str
) -> None:
    assert status_of(results) == expected


def test_the_last_success_is_the_latest_that_any_watching_step_saw() -> None:
    early, late = {"when": "2026-03-01T04:00:00Z"}, {"when": "2026-03-01T05:00:00Z"}

    assert last_success([{"successes": [late]}, {"successes": [early]}]) == late
    assert last_success([{"successes": []}, {}]) is None


# Evidence before destruction, while it runs


@dataclass
class Vault:
    """What the toy evidence action says, and whether it works."""

    broken: bool = False
    missing: tuple[str, ...] = ()
    items: set[str] = field(default_factory=set)


def actions(vault: Vault) -> Mapping[str, Action]:
    """A camera that keeps what a door looks like, and a sledgehammer that leaves nothing of it."""
    look = TOYS["door.look"]

    class Photo(look.Output, frozen=True, kw_only=True):  # type: ignore[misc,name-defined]
        not_kept: tuple[str, ...] = ()

    def take(aws: Any, given: Any, case: Any) -> Photo:
        if vault.broken or set(given.doors) & vault.items:
            raise AwsRefused("no camera", code="AccessDenied", operation="test:GetDoor")
        return Photo(states={}, not_kept=vault.missing)

    camera = toy("door.photo", Input=look.Input, Output=Photo, observe=take, KEEPS=("door.look",))
    smash = replace(TOYS["door.shut"], name="door.smash", destroys=("door.look",))
    return {**TOYS, "door.photo": camera, "door.smash": smash}


PHOTO = {
    "id": "photo",
    "phase": "evidence",
    "action": "door.photo",
    "with": {"doors": "$inputs.doors"},
}
SMASH = {**SHUT, "id": "smash", "action": "door.smash", "with": {"doors": "$inputs.doors"}}
URGENT = {**SHUT, "id": "urgent", "with": {"doors": ["back"]}}
DOORS = {"doors": ["front"]}


def program(known: Mapping[str, Action], *steps: dict[str, Any]) -> Program:
    made = program_of(*steps)
    return compile_program(made.name, lambda _: made.main, needs=lambda book: needs(book, known))


def desk_with(desk: Desk, known: Mapping[str, Action]) -> Desk:
    return replace(desk, actions=known)


def smash(desk: Desk, *steps: dict[str, Any], doors: Mapping[str, Any] = DOORS) -> Outcome:
    run = next_run(desk.recorder.entries())
    made = program(desk.actions, *(steps or (PHOTO, URGENT, SMASH)))
    return start(desk, made, doors, break_glass=True, run=run)


def ends(done: Outcome) -> dict[str, str]:
    return {str(step["id"]): str(step["status"]) for step in done.steps}


def test_with_its_evidence_kept_a_destructive_step_runs(office: Office, cloud: Cloud) -> None:
    desk = desk_with(desk_for(office, cloud, people=YES), actions(Vault()))

    done = smash(desk)

    assert (done.status, cloud.doors["front"]) == ("contained", "shut")


def test_when_its_evidence_failed_it_is_held_back_and_what_must_not_wait_is_not(
    office: Office, cloud: Cloud
) -> None:
    desk = desk_with(desk_for(office, cloud, people=YES), actions(Vault(broken=True)))

    done = smash(desk)
    why = {step["id"]: step.get("why", "") for step in done.steps}["smash"]

    assert done.status == "not_contained"
    assert ends(done) == {"photo": "failed", "urgent": "done", "smash": "failed"}
    assert cloud.moves == [("back", "shut")]
    assert why == (
        "held back: it destroys door.look, which was not kept as evidence (photo: no camera). "
        "`firedoor resume` tries both again"
    )


def test_the_journal_says_why_a_step_was_held_back(office: Office, cloud: Cloud) -> None:
    desk = desk_with(desk_for(office, cloud, people=YES), actions(Vault(broken=True)))
    smash(desk)

    [finished] = [
        entry.data
        for entry in desk.recorder.entries()
        if entry.kind == "step.finished" and entry.step == "smash"
    ]

    assert (finished["status"], finished["why"][:9]) == ("failed", "held back")
    assert not any(
        entry.kind == "step.intended" and entry.step == "smash" for entry in desk.recorder.entries()
    )


def test_what_the_evidence_step_could_not_keep_holds_it_back_as_well(
    office: Office, cloud: Cloud
) -> None:
    known = actions(Vault(missing=("door.look",)))
    desk = desk_with(desk_for(office, cloud, people=YES), known)

    done = smash(desk)

    assert ends(done)["smash"] == "failed"
    assert ("front", "shut") not in cloud.moves


def test_another_step_that_kept_it_is_enough(office: Office, cloud: Cloud) -> None:
    vault = Vault(items={"back"})
    desk = desk_with(desk_for(office, cloud, people=YES), actions(vault))
    # The first one is about the same doors, and fails; the second one works.
    known = dict(desk.actions)
    first = {**PHOTO, "id": "first", "retries": 0}
    calls: list[int] = []

    def once(aws: Any, given: Any, case: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise AwsRefused("no camera", code="AccessDenied", operation="test:GetDoor")
        return known["door.photo"].Output(states={})  # type: ignore[misc]

    desk = desk_with(desk, {**known, "door.photo": replace(known["door.photo"], observe=once)})

    done = smash(desk, first, PHOTO, SMASH)

    assert ends(done) == {"first": "failed", "photo": "done", "smash": "done"}


def test_when_the_evidence_can_be_kept_after_all_resume_goes_on(
    office: Office, cloud: Cloud
) -> None:
    vault = Vault(broken=True)
    desk = desk_with(desk_for(office, cloud, people=YES), actions(vault))
    smash(desk)
    vault.broken = False

    [done] = resume(desk, break_glass=True)

    assert (done.status, cloud.doors["front"]) == ("contained", "shut")


def test_in_a_loop_only_the_items_whose_evidence_failed_are_held_back(
    office: Office, cloud: Cloud
) -> None:
    desk = desk_with(desk_for(office, cloud, people=YES), actions(Vault(items={"back"})))
    loop = {"for_each": "$inputs.doors", "as": "door", "limit": 5, "with": {"doors": ["$door"]}}

    done = smash(desk, {**PHOTO, **loop}, {**SMASH, **loop}, doors={"doors": ["front", "back"]})
    each = {child["id"]: child["status"] for step in done.steps for child in step["steps"]}

    assert each == {
        "photo.0": "done",
        "photo.1": "failed",
        "smash.0": "done",
        "smash.1": "failed",
    }
    assert cloud.moves == [("front", "shut")]


def test_a_loop_that_only_reads_asks_nobody(office: Office, cloud: Cloud) -> None:
    desk = desk_with(desk_for(office, cloud), actions(Vault()))
    loop = {"for_each": "$inputs.doors", "as": "door", "limit": 5, "with": {"doors": ["$door"]}}

    done = smash(desk, {**PHOTO, **loop})

    assert done.status == "done"
    assert not any(entry.kind == "approval.asked" for entry in desk.recorder.entries())


def test_a_destructive_step_waits_for_evidence_that_waits_for_a_person() -> None:
    """Whatever its phase: evidence that nobody has agreed to yet is not kept."""
    book = msgspec.convert(
        {
            "runbook": "fire",
            "title": "x",
            "summary": "x",
            "steps": [
                {**PHOTO, "with": {"doors": []}},
                {**SMASH, "phase": "triage", "with": {"doors": []}},
            ],
        },
        Runbook,
    )
    known = actions(Vault())
    made = compile_program("fire", lambda _: book, needs=lambda each: needs(each, known))
    log: list[str] = []

    class Stage:
        async def perform(self, node: Node) -> StepResult:
            log.append(node.id)
            status: Any = "waiting" if node.id == "photo" else "done"
            return StepResult(id=node.id, run=node.run, phase=node.phase.value, status=status)

        async def call(self, node: Node, program: Program) -> StepResult:
            raise NotImplementedError

        async def agree(self, nodes: Any) -> Any:
            raise NotImplementedError

        async def hold(self, results: Sequence[StepResult]) -> list[StepResult]:
            return list(results)

        async def answers(self) -> bool:
            return False

    asyncio.run(Play(made, "r1", open_scope(made, {}, "r1"), Stage(), authority="x").run_all())

    assert log == ["photo"]


# With the shipped runbook


@pytest.fixture
def fire(tmp_path: Path) -> Iterator[Fire]:
    clock = VirtualClock(START)
    with SimulatedAws(clock, accounts=(ACCOUNT,), seed=7) as aws:
        yield Fire(aws, clock, tmp_path / "home", password=True)


def test_without_its_capture_a_password_stays_and_the_rest_is_shut(fire: Fire) -> None:
    capture = registry()["iam.capture_user"]

    def blind(aws: Any, given: Any, case: Any) -> Any:
        found = capture.observe(aws, given, case)
        return msgspec.structs.replace(found, not_kept=("iam.login_profile",))

    known = {**registry(), "iam.capture_user": replace(capture, observe=blind)}
    fire.desk = replace(fire.desk, actions=known)

    done = fire.contain()

    assert done.status == "not_contained"
    assert {name: ends(done)[name] for name in ("deny", "keys", "console")} == {
        "deny": "done",
        "keys": "done",
        "console": "failed",
    }
    assert fire.iam.get_login_profile(UserName=USER)["LoginProfile"]["UserName"] == USER


def test_contained_carries_its_time_and_that_no_success_was_seen_until_when(fire: Fire) -> None:
    fire.contain()
    [finished] = [e.data for e in fire.desk.recorder.entries() if e.kind == "run.finished"]

    assert finished["status"] == "contained"
    assert finished["last_success"] is None
    assert START.isoformat()[:10] in finished["watched_until"]
    assert fire.summary().contained_at == finished["contained_at"]
