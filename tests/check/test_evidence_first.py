"""A step that destroys something needs an earlier one that has kept it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from firedoor.actions import contract
from firedoor.actions.contract import Action, Given, Permission, State
from firedoor.actions.registry import read, registry
from firedoor.check import Known, check_runbook
from firedoor.check.evidence_first import needs
from firedoor.errors import Problem
from firedoor.program import Need
from firedoor.runbook import Runbook
from firedoor.yamlio import loads
from tests.check.actions import Account, Keys, OneUser, Seen, UserOrKey


class Machine(Given, frozen=True, kw_only=True):
    """An instance and where it is."""

    instance: str
    region: str | None = None


class Nothing(contract.Output, frozen=True, kw_only=True):
    """Yields nothing."""


def toy(name: str, given: type[Given], yields: type[Any] | None = None, **parts: Any) -> Action:
    module = ModuleType(name.replace(".", "_"), f"{name} for tests.")
    module.__dict__.update(
        PERMISSIONS=(Permission("iam:GetUser"),),
        EXAMPLE={},
        Input=given,
        observe=lambda *_: None,
        **({"Output": yields} if yields else {}),
        **parts,
    )
    return read(name, module)


CHANGES: dict[str, Any] = {
    "State": State,
    "changes": lambda *_: [],
    "apply": lambda *_: None,
    "verify": lambda *_: [],
}
ACTIONS = {
    action.name: action
    for action in (
        toy("iam.resolve_user", UserOrKey, Seen),
        toy("iam.keep_user", OneUser, Seen, KEEPS=("iam.login_profile", "iam.keys")),
        toy("iam.keep_account", Account, Nothing, KEEPS=("iam.keys",)),
        toy("iam.remove_password", Keys, DESTROYS=("iam.login_profile",), **CHANGES),
        toy("iam.delete_user", OneUser, DESTROYS=("iam.login_profile", "iam.keys"), **CHANGES),
        toy("ec2.keep_memory", Machine, Nothing, KEEPS=("ec2.memory",)),
        toy("ec2.stop", Machine, DESTROYS=("ec2.memory",), **CHANGES),
        toy("ec2.wipe", Machine, DESTROYS=("ec2.disk",), **CHANGES),
    )
}
HEAD = """\
runbook: example
title: An example
summary: For tests.
inputs:
  user: { type: iam_user_name }
  other: { type: iam_user_name, required: false }
steps:
"""
BEFORE = (
    "  - { id: before, phase: evidence, action: iam.keep_user, with: { user: $inputs.user } }\n"
)
GONE = (
    "  - { id: gone, phase: contain, action: iam.remove_password, with: { user: $inputs.user } }\n"
)
SAID = (
    "iam.remove_password destroys iam.login_profile: put an evidence step with iam.keep_user "
    "(with: { user: $inputs.user }) before it"
)


def check(steps: str) -> tuple[Runbook | None, list[Problem]]:
    return check_runbook(loads(HEAD + steps, "x.yaml"), Known(ACTIONS))


def problems(steps: str) -> list[str]:
    return [each.message for each in check(steps)[1]]


def test_with_its_evidence_before_it_a_destructive_step_checks() -> None:
    assert problems(BEFORE + GONE) == []


def test_without_evidence_it_is_an_error_at_its_action() -> None:
    _, found = check(GONE)

    assert [str(each) for each in found] == [f"x.yaml:8:41: {SAID}"]


def changed(step: str, **parts: str) -> str:
    """A step of one line with other parts, or more of them."""
    for key, value in parts.items():
        start = step.find(f"{key}: ")
        if start < 0:
            step = step.replace(" }\n", f", {key}: {value} }}\n")
            continue
        end = step.find(", " if key != "with" else " }", start)
        end = end + 2 if key == "with" else end
        step = f"{step[:start]}{key}: {value}{step[end:]}"
    return step


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        (GONE + BEFORE, "'before' keeps it, but comes later"),
        (
            "  - parallel:\n" + "".join(f"    {line}\n" for line in (BEFORE + GONE).splitlines()),
            "'before' keeps it, but runs beside it",
        ),
        (
            changed(BEFORE, when="inputs.other") + GONE,
            "'before' keeps it, but may be skipped (when: inputs.other)",
        ),
        (
            changed(BEFORE, when="inputs.other and inputs.user == 'x'")
            + changed(GONE, when="inputs.other"),
            "'before' keeps it, but may be skipped (when: inputs.other and inputs.user == 'x')",
        ),
        (
            BEFORE.replace("$inputs.user", "somebody") + GONE,
            "'before' keeps it, but with user: somebody, not $inputs.user",
        ),
        (
            changed(BEFORE, phase="recover") + GONE,
            "'before' keeps it, but in phase recover, which nothing waits for: make it evidence",
        ),
        (
            "  - { id: all, phase: evidence, action: iam.keep_account }\n" + GONE,
            "",
        ),
    ],
)
def test_evidence_that_does_not_count_is_an_error_that_says_why(steps: str, why: str) -> None:
    assert problems(steps) == [SAID + (f" ({why})" if why else "")]


@pytest.mark.parametrize(
    "steps",
    [
        BEFORE + changed(GONE, when="before.has_console"),
        changed(BEFORE, when="inputs.other") + changed(GONE, when="inputs.other"),
        changed(BEFORE, when="inputs.other")
        + changed(GONE, when="inputs.user == 'x' and inputs.other"),
        changed(BEFORE, phase="triage") + GONE,
        BEFORE.replace("$inputs.user", "bob") + GONE.replace("$inputs.user", "bob"),
        changed(BEFORE, when="inputs.other") + BEFORE.replace("id: before", "id: again") + GONE,
    ],
)
def test_evidence_that_is_surely_there_counts(steps: str) -> None:
    assert problems(steps) == []


WHO = "  - { id: who, phase: triage, action: iam.resolve_user, with: { user: $inputs.user } }\n"


def looped(step: str, name: str, over: str = "$who.people") -> str:
    loop = f", for_each: {over}, as: {name}, limit: 3 }}\n"
    return step.replace("$inputs.user", f"${name}.name").replace(" } }\n", " }" + loop)


def test_loops_over_one_list_look_at_the_same_items_whatever_they_are_called() -> None:
    assert problems(WHO + looped(BEFORE, "one") + looped(GONE, "each")) == []


def test_evidence_of_one_user_is_none_of_a_list() -> None:
    [found] = problems(WHO + BEFORE + looped(GONE, "each"))

    assert found == (
        "iam.remove_password destroys iam.login_profile: put an evidence step with iam.keep_user "
        "(with: { user: $each.name }, for_each: $who.people) before it "
        "('before' keeps it, but with user: $inputs.user, not $each.name of $who.people)"
    )


def test_each_thing_that_is_destroyed_needs_its_own_evidence() -> None:
    account = "  - { id: all, phase: evidence, action: iam.keep_account }\n"
    delete = changed(GONE, action="iam.delete_user")

    assert problems(account + BEFORE + delete) == []
    assert [each.split(":")[0] for each in problems(account + delete)] == [
        "iam.delete_user destroys iam.login_profile"
    ]


def test_evidence_of_another_region_is_of_another_thing() -> None:
    memory = (
        "  - {{ id: {id}, phase: {phase}, action: {action}, with: {{ instance: i-1{more} }} }}\n"
    )
    keep = {"id": "keep", "phase": "evidence", "action": "ec2.keep_memory"}
    stop = {"id": "stop", "phase": "contain", "action": "ec2.stop"}
    here = ", region: eu-west-1"

    assert problems(memory.format(**keep, more=here) + memory.format(**stop, more=here)) == []
    [found] = problems(memory.format(**keep, more="") + memory.format(**stop, more=here))
    assert found.endswith("('keep' keeps it, but with region: nothing, not eu-west-1)")


def test_what_no_action_keeps_cannot_be_destroyed() -> None:
    wipe = "  - { id: wipe, phase: contain, action: ec2.wipe, with: { instance: i-1 } }\n"

    assert problems(wipe) == [
        "ec2.wipe destroys ec2.disk: no action keeps it, so nobody could look at it afterwards"
    ]


def test_the_program_holds_what_a_destructive_step_needs() -> None:
    again = BEFORE.replace("id: before", "id: again")
    book, _ = check(BEFORE + again + GONE)
    assert book is not None

    assert needs(book, ACTIONS) == {
        "gone": (Need(thing="iam.login_profile", kept_by=("before", "again")),)
    }


def test_whatever_an_action_of_ours_destroys_another_one_keeps() -> None:
    kept = {thing for action in registry().values() for thing in action.keeps}
    destroyed = {thing for action in registry().values() for thing in action.destroys}

    assert destroyed
    assert destroyed <= kept


@pytest.mark.parametrize("name", ["iam.deny_user", "iam.disable_access_keys"])
def test_what_must_not_wait_destroys_nothing_and_so_is_never_held_back(name: str) -> None:
    assert registry()[name].destroys == ()
