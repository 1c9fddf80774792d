"""The IAM policy that actions need: exactly their PERMISSIONS, with inputs filled in or open.

A user or role is named by name, and its ARN has a path that nobody is asked for: both the ARN
without and those with any path are granted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from firedoor.actions.contract import Action, Permission
from firedoor.runbook import Json

_PLACE = re.compile(r"\{([a-z_]+)\}")
_LAST = re.compile(r"/\{([a-z_]+)\}$")
_NAMED = re.compile(r"(:iam::[0-9*]*:(?:user|role)/)([^/*]+)$")


def policy_for(
    wanted: Iterable[tuple[Action, Mapping[str, Json]]], *, account: str, partition: str = "aws"
) -> dict[str, Any]:
    """A policy document for actions, each with what it is given (an absent input is `*`).

    One statement for each set of resources and conditions; actions sorted within.
    """
    places: dict[str, str] = {"account": account, "partition": partition}
    groups: dict[str, tuple[list[str], Json, set[str]]] = {}
    for action, given in wanted:
        filled = {**{key: str(value) for key, value in given.items() if value}, **places}
        for grant in action.permissions:
            resources = _resources(grant, filled)
            condition = _filled(grant.condition, filled)
            key = repr((resources, condition))
            groups.setdefault(key, (resources, condition, set()))[2].add(grant.action)
    statements = [_statement(*group) for _, group in sorted(groups.items())]
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(resources: list[str], condition: Json, actions: set[str]) -> dict[str, Json]:
    found: dict[str, Json] = {
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": list(resources),
    }
    if condition:
        found["Condition"] = condition
    return found


def _resources(grant: Permission, filled: Mapping[str, str]) -> list[str]:
    named = _LAST.search(grant.resource)
    if named and filled.get(named[1], "").startswith("arn:"):
        # What is named by its ARN needs nothing around it.
        return [filled[named[1]]]
    resource = _fill(grant.resource, filled)
    if _NAMED.search(resource):
        return [resource, _NAMED.sub(r"\1*/\2", resource)]
    return [resource]


def _filled(value: Any, filled: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _fill(value, filled)
    if isinstance(value, Mapping):
        return {key: _filled(inner, filled) for key, inner in value.items()}
    return [_filled(inner, filled) for inner in value] if isinstance(value, list) else value


def _fill(text: str, filled: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda found: filled.get(found[1], "*"), text)
