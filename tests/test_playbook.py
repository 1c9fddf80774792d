"""Playbooks and the plan: what is wrong with one is said at once, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from firedoor.check import check_paths
from firedoor.errors import CheckFailed
from firedoor.library import Library, shipped
from firedoor.playbook import load_playbooks
from firedoor.response_plan import ResponsePlan, load_plan
from tests.rules import playbook, rules

USERS = '  - { type: "*:IAMUser/*", principals: [iam_user] }'
UNASKED = """\
inputs: { user: $finding.resource.user, access_key_id: $finding.resource.access_key_id }
unasked: { high: [compromised-credentials/named_key] }
targets: { compromised-credentials/named_key: $finding.resource.access_key_id }"""


def problems(folder: Path, text: str, *, plan: str = "", name: str = "mine") -> list[str]:
    """What `check` says of one playbook, without its place."""
    rules(folder, plan=plan, books={name: text})
    found = check_paths([folder / "playbooks" / f"{name}.md"])
    return [each.message for each in found]


def plan_problems(folder: Path, text: str) -> list[str]:
    """What `check` says of a plan, as line:column and message."""
    rules(folder, plan=text, books={})
    found = check_paths([folder / "playbooks" / "plan.yaml"])
    return [f"{each.line}:{each.column} {each.message}" for each in found]


def test_the_shipped_playbooks_and_plan_have_no_mistakes() -> None:
    assert check_paths([shipped("playbooks")]) == []


def test_the_shipped_plan_lets_nothing_act_and_invents_nobody(tmp_path: Path) -> None:
    library = Library.open(tmp_path)

    plan = load_plan(library)

    assert (plan.mode.default, plan.mode.accounts, plan.accounts) == ("ask", {}, ())
    assert set(plan.people) == {"incident_commander", "responder", "security_lead"}
    assert not any(plan.people.values())


def test_without_a_plan_everything_asks(tmp_path: Path) -> None:
    library = rules(tmp_path, books={})
    (tmp_path / "playbooks" / "plan.yaml").unlink()

    assert load_plan(library) == ResponsePlan()
    assert ResponsePlan().mode.of("111122223333") == "ask"


def test_a_playbook_without_mistakes_has_none(tmp_path: Path) -> None:
    assert problems(tmp_path, playbook("mine", USERS, more=UNASKED)) == []


def test_every_mistake_is_found_at_once_with_its_place_and_a_suggestion(tmp_path: Path) -> None:
    text = """\
---
playbook: yours
titel: A test's
runbook: compromised-credential
findings:
  - { type: "*:IAMUser/**", principals: [iam_users] }
inputs: { usr: $finding.resource.usr }
decide: incident_comander
approve: [responder]
notify: { hihg: [responder] }
---
"""
    rules(
        tmp_path,
        plan="people: { incident_commander: [], responder: [] }\n",
        books={"mine": text},
    )

    found = check_paths([tmp_path / "playbooks" / "mine.md"])

    assert [f"{each.line}:{each.column} {each.message}" for each in found] == [
        "2:11 the file is called mine.md, so the playbook has to be called 'mine'",
        "3:1 no key 'titel' here; did you mean 'title'?",
        "4:10 no runbook 'compromised-credential'; did you mean 'compromised-credentials'?",
        "6:13 '*:IAMUser/**' has '**'; one '*' already stands for any text",
        "6:42 'iam_users' is not one of account, anonymous, aws_service, federated_user, "
        "iam_user, role, root, unknown; did you mean 'iam_user'?",
        "7:16 'finding.resource' has no 'usr'; did you mean 'user'?",
        "8:9 the plan has no role 'incident_comander' under 'people'; "
        "did you mean 'incident_commander'?",
        "10:11 'hihg' is not one of critical, high, informational, low, medium; "
        "did you mean 'high'?",
    ]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (
            "{ usr: $finding.resource.user, user: $finding.resource.user }",
            "runbook 'compromised-credentials' has no input 'usr'; did you mean 'user'?",
        ),
        (
            "{ user: $finding.resource.role }",
            "$finding.resource.role is iam_role_name; iam_user_name is wanted",
        ),
        (
            "{ user: $finding.title }",
            "$finding.title is text; iam_user_name is wanted",
        ),
        ("{ user: $finding.raw }", "'finding' has no 'raw'"),
        ("{ user: $inputs.user }", "$inputs.user is not of the finding"),
        ("{ user: user-$finding.id }", "mixes text and a reference"),
        ("{ user: 'no name' }", "'no name' is not iam_user_name"),
        ("{ lookback: 2d }", "needs one of user, access_key_id"),
    ],
)
def test_inputs_are_the_runbook_s_and_of_their_kind(tmp_path: Path, inputs: str, said: str) -> None:
    found = problems(tmp_path, playbook("mine", USERS, more=f"inputs: {inputs}"))

    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("named_kye", "has no step 'named_kye'; did you mean 'named_key'?"),
        ("sessions", "has an approve: of its own, so it always asks"),
        ("spread", "has an approve: of its own, so it always asks"),
        ("before", "changes nothing: it runs in every mode and is not listed"),
    ],
)
def test_only_a_single_changing_step_without_its_own_question_runs_unasked(
    tmp_path: Path, step: str, said: str
) -> None:
    more = UNASKED.replace("named_key", step)

    found = problems(tmp_path, playbook("mine", USERS, more=more))

    assert len(found) == 1
    assert said in found[0]


def test_what_runs_unasked_is_of_the_playbook_s_own_runbook(tmp_path: Path) -> None:
    more = UNASKED.replace("compromised-credentials/", "guardduty-finding/")

    assert problems(tmp_path, playbook("mine", USERS, more=more)) == [
        "'guardduty-finding/named_key' is a step of another runbook; "
        "this playbook runs 'compromised-credentials'"
    ]


def test_what_runs_unasked_says_the_one_thing_it_changes(tmp_path: Path) -> None:
    head, _, _ = UNASKED.partition("targets:")
    missing = problems(tmp_path, playbook("mine", USERS, more=head))
    literal = problems(
        tmp_path,
        playbook("mine", USERS, more=f"{head}targets: {{ compromised-credentials/named_key: x }}"),
    )

    assert missing == ["'targets' does not say what 'compromised-credentials/named_key' may change"]
    assert literal == ["a target is a reference, such as $finding.resource.user"]


@pytest.mark.parametrize(
    ("theirs", "clash"),
    [
        ('  - { type: "*:IAMUser/*" }', True),
        ('  - { type: "*:iamuser/*", sources: [guardduty] }', True),
        ('  - { type: "*:IAMUser/*", principals: [role, root] }', False),
        ('  - { type: "Recon:IAMUser/*" }', False),
        ('  - { type: "*:RDSUser/*" }', False),
    ],
)
def test_two_playbooks_that_are_as_close_to_one_type_are_a_mistake(
    tmp_path: Path, theirs: str, clash: bool
) -> None:
    books = {"mine": playbook("mine", USERS), "theirs": playbook("theirs", theirs)}
    rules(tmp_path, books=books)

    found = check_paths([tmp_path / "playbooks" / "mine.md"])

    assert bool(found) is clash
    assert all("of playbook 'theirs': say more in one" in each.message for each in found)


def test_the_same_entry_twice_is_a_mistake(tmp_path: Path) -> None:
    assert problems(tmp_path, playbook("mine", f"{USERS}\n{USERS}")) == [
        "'*:IAMUser/*' is listed twice"
    ]


def test_loading_raises_every_mistake_of_every_playbook(tmp_path: Path) -> None:
    broken = playbook("one", USERS).replace("title:", "titel:")
    library = rules(tmp_path, books={"one": broken, "two": "---\na: &b\n---\n"})

    with pytest.raises(CheckFailed) as raised:
        load_playbooks(library)

    assert len(raised.value.problems) == 2


def test_markdown_of_other_tools_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "post.md").write_text("---\nlayout: post\n---\n# Hello\n")

    assert check_paths([tmp_path]) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "mode: { default: asks }",
            "1:18 'asks' is not one of act, ask, observe; did you mean 'ask'?",
        ),
        (
            'mode: { accounts: { "111122223333": act } }',
            "1:21 account 111122223333 is in mode 'act' but not under 'accounts'",
        ),
        ("accounts: [12345]", "1:12 '12345'"),
        ("people: { responder: [ { name: someone } ] }", "a person needs os_user, arn or slack"),
        ("people: { responder: [ { slack: '@me' } ] }", "'@me'"),
        ("protect: [user/break-glass]", "neither an ARN nor a pattern of one"),
        ('ignore: { "*": noise }', "1:11 '*' would ignore every finding"),
        ('ignore: { "PenTest:*": " " }', "why is 'PenTest:*' ignored?"),
        (
            "may_confirm_alone: [compromised-credentials/dney]",
            "has no step 'dney'; did you mean 'deny'?",
        ),
        ("budget: { changes_per_hour: -1 }", "-1 is not a whole number, at least 0"),
        ("protekt: []", "no key 'protekt' here; did you mean 'protect'?"),
    ],
)
def test_a_mistake_in_the_plan_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    found = plan_problems(tmp_path, f"{text}\n")

    assert len(found) == 1, found
    assert said in found[0]
