"""What the organization holds against somebody in an account, and when it can be used."""

from __future__ import annotations

import pytest

from firedoor.aws import BotoAws
from firedoor.clock import VirtualClock
from firedoor.errors import BadInput, Refused
from firedoor.simulator.faults import Fault
from firedoor.simulator.server import SimulatedAws
from tests.actions.conftest import Doors, acting_as
from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, Bench, outcome, policy

READS_BUCKETS = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


def test_what_the_organization_denies_nobody_in_the_account_takes_back(
    bench: Bench, door: Doors
) -> None:
    bench.aws.found_organization(OTHER_ACCOUNT)
    attacker = bench.user("mallory")
    innocent = bench.client("s3", bench.user("alice"))
    iam = bench.client("iam", attacker)
    door("organizations.deny_principal", principal=attacker.arn).shut()

    assert outcome(iam.delete_user_policy, UserName="mallory", PolicyName="x") == "AccessDenied"
    assert outcome(bench.client("s3", attacker).list_buckets) == "AccessDenied"
    assert outcome(innocent.list_buckets) == "allowed"


def test_root_of_a_member_account_is_denied_as_well(bench: Bench, door: Doors) -> None:
    bench.aws.found_organization(OTHER_ACCOUNT)
    root = bench.client("s3", bench.aws.root_key(ACCOUNT))
    before = outcome(root.list_buckets)
    door("organizations.deny_principal", principal=f"arn:aws:iam::{ACCOUNT}:root").shut()

    assert (before, outcome(root.list_buckets)) == ("allowed", "AccessDenied")


def test_undoing_leaves_no_policy_of_ours_behind(bench: Bench, door: Doors) -> None:
    bench.aws.found_organization(OTHER_ACCOUNT)
    shut = door("organizations.deny_principal", principal=bench.user("mallory").arn)
    shut.undo(shut.shut())

    organizations = bench.client("organizations", bench.aws.responder(OTHER_ACCOUNT))
    left = organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
    assert [each["Name"] for each in left] == ["FullAWSAccess"]


def test_a_crash_between_making_and_attaching_is_finished(bench: Bench, door: Doors) -> None:
    bench.aws.found_organization(OTHER_ACCOUNT)
    organizations = bench.client("organizations", bench.aws.responder(OTHER_ACCOUNT))
    organizations.create_policy(
        Name="firedoor-INC-2026-0042-deny-user-mallory",
        Description="made, and then the machine went off",
        Type="SERVICE_CONTROL_POLICY",
        Content=policy({"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}),
    )
    shut = door("organizations.deny_principal", principal=bench.user("mallory").arn)
    shut.shut()

    assert shut.holds() == {True}


def test_while_others_change_the_organization_it_waits_its_turn(
    bench: Bench, door: Doors, sim: SimulatedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    from firedoor.errors import AwsError

    bench.aws.found_organization(OTHER_ACCOUNT)
    busy = [AwsError("busy", code="ConcurrentModificationException", operation="x")] * 2
    call = BotoAws.call

    def sometimes(self: BotoAws, service: str, operation: str, /, **given: object) -> object:
        if operation == "attach_policy" and busy:
            raise busy.pop()
        return call(self, service, operation, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(BotoAws, "call", sometimes)
    shut = door("organizations.deny_principal", principal=bench.user("mallory").arn)
    shut.shut()

    assert (busy, shut.holds()) == ([], {True})


def test_an_account_in_no_organization_is_refused_with_what_to_do_instead(
    bench: Bench, door: Doors
) -> None:
    with pytest.raises(Refused, match="in no organization"):
        door("organizations.deny_principal", principal=bench.user("mallory").arn).changes()


def test_the_management_account_is_refused(bench: Bench, door: Doors) -> None:
    bench.aws.found_organization(ACCOUNT)

    with pytest.raises(Refused, match="management account"):
        door("organizations.deny_principal", principal=bench.user("mallory").arn).changes()


@pytest.mark.parametrize(
    "principal",
    [
        f"arn:aws:iam::{ACCOUNT}:role/firedoor-responder",
        f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1",
    ],
)
def test_what_may_not_be_shut_out_is_refused(bench: Bench, door: Doors, principal: str) -> None:
    bench.aws.found_organization(OTHER_ACCOUNT)

    with pytest.raises(Refused):
        door("organizations.deny_principal", principal=principal).changes()


def test_a_principal_of_another_account_is_no_target(bench: Bench, door: Doors) -> None:
    bench.aws.found_organization(OTHER_ACCOUNT)

    with pytest.raises(BadInput, match="run this where it is at home"):
        door(
            "organizations.deny_principal", principal=f"arn:aws:iam::{OTHER_ACCOUNT}:user/x"
        ).changes()


def lever(door: Doors, arn: str, **more: object) -> tuple[bool, bool]:
    found = door("organizations.find_lever", principal=arn, **more).observe()
    return found.writes_iam, found.scp


def test_a_lever_is_looked_for_where_somebody_may_write_iam(bench: Bench, door: Doors) -> None:
    bench.aws.found_organization(OTHER_ACCOUNT)

    assert lever(door, bench.user("mallory").arn) == (True, True)
    assert lever(door, bench.user("reader", READS_BUCKETS).arn) == (False, False)


def test_where_the_organization_may_not_be_administered_that_is_said(
    bench: Bench, door: Doors, sim: SimulatedAws, clock: VirtualClock
) -> None:
    bench.aws.found_organization(OTHER_ACCOUNT)
    aws = acting_as(sim, clock, sim.responder(), organization_role=f"arn:aws:iam::{ACCOUNT}:role/x")
    found = door("organizations.find_lever", as_=aws, principal=bench.user("mallory").arn).observe()

    assert (found.writes_iam, found.scp) == (True, False)
    assert "FIREDOOR_ORGANIZATION_ROLE" in found.why
    assert found.unknown


def test_what_iam_does_not_say_counts_as_if_he_might(
    bench: Bench, door: Doors, sim: SimulatedAws
) -> None:
    arn = bench.user("reader", READS_BUCKETS).arn
    sim.faults.add(Fault("iam:SimulatePrincipalPolicy", "deny"))

    assert lever(door, arn) == (True, False)
