"""Runbooks as a whole: every mistake at once, each at its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from firedoor.check import Known, check_runbook
from firedoor.runbook import Runbook
from firedoor.yamlio import loads
from tests.check.actions import ACTIONS
from tests.check.conftest import Problems

TEN_MISTAKES = """\
runbook: example
title: Ten mistakes
summary: For tests.
attack: [T10]
inputs:
  user: { type: iam_usr_name }
steps:
  - id: who
    phase: triage
    action: iam.resolve_user
    with: { user: $inputs.user, kee: AKIAIOSFODNN7EXAMPLE }
  - id: who
    phase: contian
    action: iam.disable_acces_keys
    wiht: { user: $who.user }
  - id: keys
    phase: contain
    action: iam.disable_access_keys
    with: { user: $late.user, most: many }
  - id: role
    phase: contain
    action: iam.close_role
    with: { role: $who.user }
  - id: late
    phase: triage
    action: iam.resolve_user
    when: who.nothing
"""


def test_ten_mistakes_are_ten_errors_each_with_line_and_column() -> None:
    book, found = check_runbook(loads(TEN_MISTAKES, "runbooks/example.yaml"), Known(ACTIONS))

    assert book is None
    assert [str(each) for each in found] == [
        "runbooks/example.yaml:4:10: 'T10' does not fit: An ATT&CK technique, such as T1078.004.",
        "runbooks/example.yaml:6:17: no kind 'iam_usr_name'; did you mean 'iam_user_name'?",
        "runbooks/example.yaml:11:33: iam.resolve_user takes no 'kee'; did you mean 'key'?",
        "runbooks/example.yaml:12:9: the id 'who' is taken: line 8",
        "runbooks/example.yaml:13:12: 'contian' is not one of triage, evidence, contain,"
        " eradicate, recover, report; did you mean 'contain'?",
        "runbooks/example.yaml:14:13: no action 'iam.disable_acces_keys'; did you mean"
        " 'iam.disable_access_keys'?",
        "runbooks/example.yaml:15:5: no key 'wiht' here; did you mean 'with'?",
        "runbooks/example.yaml:19:19: 'late' comes later (line 24); a reference points backwards"
        " only",
        "runbooks/example.yaml:19:37: 'many' is not a whole number",
        "runbooks/example.yaml:23:19: $who.user is iam_user_name; iam_role_name is wanted",
        "runbooks/example.yaml:27:11: iam.resolve_user has no 'nothing'; there are: key, level,"
        " user",
    ]


GOOD = """
- id: who
  phase: triage
  action: iam.resolve_user
  with: { user: $inputs.user, key: $inputs.key }
- id: seen
  phase: evidence
  action: iam.look_at_user
  with: { user: $who.user }
- id: keys
  phase: contain
  action: iam.disable_access_keys
  with: { user: $who.user, only: $who.key, lookback: $inputs.lookback }
  when: who.key and seen.count > 0
"""


def test_a_runbook_without_mistakes_has_none(problems: Problems) -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("- id: a\n  phase: triage", ["a step needs one of action, runbook or parallel"]),
        (
            "- phase: triage\n  action: iam.capture_account",
            ["'id' is missing"],
        ),
        ("- id: a\n  action: iam.capture_account", ["'phase' is missing"]),
        (
            "- id: a\n  phase: triage\n  action: iam.capture_account\n  runbook: example",
            ["a step has either action or runbook"],
        ),
        ("- id: a\n  phase: triage\n  runbook: exampel", ["no runbook 'exampel'; did you mean"]),
        (
            "- id: run\n  phase: triage\n  action: iam.capture_account",
            ["'run' has a meaning of its own"],
        ),
        (
            "- id: not\n  phase: triage\n  action: iam.capture_account",
            ["'not' is a word of conditions"],
        ),
        (
            "- id: a\n  phase: triage\n  action: iam.capture_account\n  retries: 11",
            ["11 is not a whole number, at least 0 and at most 10"],
        ),
        (
            "- id: a\n  phase: triage\n  action: iam.capture_account\n  timeout: soon",
            ["'soon' does not fit: 30s, 15m, 48h, 7d."],
        ),
        ("- parallel: []", ["a parallel group needs steps"]),
        (
            "- id: g\n  parallel:\n    - { id: a, phase: triage, action: iam.capture_account }",
            ["a parallel group takes no 'id'"],
        ),
        (
            "- parallel:\n    - parallel:\n"
            "        - { id: a, phase: triage, action: iam.capture_account }",
            ["'id' is missing", "'phase' is missing", "a parallel group cannot hold another"],
        ),
        ("- text", ["item 1 of 'steps' has to be a mapping (key: value)"]),
    ],
)
def test_a_step_that_is_not_whole_is_an_error(
    problems: Problems, steps: str, expected: list[str]
) -> None:
    found = problems(steps)

    assert len(expected) == len(found), found
    for beginning, message in zip(expected, found, strict=True):
        assert message.startswith(beginning)


def test_steps_beside_each_other_do_not_know_each_other(problems: Problems) -> None:
    steps = """
    - parallel:
        - { id: who, phase: triage, action: iam.resolve_user }
        - { id: seen, phase: triage, action: iam.look_at_user, with: { user: $who.user } }
    """

    assert problems(steps) == ["'who' runs beside this step; a reference points backwards only"]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ("a: { type: strnig }", "no kind 'strnig'; did you mean 'string'?"),
        ("a: { type: 'list[strnig]' }", "no kind 'list[strnig]'; did you mean 'string'?"),
        ("a: { type: integer, default: many }", "'many' is not a whole number"),
        ("a: { type: account_id, default: 12 }", "'12' does not fit: An AWS account, 12 digits."),
        ("a: { type: 'list[region]', default: here }", "'default' has to be a list"),
        (
            "a: { type: string, required: true, default: x }",
            "a required input has no default; leave one of the two out",
        ),
        ("a: {}", "'type' is missing"),
        ("A: { type: string }", "'A' does not fit: Lower case, digits and underscores,"),
        ("in: { type: string }", "'in' is a word of conditions"),
    ],
)
def test_an_input_that_cannot_be_is_an_error(inputs: str, expected: str) -> None:
    text = f"""\
runbook: x
title: x
summary: x
inputs:
  {inputs}
steps:
  - {{ id: a, phase: triage, action: iam.capture_account }}
"""
    _, found = check_runbook(loads(text, "x.yaml"), Known(ACTIONS))

    assert len(found) == 1, found
    assert found[0].message.startswith(expected)


def test_one_of_names_inputs_that_are_not_required(problems: Problems) -> None:
    step = "- { id: a, phase: triage, action: iam.capture_account }"

    assert problems(step, more="one_of: [key, role]") == []
    assert problems(step, more="one_of: [user, kee]") == [
        "'user' is in one_of, so it has 'required: false'",
        "no input 'kee'; did you mean 'key'?",
    ]


def test_defaults_and_literals_have_the_types_that_are_wanted(
    made: Callable[[str], Runbook],
) -> None:
    book = made("""
    - id: keys
      phase: contain
      action: iam.disable_access_keys
      with: { user: 012345, most: 1, urgent: true, note: true, only: null }
    """)

    assert (book.steps[0].with_) == {
        "user": "012345",
        "most": 1,
        "urgent": True,
        "note": "true",
        "only": None,
    }
    assert book.inputs["names"].default == []


def test_outputs_are_references_to_what_there_is(problems: Problems) -> None:
    more = """
    outputs:
      who: $who.user
      what: who.user
      usr: $who.usr
    """

    assert problems(GOOD, more=more) == [
        "an output is a reference, such as $who.user",
        "iam.resolve_user has no 'usr'; did you mean 'user'?",
    ]


def test_no_document_of_any_shape_is_more_than_an_error() -> None:
    for text in (
        "a",
        "[]",
        "[a, {b: c}]",
        "{}",
        "steps: a",
        "steps: {a: b}",
        "inputs: [a]\none_of: a",
    ):
        book, found = check_runbook(loads(text, "x.yaml"), Known(ACTIONS))

        assert book is None
        assert found
