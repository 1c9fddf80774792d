"""Stop a Lambda function: no new invocation starts, whoever asks for one.

Reserved concurrency is set to 0, which holds for all versions and aliases. Invocations that are
running go on to their timeout (15 minutes at most). Synchronous callers get an error (429), queues
and streams wait, asynchronous events are tried again for up to 6 hours and then lost unless the
function has a dead-letter queue. AWS refuses it while a version has provisioned concurrency: take
that away first (awslambda.remove_provisioned_concurrency). Undoing puts back the number that was
reserved before, or none where none was.
Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from __future__ import annotations

from firedoor.actions import contract
from firedoor.actions.awslambda import _function
from firedoor.actions.awslambda._function import FUNCTION, Found, OfFunction
from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.errors import AwsError, RunFailed

PERMISSIONS = (
    Permission("lambda:GetFunctionConcurrency", FUNCTION),
    Permission("lambda:PutFunctionConcurrency", FUNCTION, "and undo"),
    Permission("lambda:DeleteFunctionConcurrency", FUNCTION, "undo"),
)
EXAMPLE = {"function": "thumbnails"}
REOPENS = Reopens("the function, and whatever was put into it, would run again")
STOPPED = 0


class Input(OfFunction, frozen=True, kw_only=True):
    """The function to stop."""


class Output(contract.Output, frozen=True, kw_only=True):
    """What was reserved before, for when the function is let go again; None: nothing was."""

    reserved: int | None


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The reserved concurrency, absent when none is reserved."""
    arn = _function.arn_of(aws, given)
    answer = _function.ask(aws, given, "get_function_concurrency")
    if answer is None:
        return Found(parts={}, arn=arn, gone=True)
    reserved = answer.get("ReservedConcurrentExecutions")
    return Found(parts={} if reserved is None else {_resource(arn): reserved}, arn=arn)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """To 0, unless it is so already."""
    now = before.parts.get(_resource(before.arn))
    if before.gone or now == STOPPED:
        return []
    return [
        Change(resource=_resource(before.arn), what="reserved concurrency", from_=now, to=STOPPED)
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Reserve a number, or none; RunFailed when provisioned concurrency stands in the way."""
    if change.to is None:
        return _function.change(aws, given, change, "delete_function_concurrency")
    try:
        return _function.change(
            aws,
            given,
            change,
            "put_function_concurrency",
            shut=STOPPED,
            ReservedConcurrentExecutions=int(change.to),
        )
    except AwsError as error:
        if error.code != "InvalidParameterValueException":
            raise
        raise RunFailed(
            f"{given.function!r} is NOT stopped: {error.message}. Take its provisioned concurrency "
            "away first (awslambda.remove_provisioned_concurrency), then run this again"
        ) from error


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Nothing is reserved for it but 0."""
    state = observe(aws, given, case)
    if state.gone:
        return [_function.gone_check(given, "starts no new invocation")]
    now = state.parts.get(_resource(state.arn))
    return [
        Check(
            what=f"{given.function} starts no new invocation",
            holds=now == STOPPED,
            seen="no concurrency is reserved" if now is None else f"reserved concurrency {now}",
        )
    ]


def output(given: Input, before: Found, case: Case) -> Output:
    """What was reserved before."""
    return Output(reserved=before.parts.get(_resource(before.arn)))


def _resource(arn: str) -> str:
    return f"{arn}#reserved-concurrency"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    if change.to is None:
        return _function.cli(change, "delete-function-concurrency")
    number = str(change.to)
    return _function.cli(
        change, "put-function-concurrency", "--reserved-concurrent-executions", number
    )
