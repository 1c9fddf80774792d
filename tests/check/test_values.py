"""What `with:` gives: literals by their type, references by their kind."""

from __future__ import annotations

import pytest

from tests.check.conftest import Problems

WHO = """
- id: who
  phase: triage
  action: iam.resolve_user
- id: seen
  phase: triage
  action: iam.look_at_user
  with: { user: $who.user }
"""


def step(action: str, given: str, extra: str = "") -> str:
    """WHO and one step more."""
    return f"{WHO}- id: it\n  phase: contain\n  action: {action}\n  with: {given}\n{extra}"


@pytest.mark.parametrize(
    ("action", "given"),
    [
        ("iam.disable_access_keys", "{ user: ci-deployer }"),
        ("iam.disable_access_keys", "{ user: $who.user, only: $who.key }"),
        ("iam.disable_access_keys", "{ user: $who.user, note: $who.user }"),
        ("iam.disable_access_keys", "{ user: $who.user, note: $run.id }"),
        ("iam.disable_access_keys", "{ user: $who.user, note: $who.level }"),
        ("iam.disable_access_keys", "{ user: $who.user, note: $$who.user }"),
        ("iam.disable_access_keys", "{ user: $who.user, lookback: $inputs.lookback }"),
        ("iam.disable_access_keys", "{ user: $who.user, most: $seen.count }"),
        ("iam.disable_access_keys", "{ user: $who.user, urgent: $seen.has_console }"),
        ("iam.disable_access_keys", "{ user: $who.user, most: null }"),
        ("iam.close_many", "{ users: $seen.names }"),
        ("iam.close_many", "{ users: $inputs.names }"),
        ("iam.close_many", "{ users: [ci-deployer, $who.user], mode: firm }"),
    ],
)
def test_what_fits_is_no_error(problems: Problems, action: str, given: str) -> None:
    assert problems(step(action, given)) == []


@pytest.mark.parametrize(
    ("action", "given", "expected"),
    [
        (
            "iam.disable_access_keys",
            "{ user: a b }",
            "'a b' does not fit: The name of an IAM user (not its ARN).",
        ),
        (
            "iam.disable_access_keys",
            "{}",
            "iam.disable_access_keys needs 'user' (iam_user_name: The name of an IAM user"
            " (not its ARN).)",
        ),
        (
            "iam.disable_access_keys",
            "{ user: null }",
            "'user' needs a value; 'null' as text is in quotes",
        ),
        (
            "iam.close_role",
            "{ role: $who.user }",
            "$who.user is iam_user_name; iam_role_name is wanted",
        ),
        (
            "iam.close_role",
            "{ role: $run.id }",
            "$run.id is text; iam_role_name is wanted",
        ),
        (
            "iam.close_role",
            "{ role: $inputs.role }",
            "$inputs.role may be absent; guard this step with 'when: inputs.role'",
        ),
        (
            "iam.disable_access_keys",
            "{ user: $seen.names }",
            "$seen.names is a list of iam_user_name; iam_user_name is wanted",
        ),
        (
            "iam.close_many",
            "{ users: $who.user }",
            "$who.user is iam_user_name; a list of iam_user_name is wanted",
        ),
        (
            "iam.close_many",
            "{ users: $seen.roles }",
            "$seen.roles is a list of iam_role_name; a list of iam_user_name is wanted",
        ),
        (
            "iam.close_many",
            "{ users: [$inputs.role] }",
            "$inputs.role is iam_role_name; iam_user_name is wanted",
        ),
        (
            "iam.close_many",
            "{ users: [], mode: hard }",
            "'hard' is not one of firm, gentle",
        ),
        (
            "iam.close_many",
            "{ users: [], mode: $who.level }",
            "$who.level is one of high, low; one of firm, gentle is wanted",
        ),
        (
            "iam.disable_access_keys",
            "{ user: $who.user, most: '1' }",
            "'most' has to be a whole number, without quotes",
        ),
        (
            "iam.disable_access_keys",
            "{ user: $who.user, note: 'the user $who.user' }",
            "'the user $who.user' mixes text and a reference: a value is a literal or one whole"
            " reference",
        ),
        (
            "iam.disable_access_keys",
            "{ user: $Who }",
            "'$Who' is not a reference: lower-case names with dots between, like $who.user"
            " (a literal that begins with $ is written $$)",
        ),
        (
            "iam.disable_access_keys",
            "{ user: $wo.user }",
            "nothing is called 'wo' here; did you mean 'who'?",
        ),
        ("iam.disable_access_keys", "{ user: $it.user }", "the step 'it' refers to itself"),
        (
            "iam.disable_access_keys",
            "{ user: $inputs.usr }",
            "this runbook has no 'usr'; did you mean 'user'?",
        ),
        (
            "iam.disable_access_keys",
            "{ user: $who.user.name }",
            "'who.user' has no 'name'; it is iam_user_name",
        ),
        (
            "iam.disable_access_keys",
            "{ user: $seen.people.name }",
            "'seen.people' is a list and has no 'name'; use for_each, or the filter first",
        ),
        (
            "iam.disable_access_keys",
            "{ user: $who.user, note: $seen.keep }",
            "iam.look_at_user has no 'keep'; there are: count, has_console, names, people, roles",
        ),
        (
            "iam.disable_access_keys",
            "{ user: $who.user, usr: $who.user }",
            "iam.disable_access_keys takes no 'usr'; did you mean 'user'?",
        ),
    ],
)
def test_what_does_not_fit_is_one_error(
    problems: Problems, action: str, given: str, expected: str
) -> None:
    assert [expected] == problems(step(action, given))


def test_a_condition_makes_sure_that_something_is_there(problems: Problems) -> None:
    for when in ("inputs.role", "seen.has_console and inputs.role", "inputs.role == 'data-reader'"):
        assert problems(step("iam.close_role", "{ role: $inputs.role }", f"  when: {when}\n")) == []

    for when in ("not inputs.role", "inputs.role or seen.has_console", "seen.has_console"):
        assert (
            len(problems(step("iam.close_role", "{ role: $inputs.role }", f"  when: {when}\n")))
            == 1
        )


MAYBE = (
    WHO
    + """
- id: maybe
  phase: triage
  action: iam.look_at_user
  with: { user: $who.user }
  when: seen.has_console and who.key
"""
)


@pytest.mark.parametrize(
    "when",
    ["maybe", "maybe.has_console", "who.key and seen.has_console", "maybe.names | length > 0"],
)
def test_a_step_that_may_be_skipped_is_used_under_its_condition(
    problems: Problems, when: str
) -> None:
    use = "- id: it\n  phase: contain\n  action: iam.close_many\n  with: { users: $maybe.names }\n"

    assert problems(MAYBE + use + f"  when: {when}\n") == []


@pytest.mark.parametrize("when", ["", "  when: who.key\n", "  when: not maybe\n"])
def test_a_step_that_may_be_skipped_is_not_used_otherwise(problems: Problems, when: str) -> None:
    use = "- id: it\n  phase: contain\n  action: iam.close_many\n  with: { users: $maybe.names }\n"

    assert problems(MAYBE + use + when) == [
        "'maybe' has a 'when' and may be skipped; guard this step with 'when: maybe'"
    ]


def test_an_optional_input_does_not_take_a_step_that_may_be_skipped(problems: Problems) -> None:
    # "only" left out would mean every key: silence must not widen what is done.
    use = """
- id: key
  phase: triage
  action: iam.resolve_user
  when: who.key
- id: it
  phase: contain
  action: iam.disable_access_keys
  with: { user: $who.user, only: $key.key }
"""

    assert problems(WHO + use) == [
        "'key' has a 'when' and may be skipped; guard this step with 'when: key'"
    ]
