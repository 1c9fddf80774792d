"""Says of a journal that does not verify that it does not, wherever people rely on it."""

from __future__ import annotations

from firedoor.chain import Verification
from firedoor.cli.terminal import clean, console, tell
from firedoor.engine.desk import Office


def warn_if_touched(office: Office, incident: str) -> Verification:
    """Check the journal of an incident; a warning on stderr when it does not hold."""
    found = office.journal.verify(incident)
    if not found.holds:
        shown = console(stderr=True)
        more = len(found.problems) - 1
        told = f"{found.problems[0]}{f' (and {more} more)' if more else ''}"
        tell(
            shown,
            f"[bad]THE JOURNAL DOES NOT VERIFY:[/] {clean(told)}. What is told here may have been "
            f"changed: firedoor journal verify {clean(incident)}",
        )
    return found
