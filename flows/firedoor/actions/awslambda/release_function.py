"""Let a function that was stopped run again: its reserved concurrency becomes what it was.

When its code is good, its role's sessions are cut and its secrets are new; not before, and not
within 30 minutes of the incident's last change: CloudTrail is up to 15 late, and somebody may still
get through. Until then this refuses, and `firedoor resume` asks again later. `reserved` is what
awslambda.stop_function found; without it nothing is reserved for the function, and it takes its
share of the account's. Event source mappings that were switched off stay off: undo that step.
Undoing stops the function again.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunctionConcurrency.html
"""

from __future__ import annotations

from datetime import timedelta

from firedoor.actions.awslambda import _function, stop_function
from firedoor.actions.awslambda._function import Found, OfFunction
from firedoor.actions.contract import NEVER, Aws, Case, Change, Check
from firedoor.errors import Refused
from firedoor.kinds import time_text

PERMISSIONS = stop_function.PERMISSIONS
EXAMPLE = {"function": "thumbnails"}
REOPENS = NEVER
QUIET = timedelta(minutes=30)
"""How long nothing may have had to be changed before it runs again."""


class Input(OfFunction, frozen=True, kw_only=True):
    """The function, and what was reserved for it before it was stopped."""

    reserved: int | None = None


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The reserved concurrency, absent when none is reserved; Refused while it has to wait."""
    ends = case.changed + QUIET if case.changed else case.now
    if case.now < ends:
        when = time_text(ends)
        raise Refused(
            f"{given.function} stays stopped until {when}: somebody may still get through",
            rule="its time has not come",
            instead=f"`firedoor resume {case.incident}` after {when} asks whether to let it run",
        )
    return stop_function.observe(aws, _named(given), case)


def _named(given: Input) -> stop_function.Input:
    return stop_function.Input(function=given.function, region=given.region)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """From 0 to what it was; a function that is not stopped is left alone."""
    return [
        Change(resource=resource, what="reserved concurrency", from_=now, to=given.reserved)
        for resource, now in before.parts.items()
        if now == stop_function.STOPPED and given.reserved != stop_function.STOPPED
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Reserve the number, or nothing."""
    stop_function.apply(aws, _named(given), change, case)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is not stopped."""
    state = stop_function.observe(aws, _named(given), case)
    what = f"{given.function} runs again"
    if state.gone:
        return [_function.gone_check(given, "runs again")]
    now = next(iter(state.parts.values()), None)
    seen = "nothing is reserved for it" if now is None else f"reserved concurrency {now}"
    stopped = now == stop_function.STOPPED and given.reserved != stop_function.STOPPED
    return [Check(what=what, holds=not stopped, seen=seen)]


commands = stop_function.commands
