"""Reads the simulated account for what a finding says of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from firedoor.errors import BadInput
from firedoor.scenario import Scenario
from firedoor.simulator.attacker import Attacker
from firedoor.simulator.callers import picked
from firedoor.simulator.world import World

Block = dict[str, Any]


def stamp(moment: datetime) -> str:
    """A time as GuardDuty writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Account:
    """The account of one scenario as a finding in one Region sees it."""

    def __init__(self, scenario: Scenario, world: World, attacker: Attacker, region: str) -> None:
        self.scenario = scenario
        self.world = world
        self.attacker = attacker
        self.region = region

    def text(self, value: str) -> str:
        """A text of the scenario with the names in braces filled in."""
        return str(self.world.filled(value))

    def ask(self, call: str, expression: str, region: str | None = None, **given: Any) -> Any:
        """What the account itself says; the finding would be about nothing if it is not there."""
        answered = self.world.audit(call, given, region or self.region, None)
        value = picked(answered.result, expression) if answered.allowed else None
        if value is None:
            why = f": {answered.code}" if answered.code else ""
            raise BadInput(
                f"the finding is about something that is not in the account: {call} "
                f"{', '.join(map(str, given.values()))}{why}",
                where=f"scenario {self.scenario.metadata.id}",
            )
        return value

    def maybe(self, call: str, expression: str, **given: Any) -> Any:
        """The same, or None when the account says nothing."""
        answered = self.world.audit(call, given, self.region, None)
        return picked(answered.result, expression) if answered.allowed else None
