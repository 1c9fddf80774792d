"""Every mutating action against a simulated AWS: what the step runner relies on.

A world of each kind is contained, contained again, and opened; calls are refused, throttled and
lost on the way; and the policy made of the action's own PERMISSIONS is just enough.
"""

from __future__ import annotations

import re

import pytest

from firedoor.actions.contract import Permission
from firedoor.actions.policy import policy_for
from firedoor.actions.registry import registry
from firedoor.aws import BotoAws
from firedoor.clock import VirtualClock
from firedoor.engine.applying import apply_once
from firedoor.errors import AwsRefused, Refused
from firedoor.simulator.faults import Fault
from firedoor.simulator.requests import action_of
from firedoor.simulator.server import SimulatedAws
from firedoor.simulator.snapshot import differences
from tests.actions.all_worlds import WORLDS
from tests.actions.conftest import Door, acting_as
from tests.actions.machines import MACHINES
from tests.actions.put_back_worlds import SCRIPTED
from tests.actions.workloads import WORKLOADS
from tests.actions.worlds import World
from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, Bench, policy

MUTATING = sorted({world.action for world in WORLDS})
READS = re.compile(r"^[a-z0-9-]+:(Get|List|Describe|Lookup|Simulate|Generate|Head|Assume)")
TARGET = "ci-deployer"
# Another target, by the input that names it.
ELSEWHERE = {
    "user": "somebody-else",
    "role": "somebody-else",
    "key": "0000abcd-12ab-34cd-56ef-1234567890ab",
    "trail": "another-trail",
    "detector": "0" * 32,
    "region": "eu-west-3",
    "bucket": "somebody-elses",
    "config": "rqlc-0000000000000000",
    "identity": "somebody.example.org",
    "throughput": "arn:aws:bedrock:us-east-1:111122223333:provisioned-model/000000000000",
}
FIRST = [next(world for world in WORLDS if world.action == name) for name in MUTATING]
each_action = pytest.mark.parametrize("world", FIRST, ids=[world.action for world in FIRST])
each_world = pytest.mark.parametrize("world", WORLDS, ids=[world.id for world in WORLDS])


@pytest.fixture
def target(world: World, bench: Bench, aws: BotoAws, clock: VirtualClock) -> Door:
    """The action of a world, on its target, as the responder."""
    found = Door(aws, clock, world.action, world.prepare(bench, TARGET))
    bench.aws.reset_calls()
    return found


def test_every_mutating_action_has_worlds() -> None:
    mutating = {name for name, found in registry().items() if found.mutating}

    assert {world.action for world in (*WORLDS, *MACHINES, *WORKLOADS)} == mutating - SCRIPTED


@each_world
def test_what_is_applied_holds_and_leaves_nothing_to_do(target: Door) -> None:
    made = target.shut()

    assert made
    assert target.holds() == {True}
    assert target.changes() == []


@each_world
def test_what_was_not_applied_does_not_hold(target: Door) -> None:
    assert False in target.holds()


@each_action
def test_observing_changes_nothing(target: Door, sim: SimulatedAws) -> None:
    before = sim.snapshot()
    target.changes()
    target.proof()

    assert sim.snapshot() == before


@each_action
def test_what_is_found_after_a_change_is_what_the_change_said(target: Door) -> None:
    made = target.shut()
    found = target.observe().parts

    assert {change.resource: change.to for change in made} == {
        change.resource: found.get(change.resource) for change in made
    }


@each_action
def test_applying_twice_is_applying_once(target: Door, sim: SimulatedAws) -> None:
    made = target.shut()
    once = sim.snapshot()
    for change in made:
        target.apply(change)

    assert sim.snapshot() == once


@each_world
def test_the_inverse_brings_everything_back(world: World, target: Door, sim: SimulatedAws) -> None:
    before = sim.snapshot()
    made = target.shut()
    target.undo(made)

    if world.undoes:
        assert differences(before, sim.snapshot()) == {}
        assert [change.lost for change in made] == [""] * len(made)
    else:
        assert sim.snapshot() != before
        assert all(change.lost for change in made)


@each_action
def test_undoing_twice_is_undoing_once(target: Door, sim: SimulatedAws) -> None:
    made = target.shut()
    target.undo(made)
    once = sim.snapshot()
    target.undo(made)

    assert sim.snapshot() == once


@pytest.mark.parametrize(
    "world", [world for world in WORLDS if not world.undoes], ids=lambda world: world.id
)
def test_what_cannot_come_back_refuses_to_be_undone(target: Door) -> None:
    made = target.shut()

    with pytest.raises(Refused, match="cannot be brought back"):
        target.apply(made[0].inverse())


@each_world
def test_the_calls_of_a_world_are_those_it_names(
    world: World, target: Door, sim: SimulatedAws
) -> None:
    made = target.shut()
    writes = {name for name in sim.calls if not READS.match(name)}
    sim.reset_calls()
    target.undo(made)

    assert writes == {world.writes, *world.also_writes}
    undone = {name for name in sim.calls if not READS.match(name)}
    assert undone == {world.undoes, *world.also_undoes} - {""}


@each_world
def test_only_what_the_permissions_name_is_called(
    world: World, target: Door, sim: SimulatedAws
) -> None:
    target.undo(target.shut())
    target.proof()
    named = {grant.action for grant in registry()[world.action].permissions}

    # Who one is needs no permission.
    assert set(sim.asked) - {"sts:GetCallerIdentity", *world.as_root} <= named


@each_world
def test_its_own_permissions_are_enough(world: World, bench: Bench, clock: VirtualClock) -> None:
    given = world.prepare(bench, TARGET)
    door = Door(narrow(bench, clock, world, given), clock, world.action, given)

    made = door.shut()
    holds = door.holds()
    door.undo(made)

    assert made
    assert holds == {True}


@pytest.mark.parametrize(
    "world", [world for world in FIRST if not world.any_target], ids=lambda world: world.action
)
def test_permissions_for_another_target_are_of_no_use(
    world: World, bench: Bench, clock: VirtualClock
) -> None:
    given = world.prepare(bench, TARGET)
    named = set(re.findall(r"\{([a-z_]+)\}", repr(registry()[world.action].permissions)))
    if not named & set(ELSEWHERE) & set(given):
        pytest.skip("it is about the account or the Region, or about what no policy can name")
    other = {**given, **{name: value for name, value in ELSEWHERE.items() if name in given}}
    door = Door(narrow(bench, clock, world, other), clock, world.action, given)

    with pytest.raises(AwsRefused):
        door.shut()


WRITING = [
    (name, grant)
    for name in MUTATING
    for grant in registry()[name].permissions
    if not READS.match(grant.action) and grant.action != "iam:PassRole"
]


@pytest.mark.parametrize(
    ("name", "grant"), WRITING, ids=[f"{name} {grant.action}" for name, grant in WRITING]
)
def test_without_one_of_its_changing_permissions_some_world_cannot_be_contained_and_opened(
    name: str, grant: Permission, bench: Bench, clock: VirtualClock
) -> None:
    refused = []
    for number, world in enumerate(one for one in WORLDS if one.action == name):
        calls = {world.writes, world.undoes, *world.also_writes, *world.also_undoes} - {""}
        if grant.action not in {action_of(*call.split(":")) for call in calls} | world.needs:
            continue
        given = world.prepare(bench, f"{TARGET}-{number}")
        door = Door(narrow(bench, clock, world, given, without=grant), clock, name, given)
        with pytest.raises(AwsRefused, match=grant.action):
            door.undo(door.shut())
        refused.append(world.id)

    assert refused


@each_action
def test_a_change_without_an_answer_is_found_done(
    world: World, target: Door, sim: SimulatedAws
) -> None:
    changes = target.changes()
    sim.faults.add(Fault(world.writes, "lost_reply", times=1))
    for change in changes:
        apply_once(target.aws, target.action, target.given, change, target.case)

    assert target.holds() == {True}
    assert sum(sim.calls[name] for name in (world.writes, *world.also_writes)) == (
        len(changes) * world.calls_each
    )


@each_action
def test_a_throttled_change_is_sent_again(world: World, target: Door, sim: SimulatedAws) -> None:
    sim.faults.add(Fault(world.writes, "throttle", times=2))
    made = target.shut()

    assert target.holds() == {True}
    assert sum(sim.calls[name] for name in (world.writes, *world.also_writes)) == (
        len(made) * world.calls_each + 2
    )


@each_action
def test_a_refused_change_is_an_error_and_changes_nothing(
    world: World, target: Door, sim: SimulatedAws
) -> None:
    before = sim.snapshot()
    sim.faults.add(Fault(world.writes, "deny"))

    with pytest.raises(AwsRefused, match=world.writes):
        target.shut()
    if not world.also_writes:
        assert sim.snapshot() == before
    assert False in target.holds()


def narrow(
    bench: Bench,
    clock: VirtualClock,
    world: World,
    given: object,
    *,
    without: Permission | None = None,
) -> BotoAws:
    """A session that may do what the action's PERMISSIONS say, and nothing else."""
    assert isinstance(given, dict)
    made = policy_for([(registry()[world.action], given)], account=ACCOUNT)
    statements = made["Statement"]
    for statement in statements:
        statement["Action"] = [
            name for name in statement["Action"] if without is None or name != without.action
        ]
    statements = [statement for statement in statements if statement["Action"]]
    name = f"narrow-{len(bench.aws.snapshot()['roles'])}"
    arn = bench.role(name, f"arn:aws:iam::{ACCOUNT}:root", *statements)
    assert policy(*statements)
    who = bench.session(bench.aws.responder(), arn)
    if not world.elsewhere:
        return acting_as(bench.aws, clock, who)
    far = bench.client("iam", bench.aws.responder(OTHER_ACCOUNT))
    trust = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}
    role = f"firedoor-{name}"
    there = far.create_role(RoleName=role, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    far.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=policy(*statements))
    return acting_as(bench.aws, clock, who, organization_role=there)
