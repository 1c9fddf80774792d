"""When nothing can be written, nothing is changed: the commands to do it by hand are printed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from firedoor.cli.planned import commands
from firedoor.errors import FiredoorError, StoreUnavailable
from firedoor.masking import masked_text
from firedoor.plan import Plan

BREAK_GLASS = "`--break-glass` goes on with a local spool (FIREDOOR_SPOOL) in place of the store."


@contextmanager
def last_resort(plans: Callable[[], Sequence[Plan]], *, break_glass: bool) -> Iterator[None]:
    """Run the block; when the store or the vault fails it, print what a person would type instead,
    on stderr.

    `plans` reads AWS anew: what was changed before the store failed is not told again. The error
    goes on to whoever calls.
    """
    try:
        yield
    except StoreUnavailable:
        if not break_glass:
            _say(BREAK_GLASS)
        try:
            words = [line for plan in plans() for line in commands(plan)]
        except FiredoorError as error:
            _say(
                f"What is left to do could not be read: {error}",
                "`firedoor plan RUNBOOK key=value… --commands` prints it for a runbook.",
            )
            raise
        if words:
            _say("firedoor changes nothing that it cannot write down. By hand:", *words)
        raise


def _say(*lines: str) -> None:
    for line in lines:
        # On stderr without rich: a long command must not be wrapped.
        print(masked_text(line), file=sys.stderr)
