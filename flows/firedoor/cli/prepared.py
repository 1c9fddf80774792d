"""What a run needs before it begins: its program, AWS, and its plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firedoor.inputs import pairs, read_inputs
from firedoor.plan import Plan
from firedoor.planning import make_plan
from firedoor.program import Program


def read_program(runbook: str, words: Any, given: Any = None) -> tuple[Program, dict[str, Any]]:
    """The checked program of a runbook and its inputs."""
    from firedoor.library import Library

    library = Library.open()
    program = library.program(runbook)
    return program, read_inputs(program.main, given if given is not None else pairs(words))


def planned(
    program: Program,
    given: dict[str, Any],
    account: str | None,
    region: str | None,
    *,
    hunt: bool = True,
) -> tuple[Any, Plan]:
    """AWS and the plan of a run in it."""
    from firedoor.engine.reach import reach  # lazy: botocore

    aws = reach(account, region, doing=[(program, given)])
    return aws, plan_in(aws, aws.target, program, given, hunt=hunt)


def plan_in(
    aws: Any, target: Mapping[str, str], program: Program, given: dict[str, Any], *, hunt: bool
) -> Plan:
    """The plan of a run under the rules in force."""
    from firedoor.actions.registry import registry
    from firedoor.library import Library

    rules = Library.open().rules()
    return make_plan(program, given, aws, registry(), target, rules=rules, hunt=hunt)
