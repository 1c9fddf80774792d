"""The actions on instances, snapshots and images keep the contract.

A simulated AWS takes a while to start, so each world is walked through once, and what was seen on
the way is then looked at piece by piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from firedoor.actions.contract import Change
from firedoor.actions.policy import policy_for
from firedoor.actions.registry import registry
from firedoor.aws import BotoAws
from firedoor.clock import VirtualClock
from firedoor.engine.applying import apply_once
from firedoor.errors import AwsRefused, NotFound, Refused
from firedoor.simulator.faults import Fault
from firedoor.simulator.server import SimulatedAws
from tests.actions.conftest import Door, acting_as
from tests.actions.machines import MACHINES, REGION, Machine
from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, START, Bench

READS = re.compile(r"^[a-z0-9]+:(Get|List|Describe|Lookup)")
PREFIX = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing"}


@dataclass
class Walk:
    """What was seen on the way through one world."""

    world: Machine
    bare: set[bool | None]
    looked: tuple[dict[str, Any], dict[str, Any]]
    made: list[Change]
    parts: dict[str, Any]
    shut: set[bool | None]
    left: list[Change]
    writes: frozenset[str]
    asked: frozenset[str]
    again: tuple[dict[str, Any], dict[str, Any]]
    back: dict[str, Any]
    opening: frozenset[str]
    back_again: dict[str, Any]
    narrow: set[bool | None]
    lost: tuple[set[bool | None], Mapping[str, int]]
    refused: str
    unwilling: str


@pytest.fixture(scope="module", params=MACHINES, ids=lambda world: world.id)
def walk(request: pytest.FixtureRequest) -> Iterator[Walk]:
    world: Machine = request.param
    clock = VirtualClock(START)
    with SimulatedAws(clock, accounts=(ACCOUNT, OTHER_ACCOUNT), seed=7) as sim:
        bench = Bench(sim, clock)
        given = dict(world.prepare(bench))
        yield walked(world, sim, clock, given)


def walked(world: Machine, sim: SimulatedAws, clock: VirtualClock, given: dict[str, Any]) -> Walk:
    door = Door(acting_as(sim, clock, sim.responder()), clock, world.action, given)
    stranger = narrow(sim, clock, world, {**given, **world.stranger}, "stranger")
    own = narrow(sim, clock, world, given, "own")
    before = sim.snapshot()
    bare = door.holds()
    refused = refusal(Door(stranger, clock, world.action, given)) if world.stranger else ""
    looked = before, sim.snapshot()
    sim.reset_calls()
    made = door.shut()
    writes = written(sim)
    asked = frozenset(sim.calls)
    parts, shut, left = door.observe().parts, door.holds(), door.changes()
    once = sim.snapshot()
    for change in made:
        door.apply(change)
    twice = sim.snapshot()
    sim.reset_calls()
    door.undo(made)
    opening = written(sim)
    asked |= frozenset(sim.calls)
    back = sim.snapshot()
    door.undo(made)
    back_again = sim.snapshot()
    narrow_holds: set[bool | None] = set()
    lost: tuple[set[bool | None], Mapping[str, int]] = ({True}, {})
    if world.undoes:
        other = Door(own, clock, world.action, given)
        other.undo(other.shut())
        narrow_holds = other.holds()
        lost = without_answers(sim, door)
    return Walk(
        world, bare, (looked[0], looked[1]), made, parts, shut, left, writes, asked, (once, twice),
        back, opening, back_again, narrow_holds, lost, refused, unwilling(door, made),
    )  # fmt: skip


def unwilling(door: Door, made: list[Change]) -> str:
    """What is said to an inverse of what cannot be taken back."""
    if not made[-1].lost:
        return ""
    try:
        door.apply(made[-1].inverse())
    except Refused as error:
        return str(error)
    return "it was taken back"


def sizes(state: dict[str, Any]) -> Any:
    return state["compute"][REGION]["auto_scaling"]["web"]["size"]


def narrow(
    sim: SimulatedAws, clock: VirtualClock, world: Machine, given: dict[str, Any], name: str
) -> BotoAws:
    """A session that may do what the action's PERMISSIONS say of this target, and nothing else."""
    bench = Bench(sim, clock)
    statements = policy_for([(registry()[world.action], given)], account=ACCOUNT)["Statement"]
    arn = bench.role(name, f"arn:aws:iam::{ACCOUNT}:root", *statements)
    return acting_as(sim, clock, bench.session(sim.responder(), arn), region=REGION)


def refusal(door: Door) -> str:
    try:
        door.shut()
    except (AwsRefused, NotFound) as error:
        return type(error).__name__
    return "nothing was refused"


def without_answers(sim: SimulatedAws, door: Door) -> tuple[set[bool | None], Mapping[str, int]]:
    """Shut with the first reply of every changing call lost; how often each was carried out."""
    faults = [sim.faults.add(Fault(name, "lost_reply", times=1)) for name in written_by(door)]
    sim.reset_calls()
    changes = door.changes()
    for change in changes:
        apply_once(door.aws, door.action, door.given, change, door.case)
    seen = {name: sim.calls[name] for name in sim.calls if not READS.match(name)}
    for fault in faults:
        sim.faults.remove(fault)
    return door.holds(), seen


def written_by(door: Door) -> frozenset[str]:
    return next(one.writes for one in MACHINES if one.action == door.action.name)


def written(sim: SimulatedAws) -> frozenset[str]:
    return frozenset(name for name in sim.calls if not READS.match(name)) - {
        "sts:GetCallerIdentity"
    }


def test_what_was_not_applied_does_not_hold(walk: Walk) -> None:
    assert False in walk.bare


def test_looking_changes_nothing(walk: Walk) -> None:
    assert walk.looked[0] == walk.looked[1]


def test_what_is_applied_holds_and_leaves_nothing_to_do(walk: Walk) -> None:
    assert walk.made
    assert walk.shut == {True}
    assert walk.left == []


def test_what_is_found_after_a_change_is_what_the_change_said(walk: Walk) -> None:
    gone = walk.world.action == "ec2.terminate_instance"
    found = {change.resource: None if gone else change.to for change in walk.made}

    assert found == {change.resource: walk.parts.get(change.resource) for change in walk.made}


def test_the_calls_of_a_world_are_those_it_names(walk: Walk) -> None:
    assert walk.writes == walk.world.writes


def test_only_what_the_permissions_name_is_called(walk: Walk) -> None:
    named = {grant.action for grant in registry()[walk.world.action].permissions}
    asked = {
        f"{PREFIX.get(service, service)}:{operation}"
        for service, _, operation in (name.partition(":") for name in walk.asked)
    }

    assert asked - {"sts:GetCallerIdentity"} <= named


def test_applying_twice_is_applying_once(walk: Walk) -> None:
    assert walk.again[0] == walk.again[1]


def test_a_change_without_an_answer_is_found_done(walk: Walk) -> None:
    assert walk.lost[0] == {True}


def test_the_inverse_brings_everything_back_or_says_that_it_cannot(walk: Walk) -> None:
    lost = {bool(change.lost) for change in walk.made}

    assert lost == {not walk.world.undoes}
    assert (walk.back == walk.looked[0]) == bool(walk.world.undoes and not walk.world.anew)
    assert walk.opening == walk.world.undoes


EACH_ANEW = [one for one in MACHINES if one.anew]


@pytest.mark.parametrize("walk", EACH_ANEW, indirect=True, ids=lambda one: one.id)
def test_a_group_gets_its_sizes_back_if_not_its_instances(walk: Walk) -> None:
    assert sizes(walk.back) == sizes(walk.looked[0])


def test_undoing_twice_is_undoing_once(walk: Walk) -> None:
    assert walk.back == walk.back_again


def test_its_own_permissions_are_enough(walk: Walk) -> None:
    # Refused, it would have raised; shut and opened again, it does not hold.
    assert (False in walk.narrow) == bool(walk.world.undoes)


def test_permissions_for_another_target_are_of_no_use(walk: Walk) -> None:
    assert walk.refused == ("AwsRefused" if walk.world.stranger else "")


def test_what_cannot_come_back_refuses_to_be_undone(walk: Walk) -> None:
    assert ("cannot be brought back" in walk.unwilling) == (not walk.world.undoes)
