"""Instances: what is kept of one, what isolating one meets, and what somebody launched."""

from __future__ import annotations

from typing import Any

import pytest

from firedoor.actions.registry import registry
from firedoor.aws import BotoAws
from firedoor.clock import VirtualClock
from firedoor.errors import AwsRefused, BadInput, NotFound, Refused, RunFailed
from firedoor.masking import masked
from firedoor.simulator.faults import Fault
from firedoor.simulator.server import SimulatedAws
from tests.actions.conftest import Doors, acting_as, case_at, given
from tests.actions.machines import REGION, ec2, group, plain, public_snapshot, with_profile
from tests.simulator.conftest import OTHER_ACCOUNT, Bench

ISOLATION = "firedoor-INC-2026-0042-isolation"


def observed(aws: BotoAws, clock: VirtualClock, action: str, **values: Any) -> Any:
    return registry()[action].observe(aws, given(action, values), case_at(clock))


def test_an_instance_is_kept_with_its_user_data_in_words_and_its_secrets_masked(
    bench: Bench, aws: BotoAws, clock: VirtualClock
) -> None:
    found = observed(aws, clock, "ec2.capture_instance", **with_profile(bench))
    kept = found.keep[0].content

    assert (found.role, found.interfaces, found.managed) == ("web-role", 1, True)
    assert "DB_PASSWORD=Winter-Wall-27" in kept["user_data"]["text"]
    assert "Winter-Wall-27" not in str(masked(kept))
    assert found.not_kept == ()


def test_what_may_not_be_read_of_an_instance_is_said_and_the_rest_is_kept(
    bench: Bench, aws: BotoAws, clock: VirtualClock, sim: SimulatedAws
) -> None:
    values = plain(bench)
    sim.faults.add(Fault("ec2:GetConsoleOutput", "deny"))
    found = observed(aws, clock, "ec2.capture_instance", **values)

    assert found.found
    assert found.not_kept == ("ec2.console_output",)
    assert any("console output" in note for note in found.unknown)


def test_an_instance_that_is_gone_is_no_error_to_any_action(
    aws: BotoAws, clock: VirtualClock, door: Doors
) -> None:
    gone = {"instance": "i-0123456789abcdef0", "region": REGION}
    found = observed(aws, clock, "ec2.capture_instance", **gone)
    mutating = ("protect_instance", "isolate_interfaces", "stop_instance", "terminate_instance")

    assert (found.found, len(found.unknown)) == (False, 1)
    for name in mutating:
        assert door(f"ec2.{name}", **gone).changes() == []


def test_a_group_of_our_name_that_somebody_filled_with_rules_is_emptied_and_not_trusted(
    bench: Bench, door: Doors
) -> None:
    values = plain(bench)
    group(bench, ISOLATION)
    isolate = door("ec2.isolate_interfaces", **values)

    assert False in isolate.holds()
    # Made by somebody else it bears no tag of ours, which real permissions would want.
    made = isolate.shut()
    groups = ec2(bench).describe_security_groups(
        Filters=[{"Name": "group-name", "Values": [ISOLATION]}]
    )["SecurityGroups"]

    assert isolate.holds() == {True}
    assert groups[0]["IpPermissionsEgress"] == []
    assert made[0].lost


def test_isolating_says_that_open_connections_may_live_on(bench: Bench, door: Doors) -> None:
    isolate = door("ec2.isolate_interfaces", **plain(bench))
    isolate.shut()

    assert "may live on" in isolate.proof()[0][1]


def test_an_interface_added_after_isolation_breaks_the_proof(bench: Bench, door: Doors) -> None:
    values = plain(bench)
    isolate = door("ec2.isolate_interfaces", **values)
    isolate.shut()
    subnet = ec2(bench).describe_subnets()["Subnets"][0]["SubnetId"]
    added = ec2(bench).create_network_interface(SubnetId=subnet, Groups=[group(bench, "late")])
    ec2(bench).attach_network_interface(
        NetworkInterfaceId=added["NetworkInterface"]["NetworkInterfaceId"],
        InstanceId=values["instance"],
        DeviceIndex=1,
    )

    assert False in isolate.holds()
    isolate.shut()
    assert isolate.holds() == {True}


def test_half_isolated_and_refused_it_does_not_hold_and_goes_on_where_it_stopped(
    bench: Bench, door: Doors, sim: SimulatedAws
) -> None:
    isolate = door("ec2.isolate_interfaces", **plain(bench))
    fault = sim.faults.add(Fault("ec2:ModifyNetworkInterfaceAttribute", "deny"))
    with pytest.raises(AwsRefused):
        isolate.shut()
    sim.faults.remove(fault)

    assert isolate.holds() == {False}
    assert [change.what for change in isolate.changes()] == ["security groups"]


def test_undoing_isolation_when_a_former_group_is_gone_says_what_to_do(
    bench: Bench, door: Doors
) -> None:
    isolate = door("ec2.isolate_interfaces", **plain(bench))
    made = isolate.shut()
    for name in made[-1].from_:
        ec2(bench).delete_security_group(GroupId=name)

    with pytest.raises(RunFailed, match="has been deleted; put the groups on it by hand"):
        isolate.undo(made)


def test_undoing_too_late_says_that_the_instance_is_gone(bench: Bench, door: Doors) -> None:
    values = plain(bench)
    protect = door("ec2.protect_instance", **values)
    made = protect.shut()
    door("ec2.terminate_instance", **values).shut()
    bench.aws.faults.add(Fault("ec2:ModifyInstanceAttribute", "deny", times=0))

    assert door("ec2.stop_instance", **values).changes() == []
    assert protect.holds() == {True}
    assert made


def test_the_machine_that_firedoor_runs_on_is_refused(
    bench: Bench, clock: VirtualClock, sim: SimulatedAws
) -> None:
    values = plain(bench)
    arn = bench.role("runner", f"arn:aws:iam::{bench.aws.accounts[0]}:root")
    own = bench.session(sim.responder(), arn, RoleSessionName=values["instance"])
    aws = acting_as(sim, clock, own)

    with pytest.raises(Refused, match="the machine that firedoor runs on"):
        observed(aws, clock, "ec2.isolate_interfaces", **values)


def test_no_room_before_what_a_network_acl_allows_is_said(bench: Bench, door: Doors) -> None:
    values = plain(bench)
    for acl in ec2(bench).describe_network_acls()["NetworkAcls"]:
        ec2(bench).create_network_acl_entry(
            NetworkAclId=acl["NetworkAclId"],
            RuleNumber=1,
            Protocol="-1",
            RuleAction="allow",
            Egress=True,
            CidrBlock="0.0.0.0/0",
        )

    with pytest.raises(RunFailed, match="nothing fits before it"):
        door("ec2.deny_address", **values, address="203.0.113.9").changes()


def test_who_took_a_shared_snapshot_is_named(
    bench: Bench, aws: BotoAws, clock: VirtualClock, sim: SimulatedAws
) -> None:
    name = public_snapshot(bench)["snapshot"]
    taker = bench.client("ec2", sim.responder(OTHER_ACCOUNT), region=REGION)
    taker.create_volume(SnapshotId=name, AvailabilityZone=f"{REGION}a")
    found = observed(aws, clock, "ec2.capture_sharing", snapshot=name, region=REGION)

    assert (found.public, found.accounts) == (True, [OTHER_ACCOUNT])
    assert found.taken == [OTHER_ACCOUNT]
    assert found.shared_with == f"{OTHER_ACCOUNT}, everybody"


def test_sharing_wants_one_thing_to_look_at(aws: BotoAws, clock: VirtualClock) -> None:
    with pytest.raises(BadInput, match="one of snapshot and image"):
        observed(aws, clock, "ec2.capture_sharing")


def test_what_a_user_launched_and_shared_is_found_in_every_region(
    bench: Bench, aws: BotoAws, clock: VirtualClock, sim: SimulatedAws
) -> None:
    thief = bench.user("ci-deployer")
    launched = []
    for region in sim.regions:
        client = bench.client("ec2", thief, region=region)
        made = client.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)
        launched.append((made["Instances"][0]["InstanceId"], region))
    snapshot = public_snapshot(bench)["snapshot"]
    theirs = bench.client("ec2", thief, region=REGION)
    theirs.modify_snapshot_attribute(
        SnapshotId=snapshot,
        Attribute="createVolumePermission",
        OperationType="add",
        GroupNames=["all"],
    )
    clock.advance(1)
    found = observed(aws, clock, "cloudtrail.lookup_launches", user="ci-deployer")
    shares = observed(aws, clock, "cloudtrail.lookup_shares", user="ci-deployer")

    assert {(one.instance, one.region) for one in found.instances} == set(launched)
    assert [(one.snapshot, one.region) for one in shares.shared] == [(snapshot, REGION)]


def test_what_another_user_launched_is_not_his(
    bench: Bench, aws: BotoAws, clock: VirtualClock
) -> None:
    bench.user("ci-deployer")
    other = bench.client("ec2", bench.user("somebody"), region=REGION)
    other.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)
    clock.advance(1)
    found = observed(aws, clock, "cloudtrail.lookup_launches", user="ci-deployer")

    assert found.instances == []


def test_a_group_that_was_deleted_cannot_be_scaled_back(bench: Bench, door: Doors) -> None:
    scale = door("autoscaling.scale_group", group="nothing-there", region=REGION)

    assert scale.changes() == []
    assert scale.holds() == {True}
    with pytest.raises(NotFound, match="has been deleted since"):
        scale.action.apply(scale.aws, scale.given, None, scale.case)  # type: ignore[misc]
