"""Let an alias of a function point to a known good version again, with all of its traffic.

Callers of the alias get that version from then on; a share of the traffic that was routed to
another version ends. Undoing puts back the version and the routing that were there before.
Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
"""

from __future__ import annotations

import json
from typing import Any

from firedoor.actions.awslambda import _function
from firedoor.actions.awslambda._function import FUNCTION, Found, OfFunction
from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.kinds import FunctionQualifier

PERMISSIONS = (
    Permission("lambda:GetAlias", FUNCTION),
    Permission("lambda:UpdateAlias", FUNCTION, "and undo"),
)
EXAMPLE = {"function": "thumbnails", "alias": "live", "version": "7"}
REOPENS = Reopens("callers would get the version that the alias was turned to before")


class Input(OfFunction, frozen=True, kw_only=True):
    """The function, its alias, and the version that the alias is to point to."""

    alias: FunctionQualifier
    version: FunctionQualifier


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """Where the alias points, and what share goes elsewhere."""
    arn = _function.arn_of(aws, given)
    found = _function.ask(aws, given, "get_alias", Name=given.alias)
    if found is None:
        return Found(parts={}, arn=arn, gone=True)
    shares = (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    value = {"version": found["FunctionVersion"], "shares": dict(shares)}
    return Found(parts={_resource(arn, given): value}, arn=arn)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """To the good version alone."""
    resource = _resource(before.arn, given)
    now, good = before.parts.get(resource), {"version": given.version, "shares": {}}
    if before.gone or now == good:
        return []
    return [Change(resource=resource, what="alias", from_=now, to=good)]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Turn the alias. One that is gone leads nobody anywhere."""
    to: dict[str, Any] = dict(change.to)
    _function.change(
        aws,
        given,
        change,
        "update_alias",
        shut={"version": given.version, "shares": {}},
        Name=given.alias,
        FunctionVersion=to["version"],
        RoutingConfig={"AdditionalVersionWeights": to["shares"]},
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It points there, and nowhere else."""
    state = observe(aws, given, case)
    what = f"alias {given.alias} of {given.function} leads to version {given.version} alone"
    if state.gone:
        return [Check(what=what, holds=True, seen="the alias is gone")]
    now = state.parts[_resource(state.arn, given)]
    good = {"version": given.version, "shares": {}}
    return [Check(what=what, holds=now == good, seen=json.dumps(now, sort_keys=True))]


def _resource(arn: str, given: Input) -> str:
    return f"{arn}#alias/{given.alias}"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    to: dict[str, Any] = dict(change.to)
    routing = json.dumps({"AdditionalVersionWeights": to["shares"]}, separators=(",", ":"))
    named = ["--name", change.resource.rpartition("/")[2], "--function-version", to["version"]]
    return _function.cli(change, "update-alias", *named, "--routing-config", routing)
