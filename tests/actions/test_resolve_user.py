"""Whose a key is: long-term, temporary, deleted, root's, a role's, another account's."""

from __future__ import annotations

import pytest

from firedoor.clock import VirtualClock
from firedoor.errors import BadInput, NotFound, Refused
from firedoor.simulator.faults import Fault
from firedoor.simulator.server import SimulatedAws
from tests.actions.conftest import USER, Doors
from tests.actions.test_user_actions import delete
from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, Bench, outcome, session_of


def test_a_name_is_resolved_to_the_user_with_its_path(bench: Bench, door: Doors) -> None:
    bench.iam.create_user(UserName=USER, Path="/ci/eu/")
    found = door("iam.resolve_user", user=USER).observe()

    assert (found.user, found.deleted) == (USER, False)
    assert found.arn == f"arn:aws:iam::{ACCOUNT}:user/ci/eu/{USER}"


def test_a_long_term_key_is_resolved_to_its_owner(bench: Bench, door: Doors) -> None:
    key = bench.user(USER).access_key_id
    found = door("iam.resolve_user", access_key_id=key).observe()

    assert (found.user, found.access_key_id) == (USER, key)


def test_the_key_of_a_session_is_resolved_by_what_it_did(bench: Bench, door: Doors) -> None:
    session = session_of(bench.client("sts", bench.user(USER)).get_session_token())
    bench.client("s3", session, region="eu-central-1").list_buckets()
    found = door("iam.resolve_user", access_key_id=session.access_key_id).observe()

    assert (found.user, found.access_key_id) == (USER, None)


def test_a_session_that_acted_only_in_a_far_region_is_found_there(
    bench: Bench, door: Doors, sim: SimulatedAws
) -> None:
    sim.seed_history(
        [
            {
                "eventName": "DescribeInstances",
                "eventSource": "ec2.amazonaws.com",
                "awsRegion": "eu-central-1",
                "userIdentity": {
                    "type": "IAMUser",
                    "userName": USER,
                    "accountId": ACCOUNT,
                    "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
                },
            }
        ]
    )
    bench.user(USER)
    near = door("iam.resolve_user", access_key_id="ASIAIOSFODNN7EXAMPLE")
    near.aws._region = "us-east-1"  # type: ignore[attr-defined]

    assert near.observe().user == USER


def test_the_key_of_a_role_s_session_is_refused_with_what_to_do(bench: Bench, door: Doors) -> None:
    arn = bench.role("data-reader", f"arn:aws:iam::{ACCOUNT}:root")
    session = bench.session(bench.user(USER), arn)
    bench.client("s3", session).list_buckets()

    with pytest.raises(Refused, match=r"role 'data-reader'.*cut the role's sessions"):
        door("iam.resolve_user", access_key_id=session.access_key_id).observe()


def test_a_session_that_did_nothing_yet_is_not_found_and_that_is_said(door: Doors) -> None:
    with pytest.raises(NotFound, match="events take up to 15 minutes"):
        door("iam.resolve_user", access_key_id="ASIAIOSFODNN7EXAMPLE").observe()


def test_a_deleted_key_is_resolved_by_what_it_did(bench: Bench, door: Doors) -> None:
    key = bench.user(USER)
    bench.client("s3", key).list_buckets()
    bench.iam.delete_access_key(UserName=USER, AccessKeyId=key.access_key_id)
    found = door("iam.resolve_user", access_key_id=key.access_key_id).observe()

    assert (found.user, found.deleted) == (USER, False)


def test_a_deleted_user_is_still_followed_by_name_and_by_key(bench: Bench, door: Doors) -> None:
    key = bench.user(USER)
    bench.client("s3", key).list_buckets()
    delete(bench, USER)
    by_name = door("iam.resolve_user", user=USER).observe()
    by_key = door("iam.resolve_user", access_key_id=key.access_key_id).observe()

    assert [found.deleted for found in (by_name, by_key)] == [True, True]
    assert [found.user for found in (by_name, by_key)] == [USER, USER]
    assert "sessions of roles that it assumed are not" in by_name.unknown[0]


def test_a_name_that_never_was_is_not_found(door: Doors) -> None:
    with pytest.raises(NotFound, match="check the name and the account"):
        door("iam.resolve_user", user="nobody").observe()


def test_a_key_of_another_account_is_said_to_be_of_that_account(
    bench: Bench, door: Doors, sim: SimulatedAws
) -> None:
    theirs = bench.client("iam", sim.responder(OTHER_ACCOUNT))
    theirs.create_user(UserName="theirs")
    key = theirs.create_access_key(UserName="theirs")["AccessKey"]["AccessKeyId"]

    with pytest.raises(NotFound, match=f"is of account {OTHER_ACCOUNT}"):
        door("iam.resolve_user", access_key_id=key).observe()


def test_a_key_of_the_root_user_is_refused_with_what_to_do(door: Doors, sim: SimulatedAws) -> None:
    root = {
        "type": "Root",
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "accountId": ACCOUNT,
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
    }
    sim.seed_history(
        [
            {
                "eventName": "ListUsers",
                "eventSource": "iam.amazonaws.com",
                "userIdentity": root,
            }
        ]
    )

    with pytest.raises(Refused, match="root user: sign in as root"):
        door("iam.resolve_user", access_key_id="AKIAIOSFODNN7EXAMPLE").observe()


def test_a_user_and_a_key_of_somebody_else_are_refused_together(bench: Bench, door: Doors) -> None:
    key = bench.user(USER).access_key_id
    bench.user("alice")

    with pytest.raises(BadInput, match=f"belongs to '{USER}', not to 'alice'"):
        door("iam.resolve_user", user="alice", access_key_id=key).observe()


def test_nothing_given_is_bad_input(door: Doors) -> None:
    with pytest.raises(BadInput, match="neither a user nor an access key"):
        door("iam.resolve_user").observe()


def test_where_cloudtrail_may_not_be_read_the_refusal_is_told(
    door: Doors, sim: SimulatedAws
) -> None:
    sim.faults.add(Fault("cloudtrail:LookupEvents", "deny"))

    with pytest.raises(NotFound, match="could not be read: AccessDenied"):
        door("iam.resolve_user", access_key_id="ASIAIOSFODNN7EXAMPLE").observe()


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
