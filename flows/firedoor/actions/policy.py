"""The IAM policy that actions need: exactly their PERMISSIONS, with inputs filled in or open.

A user or role is named by name, and its ARN has a path that nobody is asked for: both the ARN
without and those with any path are granted. The responder is denied to change itself, whatever else
allows it. What IAM cannot limit: who may write an inline policy may write any.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from firedoor import globs
from firedoor.actions.contract import Action, Permission
from firedoor.runbook import Json

MANAGED = 6144
"""Characters that a managed policy may have, white space not counted."""
SESSION = 2048
"""Characters that a session policy may have, passed as text when a role is assumed."""
RESPONDER = "firedoor-responder"
"""What the responder's role is called unless somebody says otherwise."""

OWN = (
    Permission("organizations:DescribeOrganization", "*", "which is the management account"),
    Permission("guardduty:ListDetectors", "*", "a finding is read again before it is acted on"),
    Permission("guardduty:GetFindings", "*", "a finding is read again before it is acted on"),
    Permission("iam:ListUserTags", "arn:{partition}:iam::{account}:user/*", "`protect:` by tag"),
    Permission("iam:ListRoleTags", "arn:{partition}:iam::{account}:role/*", "`protect:` by tag"),
)
"""What firedoor itself asks AWS, whatever the runbook."""

ITSELF = (
    "iam:AttachRolePolicy",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
)
"""What would change what the responder may do."""

_PLACE = re.compile(r"\{([a-z_]+)\}")
_LAST = re.compile(r"/\{([a-z_]+)\}$")
_NAMED = re.compile(r"(:iam::[0-9*]*:(?:user|role)/)([^/*]+)$")


def policy_for(
    wanted: Iterable[tuple[Action, Mapping[str, Json]]],
    *,
    account: str,
    partition: str = "aws",
    more: Sequence[Permission] = (),
    itself: str = "",
) -> dict[str, Any]:
    """A policy document for actions, each with what it is given (an absent input is `*`).

    One statement for each set of resources and conditions; actions sorted within. `more`: what is
    needed besides; `itself`: the name of the responder's own role, which it may not change.
    """
    places: dict[str, str] = {"account": account, "partition": partition}
    grants = [
        (grant, {**_given(given), **places})
        for action, given in wanted
        for grant in action.permissions
    ]
    grants += [(grant, places) for grant in more]
    groups: dict[str, tuple[list[str], Json, set[str]]] = {}
    for grant, filled in grants:
        resources = _resources(grant, filled)
        condition = _filled(grant.condition, filled)
        key = repr((resources, condition))
        groups.setdefault(key, (resources, condition, set()))[2].add(grant.action)
    statements = [_statement(*group) for _, group in sorted(_narrowed(groups).items())]
    if itself:
        own = f"arn:{partition}:iam::{account}:role"
        statements.append(
            {
                "Effect": "Deny",
                "Action": list(ITSELF),
                "Resource": [f"{own}/{itself}", f"{own}/*/{itself}"],
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


def size(document: Mapping[str, Any]) -> int:
    """Its characters as IAM counts them: without white space."""
    return len(written(document))


def written(document: Mapping[str, Any]) -> str:
    """The document in as few characters as it takes."""
    return json.dumps(document, separators=(",", ":"))


def split(document: Mapping[str, Any], most: int = MANAGED) -> list[dict[str, Any]]:
    """The document as one or several that are small enough to be managed policies each.

    A statement that is too large by itself is cut between its actions.
    """
    documents: list[dict[str, Any]] = []
    for statement in document["Statement"]:
        for piece in _pieces(statement, most):
            last = documents[-1] if documents else None
            if last and size({**last, "Statement": [*last["Statement"], piece]}) <= most:
                last["Statement"].append(piece)
            else:
                documents.append({"Version": document["Version"], "Statement": [piece]})
    return documents


def _pieces(statement: dict[str, Any], most: int) -> list[dict[str, Any]]:
    actions = statement["Action"]
    if size({"Version": "2012-10-17", "Statement": [statement]}) <= most or len(actions) < 2:
        return [statement]
    half = len(actions) // 2
    return [
        piece
        for part in (actions[:half], actions[half:])
        for piece in _pieces({**statement, "Action": part}, most)
    ]


def _given(given: Mapping[str, Json]) -> dict[str, str]:
    return {key: str(value) for key, value in given.items() if value}


Groups = dict[str, tuple[list[str], Json, set[str]]]


def _narrowed(groups: Groups) -> Groups:
    """Without what is granted on everything anyway, or on more under the same condition."""
    found: Groups = {}
    for key, (resources, condition, actions) in groups.items():
        wider = {
            action
            for other, (theirs, theirs_on, granted) in groups.items()
            if other != key
            and _covers(theirs, theirs_on, resources, condition)
            # Of two that say the same, one stays.
            and (other < key or not _covers(resources, condition, theirs, theirs_on))
            for action in granted
        }
        left = actions - wider
        if left:
            found[key] = (resources, condition, left)
    return found


def _covers(
    theirs: Sequence[str], theirs_on: Json, resources: Sequence[str], condition: Json
) -> bool:
    """Whether one grant holds wherever another does: unconditional, or under the same condition."""
    return (not theirs_on or theirs_on == condition) and all(
        any(globs.matches(wide, each) for wide in theirs) for each in resources
    )


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
