"""The reference of runbooks and actions says what is there; the pictures are flowcharts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from firedoor.actions.registry import registry
from firedoor.library import Library
from firedoor.mermaid import mermaid
from firedoor.reference import ACTIONS, RUNBOOKS, proofs_of, reference
from firedoor.runbook import Approval, Phase, Runbook, Step
from firedoor.scenario import load_scenario

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def library() -> Library:
    """What is shipped."""
    return Library.open(ROOT)


@pytest.fixture(scope="module")
def pages(library: Library) -> dict[str, str]:
    """The reference as it would be written now."""
    drilled = {load_scenario(path).runbook.ref for path in library.scenarios().values()}
    return reference(library, frozenset(drilled))


@pytest.mark.parametrize("path", [RUNBOOKS, ACTIONS])
def test_what_is_written_is_current(pages: dict[str, str], path: str) -> None:
    assert (ROOT / path).read_text("utf-8") == pages[path], "write it again: make reference"


def test_every_runbook_has_a_chapter_with_a_picture(
    pages: dict[str, str], library: Library
) -> None:
    chapters = re.findall(r"^## (.+)$", pages[RUNBOOKS], re.MULTILINE)

    assert chapters == list(library.runbooks())
    assert pages[RUNBOOKS].count("```mermaid") == len(chapters)


def test_every_action_says_its_proof_undo_and_permissions(pages: dict[str, str]) -> None:
    chapters = re.split(r"^## ", pages[ACTIONS], flags=re.MULTILINE)[1:]
    wanting = [
        chapter.splitlines()[0]
        for chapter in chapters
        if not all(part in chapter for part in ("- Proof: ", "- Undo: ", "Permissions:"))
    ]

    assert len(chapters) == len(registry())
    assert wanting == []


def test_what_a_drill_contains_by_is_proven_with_the_attacker_s_credentials() -> None:
    action = registry()["iam.deny_user"]

    assert proofs_of(action, tried=True) == ("denied", "state")
    assert proofs_of(action, tried=False) == ("state",)
    assert proofs_of(registry()["iam.capture_user"], tried=True) == ("none",)


def book(*steps: Step) -> Runbook:
    return Runbook(runbook="test", title="A test's", summary="None.", steps=steps)


def step(name: str, phase: Phase = Phase.CONTAIN, **more: object) -> Step:
    return Step(id=name, phase=phase, action="iam.deny_user", **more)  # type: ignore[arg-type]


def edges(drawn: str) -> set[tuple[str, str, str]]:
    found = re.findall(r'^  (\w+) -->(?:\|"(.*)"\|)? (\w+)$', drawn, re.MULTILINE)
    return {(start, said, to) for start, said, to in found}


def test_steps_of_a_group_stand_side_by_side() -> None:
    drawn = mermaid(book(step("a"), Step(parallel=(step("b"), step("c"))), step("d")))

    assert edges(drawn) == {
        ("begin", "", "step_a"),
        ("step_a", "", "step_b"),
        ("step_a", "", "step_c"),
        ("step_b", "", "step_d"),
        ("step_c", "", "step_d"),
        ("step_d", "", "finish"),
    }


def test_a_question_has_two_ways_out_and_a_condition_a_way_around() -> None:
    drawn = mermaid(book(step("a", when="inputs.x", approve=Approval(by="responder", quorum=2))))

    assert 'ask_a{"2 of responder agrees?"}' in drawn
    assert edges(drawn) == {
        ("begin", "when inputs.x", "ask_a"),
        ("ask_a", "yes", "step_a"),
        ("step_a", "", "finish"),
        ("ask_a", "no", "finish"),
        ("begin", "otherwise", "finish"),
    }


def test_a_loop_points_to_itself_and_a_runbook_has_a_shape_of_its_own() -> None:
    called = Step(id="a", phase=Phase.CONTAIN, runbook="other", for_each="$inputs.x", limit=3)

    drawn = mermaid(book(called))

    assert 'step_a[["a<br/>runbook other"]]' in drawn
    assert ("step_a", "each of $inputs.x, at most 3", "step_a") in edges(drawn)


def test_phases_are_boxes_in_their_order() -> None:
    drawn = mermaid(book(step("a", Phase.TRIAGE), step("b", Phase.EVIDENCE), step("c")))

    assert re.findall(r'subgraph \w+\["(.+)"\]', drawn) == ["triage", "evidence", "contain"]
    assert drawn.count("subgraph") == len(re.findall(r"^  end$", drawn, re.MULTILINE))


def test_nothing_in_a_condition_ends_its_label() -> None:
    drawn = mermaid(book(step("a", when='inputs.x == "a|b"')))

    assert "when inputs.x == #quot;a#124;b#quot;" in drawn


def test_every_shipped_picture_has_each_step_once(library: Library) -> None:
    wrong = []
    for name in library.runbooks():
        loaded = library.load(name)
        drawn = mermaid(loaded)
        nodes = re.findall(r"^    step_(\w+)\[", drawn, re.MULTILINE)
        if nodes != [each.id for each in loaded.all_steps()]:
            wrong.append(name)

    assert wrong == []
