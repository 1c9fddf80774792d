"""What is kept of a user before anything is changed, and the account's credential report."""

from __future__ import annotations

from firedoor.clock import VirtualClock
from firedoor.simulator.faults import Fault
from firedoor.simulator.server import SimulatedAws
from tests.actions.conftest import USER, Doors
from tests.simulator.conftest import Bench, outcome


def test_capture_keeps_tags_boundary_devices_and_the_last_use_of_keys(
    bench: Bench, door: Doors, clock: VirtualClock
) -> None:
    key = bench.user(USER)
    bench.client("s3", key).list_buckets()
    bench.iam.tag_user(UserName=USER, Tags=[{"Key": "team", "Value": "ci"}])
    bound = bench.iam.create_policy(
        PolicyName="bound",
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*",'
        '"Resource":"*"}]}',
    )["Policy"]["Arn"]
    bench.iam.put_user_permissions_boundary(UserName=USER, PermissionsBoundary=bound)
    device = bench.iam.create_virtual_mfa_device(VirtualMFADeviceName="m")["VirtualMFADevice"]
    bench.iam.enable_mfa_device(
        UserName=USER,
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1="123456",
        AuthenticationCode2="234567",
    )
    found = door("iam.capture_user", user=USER).observe()
    content = found.keep[0].content

    assert (found.key_ids, found.active_keys) == ([key.access_key_id], 1)
    assert (found.mfa_devices, found.has_console, found.unknown) == (1, False, ())
    assert content["user"]["Tags"] == [{"Key": "team", "Value": "ci"}]
    assert content["user"]["PermissionsBoundary"]["Document"]["Statement"][0]["Action"] == "*"
    assert content["access_keys"][0]["LastUsed"]["ServiceName"] == "s3"
    assert key.secret_access_key not in str(found)


def test_capture_says_what_it_may_not_read_and_takes_an_unread_password_to_exist(
    bench: Bench, door: Doors, sim: SimulatedAws
) -> None:
    bench.user(USER)
    for operation in ("iam:GetLoginProfile", "iam:ListGroupsForUser", "iam:GetAccessKeyLastUsed"):
        sim.faults.add(Fault(operation, "deny"))
    found = door("iam.capture_user", user=USER).observe()

    assert found.has_console is True
    assert len(found.key_ids) == 1
    assert sorted(note.split(" of ")[0] for note in found.unknown) == ["groups", "login profile"]


def test_capture_of_a_deleted_user_says_so(bench: Bench, door: Doors) -> None:
    found = door("iam.capture_user", user="nobody").observe()

    assert (found.has_console, found.key_ids) == (False, [])
    assert len(found.unknown) == 1
    assert "IAM no longer knows anything of 'nobody'" in found.unknown[0]


def test_a_credential_report_that_is_cached_is_said_to_be(
    bench: Bench, door: Doors, clock: VirtualClock
) -> None:
    bench.user(USER)
    fresh = door("iam.capture_credential_report").observe()
    clock.advance(3600)
    cached = door("iam.capture_credential_report").observe()

    assert fresh.unknown == ()
    assert cached.age_seconds >= 3600
    assert "60 min old: AWS answered with a cached one" in cached.unknown[0]
    assert USER in fresh.keep[0].content
    assert outcome(bench.iam.get_credential_report) == "allowed"
