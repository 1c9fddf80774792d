"""Put the code of a known good version back into a function's $LATEST.

The archive of `version`, which Lambda keeps unchanged since it was published, is downloaded and
uploaded as the function's code (for a container image: its digest is set). Configuration, layers
and environment are not part of it: see awslambda.remove_layers. Aliases that point to a version do
not move: see awslambda.point_alias. A version can have been published by the attacker as well: take
one from before he came, and better still deploy from your own sources. It cannot be undone: the
code that stood there is what is to be got rid of; it lies in the evidence.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
"""

from __future__ import annotations

import base64
import hashlib

from firedoor.actions.awslambda import _function
from firedoor.actions.awslambda._code import MOST_CODE
from firedoor.actions.awslambda._function import FUNCTION, QUALIFIED, Found, OfFunction
from firedoor.actions.contract import Aws, Case, Change, Check, Permission
from firedoor.errors import NotFound, Refused, RunFailed
from firedoor.kinds import FunctionQualifier

PERMISSIONS = (
    Permission("lambda:GetFunctionConfiguration", FUNCTION),
    Permission("lambda:GetFunction", QUALIFIED, "the code of the good version"),
    Permission("lambda:UpdateFunctionCode", FUNCTION),
)
EXAMPLE = {"function": "thumbnails", "version": "7"}
IRREVERSIBLE = (
    "the code that stood there is replaced; it is in the evidence, and is put back by hand only"
)
DESTROYS = ("lambda.code",)


class Input(OfFunction, frozen=True, kw_only=True):
    """The function, and the version whose code is good."""

    version: FunctionQualifier


class Code(Found, frozen=True, kw_only=True):
    """`good`: the hash of the version's code, "" when there is no such version."""

    good: str = ""


def observe(aws: Aws, given: Input, case: Case) -> Code:
    """The hashes of the code that runs and of the good one, as Lambda says them."""
    arn = _function.arn_of(aws, given)
    now = _function.ask(aws, given, "get_function_configuration")
    if now is None:
        return Code(parts={}, arn=arn, gone=True)
    good = _function.ask(aws, given, "get_function", Qualifier=given.version)
    if good is None:
        raise NotFound(
            f"function {given.function!r} has no version {given.version!r}: `aws lambda "
            f"list-versions-by-function --function-name {given.function}` shows which it has"
        )
    return Code(
        parts={_resource(arn): now["CodeSha256"]},
        arn=arn,
        good=good["Configuration"]["CodeSha256"],
    )


def changes(given: Input, before: Code, case: Case) -> list[Change]:
    """The hash of the code that stands there to that of the good version."""
    now = before.parts.get(_resource(before.arn))
    if before.gone or now == before.good:
        return []
    return [
        Change(
            resource=_resource(before.arn),
            what="code",
            from_=now,
            to=before.good,
            lost=IRREVERSIBLE,
        )
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Download the good version's code, look at its hash, and make it the function's own."""
    good = _function.ask(aws, given, "get_function", Qualifier=given.version)
    if good is None or good["Configuration"]["CodeSha256"] != change.to:
        raise Refused(
            f"the code of {given.function!r} before cannot be brought back: {IRREVERSIBLE}",
            rule="irreversible",
            instead="Deploy it by hand from the evidence",
        )
    code = good.get("Code") or {}
    if code.get("ImageUri"):
        image = str(code.get("ResolvedImageUri") or code["ImageUri"])
        return _function.change(aws, given, change, "update_function_code", ImageUri=image)
    archive = aws.download(str(code.get("Location") or ""), most=MOST_CODE)
    digest = base64.b64encode(hashlib.sha256(archive).digest()).decode()
    if digest != change.to:
        raise RunFailed(
            f"what was downloaded as version {given.version} of {given.function!r} is not what "
            "Lambda says it is: nothing was deployed. Deploy from your own sources"
        )
    return _function.change(aws, given, change, "update_function_code", ZipFile=archive)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """The function's code is that of the good version."""
    state = observe(aws, given, case)
    if state.gone:
        return [_function.gone_check(given, "has the code of the good version")]
    now = state.parts.get(_resource(state.arn))
    return [
        Check(
            what=f"{given.function} has the code of version {given.version}",
            holds=now == state.good,
            seen=f"SHA-256 {now}",
        )
    ]


def _resource(arn: str) -> str:
    return f"{arn}#code"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words; the archive is the good version's, fetched before."""
    return _function.cli(change, "update-function-code", "--zip-file", "fileb://good-version.zip")
