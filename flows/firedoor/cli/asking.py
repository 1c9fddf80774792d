"""Asks whoever sits at the terminal."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import click

from firedoor.approval import Answer, Question
from firedoor.engine.door import whoami
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
