"""Every call that a scenario makes, and where it says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from firedoor.scenario_places import Path
from firedoor.scenario_world import AwsCall

if TYPE_CHECKING:
    from firedoor.scenario import Scenario


def calls_of(scenario: Scenario) -> Iterator[tuple[Path, str, Mapping[str, Any]]]:
    """(where, `service:Operation`, parameters) of each."""
    for index, item in enumerate(scenario.world):
        if isinstance(item, AwsCall):
            yield ("world", index, "call"), item.call, item.with_
    for part, beats in (
        (("attacker", "acts"), scenario.attacker.acts),
        (("everyday",), scenario.everyday),
    ):
        for index, beat in enumerate(beats):
            if beat.call:
                yield (*part, index, "call"), beat.call, beat.with_
    for index, tried in enumerate(scenario.proof.tries):
        yield ("proof", "tries", index, "call"), tried.call, tried.with_
    for index, objective in enumerate(scenario.objectives):
        for position, fact in enumerate(objective.facts):
            if fact.state is not None:
                path = ("objectives", index, "facts", position, "state", "call")
                yield path, fact.state.call, fact.state.with_
