"""Keep one published version of a function: its configuration and its code, downloaded at once.

What awslambda.capture_function keeps of $LATEST, of a version that is named. Values of environment
variables are masked as there.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html
"""

from __future__ import annotations

from firedoor.actions import contract
from firedoor.actions._environment import without_values
from firedoor.actions.awslambda import _function
from firedoor.actions.awslambda._code import code_of
from firedoor.actions.awslambda._function import QUALIFIED, OfFunction
from firedoor.actions.contract import Artefact, Aws, Case, Permission
from firedoor.kinds import FunctionQualifier

PERMISSIONS = (Permission("lambda:GetFunction", QUALIFIED, "and the link to the code"),)
EXAMPLE = {"function": "thumbnails", "version": "8"}
KEEPS = ("lambda.version_code",)


class Input(OfFunction, frozen=True, kw_only=True):
    """The function, and the version."""

    version: FunctionQualifier


class Output(contract.Output, frozen=True, kw_only=True):
    """Whether there is such a version; it is in the kept documents."""

    exists: bool
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]
    not_kept: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Configuration and code of the version."""
    name = f"{given.function}-{given.version}"
    found = _function.ask(aws, given, "get_function", Qualifier=given.version)
    if found is None:
        return Output(
            exists=False,
            keep=(),
            unknown=(f"Lambda knows no version {given.version} of {given.function!r}",),
            not_kept=KEEPS,
        )
    code, unknown = code_of(aws, found, name)
    config = Artefact(
        name=f"lambda-version-{name}",
        content=without_values(found["Configuration"]),
        about=f"Version {given.version} of Lambda function {given.function}",
    )
    return Output(
        exists=True,
        keep=(config, *((code,) if code else ())),
        unknown=tuple(unknown),
        not_kept=() if code else KEEPS,
    )
