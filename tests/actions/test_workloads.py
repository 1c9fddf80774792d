"""Every changing action on functions, databases, containers and clusters, against a simulated AWS.

What the step runner relies on, as for all others: made once however often it is asked, found done
after a lost answer, brought back exactly or said to be lost, and able with its own PERMISSIONS.
"""

from __future__ import annotations

import re

import pytest

from firedoor.actions.policy import policy_for
from firedoor.actions.registry import registry
from firedoor.aws import BotoAws
from firedoor.clock import VirtualClock
from firedoor.engine.applying import apply_once
from firedoor.errors import AwsRefused, Refused
from firedoor.simulator.faults import Fault
from firedoor.simulator.requests import action_of
from firedoor.simulator.server import SimulatedAws
from tests.actions.conftest import Door, acting_as
from tests.actions.workloads import REGION, WORKLOADS, Workload
from tests.simulator.conftest import ACCOUNT, Bench

READS = re.compile(r"^[a-z]+:(Get|List|Describe|Lookup)")
# What RDS itself does in the caller's name, and what hands roles on: the simulator does not ask it.
BESIDE = re.compile(r"^(secretsmanager:(Create|Tag|Rotate)|kms:|iam:PassRole|rds:AddTags|ec2:)")
each = pytest.mark.parametrize("workload", WORKLOADS, ids=[one.id for one in WORKLOADS])


@pytest.fixture
def target(workload: Workload, bench: Bench, aws: BotoAws, clock: VirtualClock) -> Door:
    """The action of a workload, on its target, as the responder."""
    found = Door(aws, clock, workload.action, workload.prepare(bench))
    bench.aws.reset_calls()
    return found


@each
def test_what_is_applied_holds_is_done_once_and_comes_back(
    workload: Workload, target: Door, sim: SimulatedAws
) -> None:
    before = sim.snapshot()
    held_before = target.holds()
    made = target.shut()
    once = sim.snapshot()
    for change in made:
        target.apply(change)
    held = target.holds()
    left = target.changes()
    twice = sim.snapshot()
    target.undo(made)

    assert held_before & {False, None}
    assert made
    assert (held, left) == ({True}, [])
    assert workload.writes in sim.calls
    assert twice == once or workload.action == "rds.restart_database"
    if workload.lost:
        assert all(change.lost for change in made)
        with pytest.raises(Refused, match="cannot be brought back"):
            target.apply(made[0].inverse())
    else:
        assert [change.lost for change in made] == [""] * len(made)
        assert sim.snapshot() == before


@each
def test_a_change_without_an_answer_is_found_done(
    workload: Workload, target: Door, sim: SimulatedAws
) -> None:
    changes = target.changes()
    sim.faults.add(Fault(workload.writes, "lost_reply", times=1))
    for change in changes:
        apply_once(target.aws, target.action, target.given, change, target.case)

    assert target.holds() == {True}
    assert target.changes() == []


@each
def test_a_refused_change_is_an_error_and_changes_nothing_more(
    workload: Workload, target: Door, sim: SimulatedAws
) -> None:
    before = sim.snapshot()
    sim.faults.add(Fault(workload.writes, "deny"))

    with pytest.raises(AwsRefused):
        target.shut()
    assert sim.snapshot() == before or workload.action == "rds.isolate_database"
    assert True not in target.holds() or len(target.holds()) > 1


@each
def test_its_own_permissions_are_enough_and_no_other_call_is_made(
    workload: Workload, bench: Bench, clock: VirtualClock
) -> None:
    given = workload.prepare(bench)
    door = Door(narrow(bench, clock, workload, given), clock, workload.action, given)
    bench.aws.reset_calls()

    made = door.shut()
    holds = door.holds()
    door.undo(made)

    named = {grant.action for grant in registry()[workload.action].permissions}
    called = {action_of(*name.split(":")) for name in bench.aws.calls}
    assert made
    assert holds == {True}
    # The code is fetched from AWS's own bucket, by a link.
    assert called - {"sts:GetCallerIdentity", "s3:GetObject"} <= named


WRITING = [
    (workload, grant.action)
    for index, workload in enumerate(WORKLOADS)
    if workload.action not in {one.action for one in WORKLOADS[:index]}
    for grant in registry()[workload.action].permissions
    if not READS.match(grant.action) and not BESIDE.match(grant.action)
    if grant.action == workload.writes
]


@pytest.mark.parametrize(
    ("workload", "action"), WRITING, ids=[f"{one.id} {name}" for one, name in WRITING]
)
def test_without_the_permission_to_change_it_nothing_is_changed(
    workload: Workload, action: str, bench: Bench, clock: VirtualClock
) -> None:
    given = workload.prepare(bench)
    door = Door(
        narrow(bench, clock, workload, given, without=action), clock, workload.action, given
    )

    with pytest.raises(AwsRefused, match=action):
        door.shut()


def narrow(
    bench: Bench, clock: VirtualClock, workload: Workload, given: object, *, without: str = ""
) -> BotoAws:
    """A session that may do what the action's PERMISSIONS say, and nothing else."""
    assert isinstance(given, dict)
    made = policy_for([(registry()[workload.action], given)], account=ACCOUNT)
    statements = [
        {**one, "Action": left}
        for one in made["Statement"]
        if (left := [name for name in one["Action"] if name != without])
    ]
    arn = bench.role("narrow", f"arn:aws:iam::{ACCOUNT}:root", *statements)
    who = bench.session(bench.aws.responder(), arn)
    return acting_as(bench.aws, clock, who, region=REGION)
