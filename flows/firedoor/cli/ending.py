"""How a run ends on the terminal: the exit code, and what to type next."""

from __future__ import annotations

import sys

from firedoor.cli.terminal import clean, console, print_json
from firedoor.engine.running import Outcome

EXIT = {"contained": 0, "done": 0, "waiting": 4}
"""The exit code of a run's status; everything else is 3."""


def end(done: Outcome, as_json: bool) -> None:
    """Tell what a run came to and leave with its exit code."""
    if as_json:
        print_json(done)
    else:
        tell_next(done)
    sys.exit(EXIT.get(done.status, 3))


def tell_next(done: Outcome) -> None:
    """What to type next."""
    shown = console()
    rows = [("Incident", done.incident)]
    if done.report:
        rows.append(("Report", done.report))
    if done.status == "waiting":
        rows.append(("Next", "firedoor approvals, then firedoor approve ID"))
        rows.append(("Then", f"firedoor resume {done.incident}"))
    elif done.status == "contained":
        rows.append(("Next", f"firedoor verify {done.incident}   at {_later(done)}"))
        rows.append(("Undo", f"firedoor undo {done.incident}"))
    else:
        rows.append(("Look", f"firedoor status {done.incident}"))
    for name, text in rows:
        shown.print(f"[head]{name:<9}[/] {clean(text)}", soft_wrap=True)


def _later(done: Outcome) -> str:
    return ", ".join(each["at"][11:19] for each in done.due) + " UTC"
