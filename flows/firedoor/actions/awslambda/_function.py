"""What actions on Lambda functions share: who is meant, what is gone, which qualifiers there are.

A function is named by name and Region. Its versions and aliases (qualifiers) have URLs, policies
and event source mappings of their own.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from firedoor.actions.contract import Aws, Change, Check, Given, State
from firedoor.errors import AwsError, NotFound
from firedoor.kinds import FunctionName, Region

FUNCTION = "arn:{partition}:lambda:{region}:{account}:function:{function}"
QUALIFIED = FUNCTION + ":*"
GONE = frozenset({"ResourceNotFoundException"})
"""What Lambda answers of a function, a policy or a URL that is not there."""
DELETED = "the function has been deleted: nothing runs it any more"
LATEST = "$LATEST"
MOST_QUALIFIERS = 50
"""How many aliases and versions are looked at one by one; a function seldom has more."""


class OfFunction(Given, frozen=True, kw_only=True):
    """The function, and its Region where that is not the one in use."""

    function: FunctionName
    region: Region | None = None


class Found(State, frozen=True, kw_only=True):
    """What was found of a function; `arn` is its unqualified ARN, `gone`: there is no function."""

    arn: str = ""
    gone: bool = False


class Named(Protocol):
    """An input that names a function."""

    @property
    def function(self) -> str: ...
    @property
    def region(self) -> str | None: ...


def arn_of(aws: Aws, given: Named) -> str:
    """The function's own ARN, without a qualifier."""
    region = given.region or aws.region
    return f"arn:{aws.partition}:lambda:{region}:{aws.account}:function:{given.function}"


def ask(aws: Aws, given: Named, operation: str, /, **more: Any) -> dict[str, Any] | None:
    """A call about the function; None when Lambda says that there is no such thing."""
    try:
        return aws.call(
            "lambda", operation, region=given.region, FunctionName=given.function, **more
        )
    except AwsError as error:
        if error.code in GONE:
            return None
        raise


def change(
    aws: Aws, given: Named, change: Change, operation: str, /, *, shut: Any = None, **more: Any
) -> None:
    """A changing call about the function. To shut what is gone is done; to open it is NotFound."""
    if ask(aws, given, operation, **more) is None and change.to != shut:
        raise NotFound(
            f"{change.resource} has been deleted since: {change.what} cannot be set there any more"
        )


def listed(aws: Aws, given: Named, operation: str, key: str, /, **more: Any) -> list[Any]:
    """All pages of a list about the function; [] when there is no such function."""
    try:
        found = aws.pages(
            "lambda", operation, key, region=given.region, FunctionName=given.function, **more
        )
        return list(found)
    except AwsError as error:
        if error.code in GONE:
            return []
        raise


def qualifiers(aws: Aws, given: Named) -> list[str]:
    """Its aliases, then its published versions, newest first; at most `MOST_QUALIFIERS`."""
    aliases = [str(each["Name"]) for each in listed(aws, given, "list_aliases", "Aliases")]
    versions = [
        str(each["Version"])
        for each in listed(aws, given, "list_versions_by_function", "Versions")
        if each["Version"] != LATEST
    ]
    return [*aliases, *sorted(versions, key=_number, reverse=True)][:MOST_QUALIFIERS]


def policy_of(aws: Aws, given: Named, qualifier: str) -> list[dict[str, Any]]:
    """The statements of the policy of a function, alias or version; [] when it has none."""
    more = {"Qualifier": qualifier} if qualifier else {}
    answer = ask(aws, given, "get_policy", **more)
    found = json.loads(answer["Policy"]).get("Statement") if answer else None
    return [found] if isinstance(found, dict) else list(found or ())


def _number(version: str) -> int:
    return int(version) if version.isdigit() else 0


def gone_check(given: Named, what: str) -> Check:
    """The check of a function that is not there any more."""
    return Check(what=f"{given.function} {what}", holds=True, seen=DELETED)


def cli(change: Change, operation: str, *words: str) -> list[list[str]]:
    """The AWS CLI's words for a call about the function that a change's resource names."""
    parts = change.resource.split("#", 1)[0].split(":")
    named = ["--function-name", parts[6], "--region", parts[3]]
    return [["lambda", operation, *named, *words]]
