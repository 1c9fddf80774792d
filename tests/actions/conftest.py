"""Actions against a simulated AWS: who is contained, and a session that acts as the responder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
import pytest

from firedoor.actions.contract import Action, Aws, Case, Change
from firedoor.actions.registry import registry
from firedoor.aws import BotoAws, connect
from firedoor.clock import VirtualClock
from firedoor.simulator.credentials import Credentials
from firedoor.simulator.server import SimulatedAws
from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, START, Bench

USER = "ci-deployer"
DENY_ALL_ARN = "arn:aws:iam::aws:policy/AWSDenyAll"


def given(action: str, values: Mapping[str, Any]) -> Any:
    """The Input of an action."""
    return msgspec.convert(dict(values), registry()[action].Input)


def case_at(clock: VirtualClock) -> Case:
    """The incident, now."""
    return Case(incident="INC-2026-0042", account=ACCOUNT, now=clock.now())


class Door:
    """One action on one target, as the step runner uses it."""

    def __init__(self, aws: Aws, clock: VirtualClock, name: str, values: Mapping[str, Any]) -> None:
        self.aws = aws
        self.clock = clock
        self.action: Action = registry()[name]
        self.given = given(name, values)

    @property
    def case(self) -> Case:
        return case_at(self.clock)

    def observe(self) -> Any:
        return self.action.observe(self.aws, self.given, self.case)

    def changes(self) -> list[Change]:
        assert self.action.changes
        return self.action.changes(self.given, self.observe(), self.case)

    def apply(self, change: Change) -> None:
        assert self.action.apply
        self.action.apply(self.aws, self.given, change, self.case)

    def shut(self) -> list[Change]:
        """Observe, make every change, and return them."""
        found = self.changes()
        for change in found:
            self.apply(change)
        return found

    def undo(self, made: list[Change]) -> None:
        """Take back what can be taken back, last change first."""
        for change in reversed(made):
            if not change.lost:
                self.apply(change.inverse())

    def proof(self) -> list[tuple[bool | None, str]]:
        """What verify says: whether each thing holds, and what was seen."""
        assert self.action.verify
        found = self.action.verify(self.aws, self.given, self.case)
        return [(check.holds, check.seen) for check in found]

    def holds(self) -> set[bool | None]:
        return {holds for holds, _ in self.proof()}


Doors = Callable[..., Door]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def sim(clock: VirtualClock) -> Iterator[SimulatedAws]:
    with SimulatedAws(clock, accounts=(ACCOUNT, OTHER_ACCOUNT), seed=7) as running:
        yield running


@pytest.fixture
def bench(sim: SimulatedAws, clock: VirtualClock) -> Bench:
    return Bench(sim, clock)


@pytest.fixture
def aws(sim: SimulatedAws, clock: VirtualClock) -> BotoAws:
    return acting_as(sim, clock, sim.responder())


def acting_as(
    sim: SimulatedAws,
    clock: VirtualClock,
    who: Credentials,
    *,
    region: str = "eu-central-1",
    organization_role: str = f"arn:aws:iam::{OTHER_ACCOUNT}:role/firedoor-responder",
) -> BotoAws:
    """A session with the simulated AWS as somebody."""
    return connect(
        region=region,
        endpoint=sim.endpoint,
        clock=clock,
        credentials=(who.access_key_id, who.secret_access_key, who.session_token),
        simulated=True,
        organization_role=organization_role,
    )


@pytest.fixture
def door(aws: BotoAws, clock: VirtualClock) -> Doors:
    """`door("iam.deny_user", user=…)`: an action on a target, as the responder."""

    def make(name: str, /, *, as_: Aws | None = None, **values: Any) -> Door:
        return Door(as_ or aws, clock, name, values)

    return make
