"""Loops, conditions, texts, approvals and sub-runbooks of a step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from firedoor.check import Known, check_runbook
from firedoor.runbook import Runbook
from firedoor.yamlio import loads
from tests.check.actions import ACTIONS
from tests.check.conftest import HEAD, Problems
from tests.check.test_values import WHO


def loop(lines: str) -> str:
    """WHO and a loop that closes users' keys."""
    return (
        WHO
        + "- id: it\n  phase: contain\n  action: iam.disable_access_keys\n"
        + "".join(f"  {line}\n" for line in lines.split("\n"))
    )


def test_a_loop_over_a_list_knows_its_item(problems: Problems) -> None:
    each = "for_each: $seen.people\nas: person\nlimit: 10\nwith: { user: $person.name }"

    assert problems(loop(each)) == []


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "for_each: $seen.people\nas: person\nwith: { user: $person.name }",
            ["for_each needs 'limit': more items than that are asked about"],
        ),
        (
            "for_each: $seen.people\nlimit: 3\nwith: { user: $who.user }",
            ["for_each needs 'as': the name of one item"],
        ),
        (
            "for_each: $who.user\nas: person\nlimit: 3\nwith: { user: $person.name }",
            ["$who.user is iam_user_name; for_each wants a list"],
        ),
        (
            "for_each: seen.people\nas: person\nlimit: 3\nwith: { user: $person.name }",
            ["for_each wants a reference to a list, such as $who.groups"],
        ),
        (
            "for_each: $seen.peple\nas: person\nlimit: 3\nwith: { user: $person.name }",
            ["iam.look_at_user has no 'peple'; did you mean 'people'?"],
        ),
        (
            "for_each: $seen.people\nas: person\nlimit: 3\nwith: { user: $person.nam }",
            ["an item of 'person' has no 'nam'; did you mean 'name'?"],
        ),
        (
            "for_each: $seen.people\nas: who\nlimit: 3\nwith: { user: $who.name }",
            ["'who' is also the name of a loop's item (as:)"],
        ),
        (
            "for_each: $seen.people\nas: run\nlimit: 3\nwith: { user: $run.name }",
            ["'run' has a meaning of its own; take another name"],
        ),
        (
            "for_each: $seen.people\nas: person\nlimit: 3\nwith: { user: $person.name }\n"
            "when: person.name",
            ["'person' is one item of the loop; only the values under 'with' know it"],
        ),
        (
            "for_each: $seen.people\nas: person\nlimit: 3\nwith: { user: $person.name }\n"
            "approve: { ask: 'Close {{ person.name }}?' }",
            ["'person' is one item of the loop; only the values under 'with' know it"],
        ),
        ("limit: 3\nwith: { user: $who.user }", ["'limit' goes with for_each, which is not here"]),
    ],
)
def test_a_loop_that_cannot_be_is_an_error(
    problems: Problems, lines: str, expected: list[str]
) -> None:
    assert expected == problems(loop(lines))


def test_what_a_loop_yields_is_a_list(problems: Problems) -> None:
    each = "- id: each\n  phase: triage\n  action: iam.resolve_user\n  for_each: $seen.people\n"
    each += "  as: person\n  limit: 3\n  with: { user: $person.name }\n"
    many = "- id: many\n  phase: contain\n  action: iam.disable_access_keys\n  for_each: $each\n"
    many += "  as: found\n  limit: 3\n  with: { user: $found.user }\n"

    assert problems(WHO + each + many) == []


@pytest.mark.parametrize(
    "when",
    [
        "seen.has_console",
        "who.key",
        "who.key and not seen.has_console",
        "seen.people | length > 0",
        "who.level == 'high'",
        "who.level in ['low', 'high']",
        "inputs.role is not none",
        "finding.severity >= 7",
        "seen.names | first",
        "'ci-deployer' in seen.names",
        "(who.key or inputs.role) and seen.count < 3",
    ],
)
def test_a_condition_is_true_or_false_or_may_be_absent(problems: Problems, when: str) -> None:
    assert problems(loop(f'with: {{ user: $who.user }}\nwhen: "{when}"')) == []


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("who.user", "who.user is iam_user_name and always there; a condition is true or false,"),
        ("who", "who is a mapping and always there;"),
        ("seen.count", "seen.count is a whole number and always there;"),
        ("seen.people", "seen.people is a list; write 'seen.people | length > 0'"),
        ("seen.people | length", "seen.people | length is a number; compare it,"),
        ("'text'", "'text' is text and always there;"),
        ("who.usr", "iam.resolve_user has no 'usr'; did you mean 'user'?"),
        ("later.user", "nothing is called 'later' here"),
        ("who.user == 3", "iam_user_name is compared with a whole number: never equal"),
        ("seen.count == '3'", "a whole number is compared with text: never equal"),
        ("who.level == 'medium'", "it is never 'medium'; there are: high, low"),
        ("who.level in ['low', 'hgh']", "it is never 'hgh'; did you mean 'high'?"),
        ("'a' in seen.count", "'in' wants a list or text; this is a whole number"),
        ("who.key & who.user", "'&' cannot be used in an expression"),
        ("who.key && who.user", "'&' means nothing here; write 'and'"),
        ("who.key()", "calls are not allowed"),
        ("who['key']", "subscripts are not allowed; write name.attribute"),
        ("who.__class__", "'__class__' is not a name"),
        ("$who.key", "names stand here without '$'"),
    ],
)
def test_any_other_condition_is_an_error(problems: Problems, when: str, expected: str) -> None:
    found = problems(loop(f'with: {{ user: $who.user }}\nwhen: "{when}"'))

    assert len(found) == 1, found
    assert found[0].startswith(expected)


def test_a_condition_says_at_which_column_it_goes_wrong() -> None:
    text = HEAD + "  - id: a\n    phase: triage\n    action: iam.capture_account\n"
    text += "    when: inputs.key and inputs.kee\n"
    _, found = check_runbook(loads(text, "x.yaml"), Known(ACTIONS))

    assert [str(each) for each in found] == [
        "x.yaml:14:26: this runbook has no 'kee'; did you mean 'key'?"
    ]


def test_a_text_knows_what_its_step_knows(problems: Problems) -> None:
    given = "with: { user: $who.user }\n"

    assert problems(loop(given + 'title: "Close {{ who.user }}, {{ seen.names | length }}"')) == []
    assert problems(loop(given + 'approve: { ask: "Close {{ who.usr }}?" }')) == [
        "iam.resolve_user has no 'usr'; did you mean 'user'?"
    ]
    assert problems(loop(given + 'approve: { ask: "Close {{ who.user ?" }')) == [
        "the {{ opened here is not closed by }}"
    ]
    assert problems(loop(given + 'approve: { ask: "{% for a in who %}" }')) == [
        "{% is not allowed; a template holds {{ expressions }} only"
    ]


def test_what_changes_things_needs_somebody_who_can_approve(problems: Problems) -> None:
    given = "with: { user: $who.user }"

    assert problems(loop(given), roles={"responder": 1}) == []
    assert problems(loop(given), roles={"responders": 1}) == [
        "nobody can approve this: no role 'responder'; did you mean 'responders'?"
    ]
    assert problems(loop(given + "\napprove: { by: lead }"), roles={"responder": 1, "lead": 0}) == [
        "nobody can approve this: 1 have to agree, 0 have the role 'lead'"
    ]
    assert problems(loop(given + "\napprove: { quorum: 3 }"), roles={"responder": 2}) == [
        "nobody can approve this: 3 have to agree, 2 have the role 'responder'"
    ]


def test_finally_changes_nothing_and_counts_on_nothing(problems: Problems) -> None:
    more = """
    finally:
      - { id: keys, phase: report, action: iam.disable_access_keys, with: { user: x } }
      - { id: look, phase: report, action: iam.look_at_user, with: { user: $who.user } }
      - parallel:
          - { id: all, phase: report, action: iam.capture_account }
    """

    assert problems(WHO, more=more) == [
        "iam.disable_access_keys changes things; nobody can approve that in finally:",
        "'who' may not have run when finally: does; guard this step with 'when: who'",
        "finally: runs its steps one after the other; it takes no parallel group",
    ]


def test_a_text_says_at_which_column_it_goes_wrong() -> None:
    text = HEAD + "  - id: a\n    phase: triage\n    action: iam.capture_account\n"
    text += '    approve: { ask: "Go {{ inputs.user }} {{ inputs.usr }}?" }\n'
    _, found = check_runbook(loads(text, "x.yaml"), Known(ACTIONS))

    assert [str(each) for each in found] == [
        "x.yaml:14:46: this runbook has no 'usr'; did you mean 'user'?"
    ]


def test_steps_of_finally_count_on_those_before_them(problems: Problems) -> None:
    more = """
    finally:
      - { id: again, phase: report, action: iam.resolve_user }
      - { id: look, phase: report, action: iam.look_at_user, with: { user: $again.user } }
    """

    assert problems(WHO, more=more) == []


OTHER = """\
runbook: other
title: x
summary: x
inputs:
  user: { type: iam_user_name, required: false }
  key: { type: access_key_id, required: false }
  days: { type: integer, default: 3 }
one_of: [user, key]
steps:
  - { id: who, phase: triage, action: iam.resolve_user }
  - { id: seen, phase: triage, action: iam.look_at_user, with: { user: $who.user } }
outputs:
  names: $seen.names
  key: $who.key
"""


def calling(tmp_path: Path, given: str, more: str = "") -> list[str]:
    """The problems of a runbook that calls OTHER."""
    (tmp_path / "other.yaml").write_text(OTHER)
    text = HEAD + f"  - {{ id: other, phase: triage, runbook: other, with: {given} }}\n" + more
    known = Known(ACTIONS, {"other": tmp_path / "other.yaml"})
    return [each.message for each in check_runbook(loads(text, "x.yaml"), known)[1]]


def test_a_runbook_is_called_with_its_inputs_and_yields_its_outputs(tmp_path: Path) -> None:
    use = "  - { id: it, phase: contain, action: iam.close_many, with: { users: $other.names } }\n"

    assert calling(tmp_path, "{ user: $inputs.user, days: 4 }", use) == []
    assert calling(tmp_path, "{ user: $inputs.user, key: $inputs.key }") == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("{ days: 4 }", "runbook 'other' needs user or key"),
        ("{ user: $inputs.user, dys: 4 }", "runbook 'other' takes no 'dys'; did you mean 'days'?"),
        ("{ user: $inputs.user, days: four }", "'four' is not a whole number"),
        ("{ user: $inputs.role }", "$inputs.role is iam_role_name; iam_user_name is wanted"),
    ],
)
def test_a_runbook_is_not_called_with_anything_else(
    tmp_path: Path, given: str, expected: str
) -> None:
    assert [expected] == calling(tmp_path, given)


def test_outputs_of_a_runbook_are_checked_where_they_are_used(tmp_path: Path) -> None:
    use = "  - { id: it, phase: contain, action: iam.close_role, with: { role: $other.rol } }\n"

    assert calling(tmp_path, "{ user: $inputs.user }", use) == [
        "runbook 'other' has no 'rol'; there are: key, names"
    ]


def test_a_runbook_may_call_itself(problems: Problems) -> None:
    more = loop(
        "for_each: $seen.people\nas: person\nlimit: 3\nwith: { user: $person.name }"
    ).replace("action: iam.disable_access_keys", "runbook: example")

    assert problems(more) == []


GROUP = """
- parallel:
    - id: a
      phase: contain
      action: iam.disable_access_keys
      with: { user: $inputs.user }
    - id: b
      phase: contain
      action: iam.disable_access_keys
      with: { user: $inputs.user }
  approve: { by: BY, ask: "ASK" }
"""


def test_a_group_has_one_approval_for_its_steps(made: Callable[[str], Runbook]) -> None:
    book = made(GROUP.replace("BY", "security_lead").replace("ASK", "Deny {{ inputs.user }}?"))

    assert [step.approve and step.approve.by for step in book.all_steps()] == ["security_lead"] * 2
    assert book.sharing() == {"a": ("a", "b"), "b": ("a", "b")}


def test_a_group_s_approval_is_checked_where_it_stands(problems: Problems) -> None:
    wrong = GROUP.replace("BY", "nobody").replace("ASK", "Deny {{ who }}?")

    found = problems(wrong, roles={"security_lead": 1})

    assert [each for each in found if "nobody can approve this: no role 'nobody'" in each]
    assert [each for each in found if "who" in each]
