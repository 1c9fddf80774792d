"""Asks whoever sits at the terminal."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import click

from firedoor.approval import Answer, Question
from firedoor.cli.planned import refuse_without_plan, show_plan
from firedoor.engine.door import whoami
from firedoor.errors import BadInput, Refused
from firedoor.plan import Plan

if TYPE_CHECKING:
    from rich.console import Console


ASKING = threading.Event()
"""Set while a thread reads the terminal: nothing can end that thread but an answer."""


class Terminal:
    """Asks whoever sits at the terminal; their answer is journalled with their name."""

    def __init__(self, shown: Console) -> None:
        self._console = shown

    def ask(self, question: Question) -> Answer | None:
        """yes, no, or later (the approval stays open). Who has agreed is not asked once more."""
        if whoami() in question.heard:
            return None
        ASKING.set()
        try:
            return self._asked(question)
        except click.Abort:
            # Ctrl-D; Ctrl-C reaches the main thread alone.
            return None
        finally:
            ASKING.clear()

    def _asked(self, question: Question) -> Answer | None:
        answer = click.prompt(
            click.style(f"  {question.id}", bold=True) + " (yes, no, later)",
            type=click.Choice(["yes", "no", "later"]),
            default="later",
            show_default=True,
            show_choices=False,
            err=True,
        )
        if answer == "later":
            return None
        reason = (
            click.prompt("  why", default="", show_default=False, err=True)
            if answer == "no"
            else ""
        )
        return Answer(yes=answer == "yes", by=whoami(), how="terminal", reason=reason)


class YesToChanges:
    """`resume --yes`: the confirmation that `run` would have asked; no step's own approval."""

    def ask(self, question: Question) -> Answer | None:
        """Yes to changes that whoever runs it may confirm."""
        if question.by != "responder" or not question.changes or whoami() in question.heard:
            return None
        return Answer(yes=True, by=whoami(), how="--yes")


def confirmed(plan: Plan) -> bool:
    """Whether the person says yes to a plan; one that changes nothing needs none."""
    if not plan.changes:
        return True
    answer = click.prompt(
        click.style("\nMake these changes?", bold=True) + " Only 'yes' does",
        default="no",
        show_default=False,
        err=True,
    )
    return bool(answer == "yes")


def refuse_other_plan(plan: Plan, digest: str | None) -> None:
    """Refused when the plan is not the one whose digest (8 characters at least) was agreed to."""
    if digest and len(digest) < 8:
        raise BadInput("a plan's digest is given with at least 8 of its characters")
    if digest and not plan.digest.startswith(digest):
        raise Refused(
            f"the plan is {plan.digest[:12]} now, not {digest[:12]}: something has changed "
            f"since; look again with `firedoor plan {plan.runbook} …`"
        )


def agree(shown: Console, plan: Plan, *, new: bool, yes: bool, asks: bool) -> str:
    """Show a plan and ask: how it was agreed to, "" when nobody was there to be asked.

    `new`: it would open an incident, which a plan that could not be made does not. Refused when
    somebody was asked and did not say yes.
    """
    show_plan(shown, plan)
    if new:
        refuse_without_plan(plan)
    if yes:
        return "--yes"
    if not asks:
        return ""
    if not confirmed(plan):
        raise Refused("nothing was changed: the plan was not confirmed")
    return "terminal"
