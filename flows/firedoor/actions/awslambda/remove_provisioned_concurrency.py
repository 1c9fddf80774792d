"""Take a function's provisioned concurrency away, which would keep it from being stopped.

AWS refuses a reserved concurrency of 0 while a version or an alias has environments kept warm. They
are given up, and with them what they had in memory. Undoing asks for as many again; they take a
minute or two to start, and start from the function's code as it is then.
Source: https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
"""

from __future__ import annotations

from firedoor.actions.awslambda import _function
from firedoor.actions.awslambda._function import FUNCTION, QUALIFIED, Found, OfFunction
from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens

PERMISSIONS = (
    Permission("lambda:ListProvisionedConcurrencyConfigs", FUNCTION),
    Permission("lambda:DeleteProvisionedConcurrencyConfig", QUALIFIED),
    Permission("lambda:PutProvisionedConcurrencyConfig", QUALIFIED, "undo"),
)
EXAMPLE = {"function": "thumbnails"}
REOPENS = Reopens("the function, and whatever was put into it, would be kept warm again")


class Input(OfFunction, frozen=True, kw_only=True):
    """The function."""


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """How many environments each version or alias asks for."""
    arn = _function.arn_of(aws, given)
    configs = _function.listed(
        aws, given, "list_provisioned_concurrency_configs", "ProvisionedConcurrencyConfigs"
    )
    parts = {
        f"{arn}#provisioned-concurrency/{each['FunctionArn'].rpartition(':')[2]}": each[
            "RequestedProvisionedConcurrentExecutions"
        ]
        for each in configs
    }
    return Found(parts=dict(parts), arn=arn)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Each to none."""
    return [
        Change(resource=resource, what="provisioned concurrency", from_=number, to=None)
        for resource, number in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Give up, or ask for, the environments of one version or alias."""
    qualifier = change.resource.rpartition("/")[2]
    if change.to is None:
        _function.change(
            aws, given, change, "delete_provisioned_concurrency_config", Qualifier=qualifier
        )
        return
    _function.change(
        aws,
        given,
        change,
        "put_provisioned_concurrency_config",
        Qualifier=qualifier,
        ProvisionedConcurrentExecutions=int(change.to),
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """No version and no alias has any."""
    left = observe(aws, given, case).parts
    seen = ", ".join(resource.rpartition("/")[2] for resource in left) or "none"
    return [
        Check(what=f"{given.function} has no provisioned concurrency", holds=not left, seen=seen)
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    named = ["--qualifier", change.resource.rpartition("/")[2]]
    if change.to is None:
        return _function.cli(change, "delete-provisioned-concurrency-config", *named)
    number = ["--provisioned-concurrent-executions", str(change.to)]
    return _function.cli(change, "put-provisioned-concurrency-config", *named, *number)
