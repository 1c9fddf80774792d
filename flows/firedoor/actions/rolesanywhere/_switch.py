"""A trust anchor or a profile of Roles Anywhere, switched off and on again.

Source: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/introduction.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Reopens, State
from firedoor.errors import AwsError, NotFound

GONE = "ResourceNotFoundException"
REOPENS = Reopens("whoever holds a certificate that it trusts could assume roles with it again")
SHUT = {"trust-anchor": "trust_anchor", "profile": "profile"}


def observe(aws: Aws, case: Case, kind: str, number: str, region: str | None) -> State:
    """Whether it is on; no part when it is gone."""
    try:
        found = aws.call(
            "rolesanywhere", f"get_{SHUT[kind]}", region=region, **_named(kind, number)
        )
    except AwsError as error:
        if error.code != GONE:
            raise
        return State(parts={})
    [answer] = [value for value in found.values() if isinstance(value, dict)]
    name = (
        f"arn:{case.partition}:rolesanywhere:{region or aws.region}:{case.account}:{kind}/{number}"
    )
    return State(parts={name: "enabled" if answer["enabled"] else "disabled"})


def changes(before: State) -> list[Change]:
    """Off, unless it is."""
    return [
        Change(resource=name, what=_kind(name).replace("-", " "), from_=now, to="disabled")
        for name, now in before.parts.items()
        if now != "disabled"
    ]


def apply(aws: Aws, change: Change) -> None:
    """Switch it; one that is gone is off. NotFound when it should be switched on again."""
    kind, number = _kind(change.resource), change.resource.rpartition("/")[2]
    verb = "disable" if change.to == "disabled" else "enable"
    region = change.resource.split(":")[3]
    try:
        aws.call("rolesanywhere", f"{verb}_{SHUT[kind]}", region=region, **_named(kind, number))
    except AwsError as error:
        if error.code != GONE:
            raise
        if verb == "enable":
            raise NotFound(f"{change.resource} has been deleted: it cannot be enabled") from None


def verify(aws: Aws, case: Case, kind: str, number: str, region: str | None) -> list[Check]:
    """It is off."""
    parts = observe(aws, case, kind, number, region).parts
    seen = next((str(each) for each in parts.values()), "it has been deleted")
    what = f"{kind.replace('-', ' ')} {number} is disabled"
    return [Check(what=what, holds=seen != "enabled", seen=seen)]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    kind, number = _kind(change.resource), change.resource.rpartition("/")[2]
    verb = "disable" if change.to == "disabled" else "enable"
    words = ["rolesanywhere", f"{verb}-{kind}", f"--{kind}-id", number]
    return [[*words, "--region", change.resource.split(":")[3]]]


def _kind(resource: str) -> str:
    return resource.split(":", 5)[5].partition("/")[0]


def _named(kind: str, number: str) -> dict[str, Any]:
    return {"trustAnchorId" if kind == "trust-anchor" else "profileId": number}
