"""Let only signed calls through a function's URLs: their AuthType becomes AWS_IAM.

A URL with AuthType NONE is open to everybody on the internet. With AWS_IAM, Lambda wants a
signature and a principal that may call lambda:InvokeFunctionUrl. The URL stays: a deleted one
cannot be had again under the same address. URLs of the function's aliases count as well. Browsers
and partners that call it without signing are refused from then on.
Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

from __future__ import annotations

from firedoor.actions.awslambda import _function
from firedoor.actions.awslambda._function import FUNCTION, QUALIFIED, Found, OfFunction
from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens

PERMISSIONS = (
    Permission("lambda:ListFunctionUrlConfigs", FUNCTION),
    Permission("lambda:UpdateFunctionUrlConfig", FUNCTION, "and undo"),
    Permission("lambda:UpdateFunctionUrlConfig", QUALIFIED, "and undo, of an alias"),
)
EXAMPLE = {"function": "thumbnails"}
REOPENS = Reopens("the function's URL would be open to everybody again")
SIGNED = "AWS_IAM"


class Input(OfFunction, frozen=True, kw_only=True):
    """The function."""


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The AuthType of each URL, by the function's ARN, with the alias where it has one."""
    arn = _function.arn_of(aws, given)
    configs = _function.listed(aws, given, "list_function_url_configs", "FunctionUrlConfigs")
    return Found(
        parts={_resource(each["FunctionArn"]): each["AuthType"] for each in configs}, arn=arn
    )


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Each open one to AWS_IAM."""
    return [
        Change(resource=resource, what="URL AuthType", from_=kind, to=SIGNED)
        for resource, kind in before.parts.items()
        if kind != SIGNED
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set the AuthType of one URL; one that is gone is shut."""
    alias = _alias(change)
    more = {"Qualifier": alias} if alias else {}
    kind = str(change.to)
    _function.change(
        aws, given, change, "update_function_url_config", shut=SIGNED, AuthType=kind, **more
    )


def _alias(change: Change) -> str:
    parts = change.resource.split("#", 1)[0].split(":")
    return parts[7] if len(parts) > 7 else ""


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """No URL is open."""
    found = observe(aws, given, case).parts
    checks = [
        Check(
            what=f"the URL of {resource.split('#', 1)[0].split(':', 6)[6]} wants a signature",
            holds=kind == SIGNED,
            seen=f"AuthType {kind}",
        )
        for resource, kind in found.items()
    ]
    return checks or [Check(what=f"{given.function} has no URL", holds=True, seen="none")]


def _resource(arn: str) -> str:
    return f"{arn}#url"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    alias = _alias(change)
    words = ["--auth-type", str(change.to), *(["--qualifier", alias] if alias else [])]
    return _function.cli(change, "update-function-url-config", *words)
