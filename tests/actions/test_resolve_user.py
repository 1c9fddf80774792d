"""Whose a key is: long-term, temporary, deleted, root's, a role's, another account's."""

from __future__ import annotations

import pytest

from firedoor.clock import VirtualClock
from firedoor.errors import BadInput, NotFound, Refused
from firedoor.simulator.faults import Fault
from firedoor.simulator.server import SimulatedAws
from tests.actions.conftest import USER, Doors, acting_as
from tests.actions.test_user_actions import delete
from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, Bench, session_of


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
    bench: Bench, door: Doors, sim: SimulatedAws, clock: VirtualClock
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
    here = acting_as(sim, clock, sim.responder(), region="us-east-1")
    found = door("iam.resolve_user", as_=here, access_key_id="ASIAIOSFODNN7EXAMPLE").observe()

    assert found.user == USER


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
