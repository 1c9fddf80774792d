"""Delete one published version of a function, such as one that the attacker published.

The version's code and configuration are gone then: it cannot be undone, which is why its code has
to have been kept before. AWS refuses while an alias points to it: turn the alias first
(awslambda.point_alias). $LATEST and the function itself are never deleted by this.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html
"""

from __future__ import annotations

from firedoor.actions.awslambda import _function
from firedoor.actions.awslambda._function import QUALIFIED, Found, OfFunction
from firedoor.actions.contract import Aws, Case, Change, Check, Permission
from firedoor.errors import AwsError, BadInput, Refused, RunFailed
from firedoor.kinds import FunctionQualifier

PERMISSIONS = (
    Permission("lambda:GetFunctionConfiguration", QUALIFIED),
    Permission("lambda:DeleteFunction", QUALIFIED, "a version, never the function"),
)
EXAMPLE = {"function": "thumbnails", "version": "8"}
IRREVERSIBLE = "a deleted version is gone; its code can be deployed again from the evidence"
DESTROYS = ("lambda.version_code",)


class Input(OfFunction, frozen=True, kw_only=True):
    """The function, and the version: a number."""

    version: FunctionQualifier


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The hash of the version's code; absent when there is no such version."""
    if not given.version.isdigit():
        # Without a number DeleteFunction would take the whole function.
        raise BadInput(f"{given.version!r} is no published version: give its number")
    arn = _function.arn_of(aws, given)
    found = _function.ask(aws, given, "get_function_configuration", Qualifier=given.version)
    if found is None:
        return Found(parts={}, arn=arn)
    return Found(parts={_resource(arn, given): found["CodeSha256"]}, arn=arn)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """It to none."""
    return [
        Change(resource=resource, what="version", from_=digest, to=None, lost=IRREVERSIBLE)
        for resource, digest in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Delete the version; RunFailed while an alias points to it."""
    if change.to is not None or not given.version.isdigit():
        raise Refused(
            f"version {given.version} of {given.function!r} cannot be brought back: {IRREVERSIBLE}",
            rule="irreversible",
            instead="Publish it anew from the evidence",
        )
    try:
        _function.change(aws, given, change, "delete_function", Qualifier=given.version)
    except AwsError as error:
        if error.code != "ResourceConflictException":
            raise
        raise RunFailed(
            f"version {given.version} of {given.function!r} is still there: {error.message}. Turn "
            "the aliases that point to it first (awslambda.point_alias)"
        ) from error


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """There is no such version."""
    left = observe(aws, given, case).parts
    seen = "it is there" if left else "Lambda knows no such version"
    return [
        Check(
            what=f"version {given.version} of {given.function} is gone", holds=not left, seen=seen
        )
    ]


def _resource(arn: str, given: Input) -> str:
    return f"{arn}#version/{given.version}"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    number = change.resource.rpartition("/")[2]
    return _function.cli(change, "delete-function", "--qualifier", number)
