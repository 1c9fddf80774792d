"""Programs are played in the order of the file; a question holds back only what depends on it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from firedoor.errors import RunFailed, StoreUnavailable
from firedoor.play import Play, open_scope
from firedoor.program import Program, compile_program
from firedoor.runbook import Runbook
from firedoor.stages import Agreement, Node, StepResult, worst_proof


@dataclass
class Script:
    """A stage that says what each step comes to, and remembers what was asked of it."""

    outputs: Mapping[str, Any] = field(default_factory=dict)
    waits: set[str] = field(default_factory=set)
    fails: set[str] = field(default_factory=set)
    answer: bool = False
    log: list[str] = field(default_factory=list)

    async def perform(self, node: Node) -> StepResult:
        self.log.append(node.id)
        if node.id in self.fails:
            raise RunFailed("it broke")
        status = "waiting" if node.id in self.waits else "done"
        return StepResult(
            id=node.id,
            run=node.run,
            phase=node.phase.value,
            status=status,  # type: ignore[arg-type]
            output=self.outputs.get(node.id),
        )

    async def call(self, node: Node, program: Program) -> StepResult:
        self.log.append(f"{node.id}:{program.name}")
        play = Play(
            program,
            f"{node.run}.{node.id}",
            open_scope(program, node.given, "x"),
            self,
            depth=node.depth + 1,
            authority=node.authority,
        )
        children = await play.run_all()
        return StepResult(
            id=node.id,
            run=node.run,
            phase=node.phase.value,
            status="done",
            children=tuple(children),
        )

    async def agree(self, nodes: Sequence[Node]) -> Agreement:
        self.log.append(f"agree:{nodes[0].step.id}:{len(nodes)}")
        return Agreement("yes", "tester") if self.answer else Agreement("later")

    async def hold(self, results: Sequence[StepResult]) -> list[StepResult]:
        return list(results)

    async def answers(self) -> bool:
        self.log.append("ask")
        decided = bool(self.waits) and self.answer
        if decided:
            self.waits.clear()
        return decided


def step(id_: str, phase: str = "triage", **more: Any) -> dict[str, Any]:
    return {"id": id_, "phase": phase, "action": "test.act", **more}


def play(
    script: Script,
    *steps: dict[str, Any],
    finally_: Sequence[dict[str, Any]] = (),
    authority: str | None = "tester",
    inputs: Mapping[str, Any] | None = None,
) -> dict[str, StepResult]:
    book = msgspec.convert(
        {
            "runbook": "test",
            "title": "Test",
            "summary": "Test",
            "inputs": {"users": {"type": "list[string]", "required": False}},
            "steps": list(steps),
            "finally": list(finally_),
        },
        Runbook,
    )
    program = compile_program("test", lambda _: book)
    scope = open_scope(program, inputs or {}, "r1")
    results = asyncio.run(Play(program, "r1", scope, script, authority=authority).run_all())
    return {result.id: result for result in results}


def test_steps_run_in_the_order_of_the_file() -> None:
    script = Script()

    play(script, step("one"), step("two", "contain"), step("three"))

    assert script.log == ["one", "two", "three"]


def test_a_loop_over_what_could_not_be_read_has_failed_and_not_found_nothing() -> None:
    script = Script(fails={"look"})

    results = play(
        script,
        step("look", on_error="continue"),
        step("each", "contain", for_each="$look.doors", limit=3, **{"as": "door"}),
    )

    assert results["each"].status == "failed"
    assert "'look'" in results["each"].why


def test_a_waiting_step_holds_back_what_refers_to_it_and_later_phases() -> None:
    script = Script(waits={"deny"})

    results = play(
        script,
        step("deny", "contain"),
        step("uses_it", "contain", **{"with": {"x": "$deny.name"}}),
        step("beside_it", "contain"),
        step("evidence", "evidence"),
        step("after", "recover"),
        finally_=[step("report", "report")],
    )

    assert {name: result.status for name, result in results.items()} == {
        "deny": "waiting",
        "uses_it": "not_run",
        "beside_it": "done",
        "evidence": "done",
        "after": "not_run",
        "report": "done",
    }


def test_after_the_answer_the_held_steps_run() -> None:
    script = Script(waits={"deny"}, answer=True)

    results = play(script, step("deny", "contain"), step("after", "recover"))

    assert [result.status for result in results.values()] == ["done", "done"]
    assert script.log == ["deny", "ask", "deny", "after"]


def test_a_failed_contain_step_does_not_stop_the_next() -> None:
    script = Script(fails={"one"})

    results = play(script, step("one", "contain"), step("two", "contain"), step("three"))

    assert [result.status for result in results.values()] == ["failed", "done", "done"]
    assert results["one"].why == "it broke"


def test_a_failed_triage_step_stops_the_rest_but_not_finally() -> None:
    script = Script(fails={"one"})

    results = play(script, step("one"), step("two"), finally_=[step("report", "report")])

    assert {name: result.status for name, result in results.items()} == {
        "one": "failed",
        "two": "not_run",
        "report": "done",
    }
    assert "one" in results["two"].why


def test_a_contain_step_runs_when_its_condition_cannot_be_read() -> None:
    script = Script(fails={"before"})

    results = play(
        script,
        step("before", "evidence"),
        step("console", "contain", when="before.has_console"),
        step("note", "evidence", when="before.has_console"),
    )

    assert results["console"].status == "done"
    assert results["note"].status == "skipped"


def test_a_loop_is_asked_for_once_and_runs_once_an_item() -> None:
    script = Script(outputs={"found": {"names": ["a", "b"]}}, answer=True)

    results = play(
        script,
        step("found"),
        step(
            "each",
            "contain",
            for_each="$found.names",
            limit=5,
            approve={"by": "responder"},
            **{"as": "one", "with": {"x": "$one"}},
        ),
    )

    assert script.log == ["found", "agree:each:2", "each.0", "each.1"]
    assert [child.id for child in results["each"].children] == ["each.0", "each.1"]


def test_more_items_than_the_limit_are_asked_about_and_never_cut() -> None:
    script = Script(outputs={"found": {"names": ["a", "b", "c"]}})

    results = play(
        script,
        step("found"),
        step("each", "contain", for_each="$found.names", limit=2, **{"as": "one"}),
    )

    assert results["each"].status == "waiting"
    assert "agree:each:3" in script.log
    assert "each.0" not in script.log


def test_an_empty_list_is_nothing_to_do() -> None:
    results = play(Script(), step("each", for_each="$inputs.users", limit=2, **{"as": "one"}))

    assert results["each"].status == "nothing_to_do"


def test_a_parallel_group_runs_side_by_side() -> None:
    script = Script(fails={"left"})

    results = play(
        script,
        {"parallel": [step("left", "evidence"), step("right", "evidence")]},
        step("after"),
    )

    assert {name: result.status for name, result in results.items()} == {
        "left": "failed",
        "right": "done",
        "after": "done",
    }


def test_a_runbook_that_calls_itself_asks_before_the_third_level() -> None:
    again = {"id": "again", "phase": "contain", "runbook": "test"}
    script = Script()

    results = play(script, again)
    deepest = [result for result in results["again"].flat() if not result.children]

    assert [result.status for result in deepest] == ["waiting"]
    assert script.log.count("again:test") == 2


def test_the_worst_proof_of_a_group_counts() -> None:
    assert worst_proof(["holds", "none"]) == "holds"
    assert worst_proof(["holds", "unknown"]) == "unknown"
    assert worst_proof(["unknown", "broken", "holds"]) == "broken"
    assert worst_proof([]) == "none"


class Full(Script):
    """A stage where the first step finds the disk full, while the second one is at work."""

    async def perform(self, node: Node) -> StepResult:
        if node.id == "one":
            raise StoreUnavailable("the disk is full")
        await asyncio.sleep(0.02)
        return await super().perform(node)


def test_what_cannot_be_written_ends_the_run_when_what_was_begun_has_ended() -> None:
    script = Full()

    with pytest.raises(StoreUnavailable):
        play(
            script,
            {"parallel": [step("one"), step("two")]},
            step("three", "contain"),
            finally_=[step("report", "report")],
        )

    assert script.log == ["two"]
