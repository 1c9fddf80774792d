"""What programs need of AWS, as one policy: for the role that has it, and for a session of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from firedoor import settings
from firedoor.actions.contract import Action, Permission
from firedoor.actions.policy import OWN, policy_for
from firedoor.actions.registry import registry
from firedoor.program import Program
from firedoor.references import path_of
from firedoor.runbook import Json


def needed_by(
    programs: Iterable[tuple[Program, Mapping[str, Json]]],
    *,
    account: str,
    partition: str = "aws",
    itself: str = "",
    topic: str = "",
    recovery: bool = False,
) -> dict[str, Any]:
    """The smallest policy under which these programs run and are undone, sub-runbooks included.

    With each program the inputs that are known: what refers to one of them is granted by name, all
    else as `*`. `topic`: the SNS topic that people are alerted through; `recovery`: see
    `firedoor.actions.policy`.
    """
    wanted: list[tuple[Action, Mapping[str, Json]]] = []
    actions = registry()
    for program, inputs in programs:
        for book in program.runbooks.values():
            known = inputs if book is program.main else {}
            wanted += [
                (actions[step.action], _given(step.with_, known))
                for step in book.all_steps()
                if step.action
            ]
    return policy_for(
        wanted,
        account=account,
        partition=partition,
        more=_more(topic),
        itself=itself,
        recovery=recovery,
    )


def _more(topic: str) -> list[Permission]:
    more = list(OWN)
    if topic:
        more.append(Permission("sns:Publish", topic, "a waiting approval is told"))
    key = settings.vault_key()
    if key:
        more += [
            Permission(f"kms:{each}", key, "state that undo needs is sealed")
            for each in ("Decrypt", "Encrypt")
        ]
    return more


def _given(said: Mapping[str, Json], inputs: Mapping[str, Json]) -> dict[str, Json]:
    """What of `with:` is known before the run: literals, and inputs that were given."""
    found: dict[str, Json] = {}
    for name, value in said.items():
        path = path_of(value) if isinstance(value, str) else None
        if path is None:
            if isinstance(value, str):
                found[name] = value
        elif len(path) == 2 and path[0] == "inputs" and isinstance(inputs.get(path[1]), str):
            found[name] = inputs[path[1]]
    return found
