"""Write the report of the incident so far.

From the journal alone: HTML, Markdown and JSON, in the home's `reports` folder. It changes nothing
in AWS and can be made again at any time with `firedoor report`.
"""

from __future__ import annotations

from firedoor.actions import contract
from firedoor.actions.contract import Aws, Case, Given

PERMISSIONS = ()
EXAMPLE: dict[str, str] = {}


class Input(Given, frozen=True, kw_only=True):
    """Nothing: the journal says it all."""


class Output(contract.Output, frozen=True, kw_only=True):
    """Where the report lies; "" where reports are not written (a plan)."""

    path: str


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Write it; the path of the HTML page."""
    return Output(path=case.write_report() if case.write_report else "")
