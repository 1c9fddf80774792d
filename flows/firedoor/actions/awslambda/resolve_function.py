"""Find the Lambda function that is meant: the one that is named, in its Region.

A finding need not name one function: one about several, or a type that is new, names none. That is
told here, with what to do, before anything else is done. One that has been deleted is no error: its
role, its logs and what it left are still there, and the steps that follow say so.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html
"""

from __future__ import annotations

from firedoor.actions import contract
from firedoor.actions.awslambda import _function
from firedoor.actions.awslambda._function import FUNCTION, OfFunction
from firedoor.actions.contract import Aws, Case, Given, Permission
from firedoor.errors import BadInput
from firedoor.kinds import Arn, FunctionName, Region

PERMISSIONS = (Permission("lambda:GetFunctionConfiguration", FUNCTION),)
EXAMPLE = {"function": "thumbnails"}


class Input(Given, frozen=True, kw_only=True):
    """The function, where one is named, and its Region."""

    function: FunctionName | None = None
    region: Region | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """The function; `exists`: Lambda still knows it."""

    function: FunctionName
    arn: Arn
    exists: bool


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The function; BadInput when none is named."""
    if not given.function:
        raise BadInput(
            "no function is named: the finding is about several, or about none. Read it, and run "
            "`firedoor run compromised-function function=NAME` for each that it is about"
        )
    meant = OfFunction(function=given.function, region=given.region)
    found = _function.ask(aws, meant, "get_function_configuration")
    return Output(
        function=given.function, arn=_function.arn_of(aws, meant), exists=found is not None
    )
