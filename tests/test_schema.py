"""The JSON Schema that editors use: valid, complete, and not stale."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml

from firedoor.actions.registry import registry
from firedoor.kinds import KINDS
from firedoor.library import shipped
from firedoor.schema import schema
from tests.check.actions import ACTIONS


def mistakes(steps: str) -> list[str]:
    """What the schema says against a runbook with these steps, read as editors read YAML."""
    text = f"runbook: x\ntitle: x\nsummary: x\nsteps: [{steps}]\n"
    validator = jsonschema.Draft202012Validator(schema(ACTIONS))
    return [error.message for error in validator.iter_errors(yaml.safe_load(text))]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_schema_file_is_what_the_models_say() -> None:
    # `make schema` writes it.
    written = json.loads((shipped("runbooks") / "runbook.schema.json").read_text())

    assert written == json.loads(json.dumps(schema()))


@pytest.mark.parametrize(
    "path", sorted(shipped("runbooks").glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_runbook_that_is_shipped_fits(path: Any) -> None:
    validator = jsonschema.Draft202012Validator(schema())

    assert list(validator.iter_errors(yaml.safe_load(path.read_text()))) == []


def test_every_action_and_every_kind_is_in_it() -> None:
    defs = schema()["$defs"]

    assert {f"with.{name}" for name in registry()} <= set(defs)
    assert {f"kind.{name}" for name in KINDS} <= set(defs)


@pytest.mark.parametrize(
    "step",
    [
        "{ id: a, phase: triage, action: iam.resolve_user }",
        "{ id: a, phase: triage, action: iam.look_at_user, with: { user: $who.user } }",
        "{ id: a, phase: contain, action: iam.disable_access_keys,"
        " with: { user: 012345, most: 1, urgent: true, only: null, note: yes } }",
        "{ id: a, phase: contain, action: iam.close_many, with: { users: [a, $b.c], mode: firm } }",
        "{ parallel: [{ id: a, phase: triage, action: iam.capture_account }] }",
        "{ id: a, phase: triage, runbook: other, with: { anything: 1 } }",
        "{ id: a, phase: triage, action: iam.capture_account, for_each: $a.b, as: c, limit: 3 }",
    ],
)
def test_a_step_that_may_be_fits(step: str) -> None:
    assert mistakes(step) == []


@pytest.mark.parametrize(
    "step",
    [
        "{ id: a, phase: triage }",
        "{ phase: triage, action: iam.resolve_user }",
        "{ id: a, phase: triage, action: iam.resolv_user }",
        "{ id: a, phase: triage, action: iam.resolve_user, runbook: other }",
        "{ id: a, phase: triage, action: iam.look_at_user }",
        "{ id: a, phase: triage, action: iam.look_at_user, with: {} }",
        "{ id: a, phase: triage, action: iam.look_at_user, with: { user: a b } }",
        "{ id: a, phase: triage, action: iam.look_at_user, with: { user: a, usr: b } }",
        "{ id: a, phase: contain, action: iam.close_many, with: { users: [], mode: hard } }",
        "{ id: a, phase: triage, action: iam.capture_account, for_each: $a.b }",
        "{ id: a, parallel: [] }",
        "{ id: a, phase: triage, action: iam.capture_account, lmit: 3 }",
    ],
)
def test_a_step_that_cannot_be_does_not_fit(step: str) -> None:
    assert mistakes(step) != []


def test_both_checkers_agree_on_every_action_s_example() -> None:
    validator = jsonschema.Draft202012Validator
    for name, action in registry().items():
        part = {"$ref": f"#/$defs/with.{name}", "$defs": schema()["$defs"]}

        assert list(validator(part).iter_errors(dict(action.example))) == []
