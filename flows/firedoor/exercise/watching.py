"""Whoever watches a drill: hears what happens, as it happens, and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from firedoor.chain import Entry
from firedoor.engine.confirming import Confirmed
from firedoor.engine.undo import Undoing
from firedoor.exercise.probes import Probe
from firedoor.exercise.rating import Rated
from firedoor.exercise.result import Drilled
from firedoor.finding import Finding
from firedoor.plan import Plan
from firedoor.routing import Route
from firedoor.scenario import Scenario


class Watching:
    """Hears nothing. The command line has one that shows it all."""

    def begins(self, scenario: Scenario) -> None:
        """The world is about to be made."""

    def found(self, finding: Finding, history: int) -> None:
        """The finding has come; the attacker made `history` calls before it."""

    def routed(self, route: Route, confirmed: Confirmed) -> None:
        """It was routed, and confirmed at the source or not."""

    def planned(self, plan: Plan, incident: str) -> None:
        """What the run is about to change."""

    def entry(self, entry: Entry) -> None:
        """The journal has a new entry."""

    def waits(self, what: str) -> None:
        """Something takes a while."""

    def held(self, minutes: float) -> None:
        """The run has ended, and the attacker was given time to get back in."""

    def rated(self, probes: Sequence[Probe], rated: Rated) -> None:
        """All probes have been made, and it has been rated."""

    def undoing(self, when: str, planned: Sequence[Undoing]) -> None:
        """What is about to be undone, and what will be left."""

    def ended(self, drilled: Drilled) -> None:
        """It is at its end, undone too when that was asked for."""
