"""Take layers off a function: a layer is code that is loaded before the function's own.

Only the layers that are named go; the others stay, in their order. A layer of another account,
which its owner can have made anything of, is a known way to stay in. Versions that were published
keep the layers that they have. Undoing puts the whole list back as it was.
Source: https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html
"""

from __future__ import annotations

from firedoor.actions.awslambda import _function
from firedoor.actions.awslambda._function import FUNCTION, Found, OfFunction
from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.kinds import Arn

PERMISSIONS = (
    Permission("lambda:GetFunctionConfiguration", FUNCTION),
    Permission("lambda:UpdateFunctionConfiguration", FUNCTION, "and undo"),
    Permission("lambda:GetLayerVersion", why="undo: Lambda wants it of who adds a layer"),
)
EXAMPLE = {
    "function": "thumbnails",
    "layers": ["arn:aws:lambda:eu-central-1:444455556666:layer:metrics:3"],
}
REOPENS = Reopens("the layer's code would run inside the function again")


class Input(OfFunction, frozen=True, kw_only=True):
    """The function, and the versions of layers that are to go."""

    layers: list[Arn]


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The function's layers, in order."""
    arn = _function.arn_of(aws, given)
    config = _function.ask(aws, given, "get_function_configuration")
    if config is None:
        return Found(parts={}, arn=arn, gone=True)
    layers = [str(each["Arn"]) for each in config.get("Layers") or ()]
    return Found(parts={_resource(arn): list(layers)}, arn=arn)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """The list without those that are to go."""
    if before.gone:
        return []
    now = before.parts[_resource(before.arn)]
    left = [one for one in now if one not in given.layers]
    if left == now:
        return []
    return [Change(resource=_resource(before.arn), what="layers", from_=now, to=left)]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Write the list; a function that is gone loads nothing."""
    layers = [str(one) for one in change.to or ()]
    shut = None if set(layers) & set(given.layers) else change.to
    _function.change(aws, given, change, "update_function_configuration", shut=shut, Layers=layers)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """None of them is there."""
    state = observe(aws, given, case)
    if state.gone:
        return [_function.gone_check(given, "does not load the layers")]
    left = [one for one in state.parts[_resource(state.arn)] if one in given.layers]
    seen = ", ".join(left) or "none of them"
    return [Check(what=f"{given.function} does not load the layers", holds=not left, seen=seen)]


def _resource(arn: str) -> str:
    return f"{arn}#layers"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    layers = [str(one) for one in change.to or ()]
    return _function.cli(change, "update-function-configuration", "--layers", *layers)
