"""One thing that was looked at, and looking that never breaks off the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

import msgspec

from firedoor.actions.contract import Aws
from firedoor.errors import AwsError, FiredoorError

Standing = Literal["ok", "warn", "bad", "off", "unknown"]
"""`bad`: firedoor cannot do its work. `warn`: it can, and something is missing. `off`: not set up,
and not needed. `unknown`: it could not be looked at."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one thing, and what to do about it ("" where nothing is to be done)."""

    name: str
    standing: Standing
    seen: str
    fix: str = ""


Looking = Callable[[], Iterable[Look]]


def looked(name: str, looking: Looking) -> Iterator[Look]:
    """What it sees; one `unknown` in place of an error."""
    try:
        yield from looking()
    except AwsError as error:
        fix = "Grant the read, or look at it by hand"
        if error.code in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"):
            fix = f"Grant {error.operation} to whoever runs firedoor, or look at it by hand"
        yield Look(name=name, standing="unknown", seen=str(error), fix=fix)
    except (FiredoorError, OSError) as error:
        yield Look(name=name, standing="unknown", seen=str(error), fix="See the message")


def read(
    aws: Aws, service: str, operation: str, none: tuple[str, ...] = (), **given: Any
) -> object:
    """One read; None where AWS answers that there is no such thing (codes `none`)."""
    try:
        return aws.call(service, operation, **given)
    except AwsError as error:
        if error.code in none:
            return None
        raise
