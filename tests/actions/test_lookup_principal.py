"""Following a user in CloudTrail: his sessions, what he left behind, and how much is asked."""

from __future__ import annotations

from typing import Any

import pytest

from firedoor.actions.registry import registry
from firedoor.aws import BotoAws
from firedoor.clock import VirtualClock
from firedoor.kinds import time_text
from firedoor.library import Library
from firedoor.planning import make_plan
from firedoor.simulator.credentials import Credentials
from firedoor.simulator.faults import Fault
from firedoor.simulator.server import SimulatedAws
from tests.actions.conftest import USER, Doors
from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, Bench, policy, session_of


@pytest.fixture
def mallory(bench: Bench) -> Credentials:
    """Who holds the leaked key of the user."""
    return bench.user(USER)


@pytest.fixture
def iam(bench: Bench, mallory: Credentials) -> Any:
    """IAM, as who holds the leaked key."""
    return bench.client("iam", mallory)


def lookup(door: Doors, **more: Any) -> Any:
    return door("cloudtrail.lookup_principal", user=USER, lookback="48h", **more).observe()


def key_of(answer: dict[str, Any]) -> Credentials:
    key = answer["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"], None, "")


def test_sessions_are_followed_three_hands_on(
    bench: Bench, mallory: Credentials, door: Doors
) -> None:
    first = bench.role("first", f"arn:aws:iam::{ACCOUNT}:root")
    second = bench.role("second", f"arn:aws:iam::{ACCOUNT}:root")
    third = bench.role("third", f"arn:aws:iam::{ACCOUNT}:root")
    one = bench.session(mallory, first)
    two = bench.session(one, second)
    three = bench.session(two, third)
    bench.client("iam", three).create_user(UserName="back-door")
    found = lookup(door)

    assert [role.name for role in found.assumed_roles] == ["first", "second", "third"]
    assert [user.name for user in found.created_users] == ["back-door"]
    assert {one.access_key_id, two.access_key_id, three.access_key_id} <= set(found.key_ids)


def test_a_federated_session_is_followed(bench: Bench, mallory: Credentials, door: Doors) -> None:
    allowed = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
    answer = bench.client("sts", mallory).get_federation_token(Name="other", Policy=allowed)
    held = session_of(answer)
    bench.client("ec2", held, region="eu-central-1").describe_regions()
    found = lookup(door)

    assert held.access_key_id in found.key_ids
    assert found.seen[-1].key == held.access_key_id


def test_the_last_session_of_a_role_is_told_so_that_it_can_be_cut(
    bench: Bench, mallory: Credentials, door: Doors, clock: VirtualClock
) -> None:
    arn = bench.role("data-reader", f"arn:aws:iam::{ACCOUNT}:root")
    bench.session(mallory, arn)
    began = time_text(clock.now())
    clock.advance(600)
    bench.session(mallory, arn)
    ended = time_text(clock.now())
    role = lookup(door).assumed_roles[0]

    assert (role.when, role.last, len(role.sessions)) == (began, ended, 2)


def test_a_role_in_another_account_is_said_to_be_contained_there(
    sim: SimulatedAws, mallory: Credentials, door: Doors
) -> None:
    arn = f"arn:aws:iam::{OTHER_ACCOUNT}:role/theirs"
    sim.seed_history([event(mallory, "AssumeRole", roleArn=arn)])
    found = lookup(door)

    assert found.assumed_roles == []
    assert f"it assumed {arn} in another account: contain it there" in found.unknown


def test_a_role_that_was_switched_to_in_the_console_is_found(
    sim: SimulatedAws, mallory: Credentials, door: Doors
) -> None:
    switch = event(mallory, "SwitchRole")
    switch["userIdentity"] = {
        "type": "AssumedRole",
        "principalId": f"AROA:{USER}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/data-reader/{USER}",
        "accountId": ACCOUNT,
    }
    switch["additionalEventData"] = {"SwitchFrom": f"arn:aws:iam::{ACCOUNT}:user/{USER}"}
    sim.seed_history([switch])

    assert [role.name for role in lookup(door).assumed_roles] == ["data-reader"]


def test_the_session_of_a_role_that_only_bears_the_user_s_name_is_not_his(
    bench: Bench, mallory: Credentials, door: Doors
) -> None:
    arn = bench.role("data-reader", f"arn:aws:iam::{ACCOUNT}:root")
    honest = bench.session(bench.aws.responder(), arn, RoleSessionName=USER)
    bench.client("iam", honest).create_user(UserName="honest")

    assert lookup(door).created_users == []


def test_a_created_user_is_found_under_the_name_that_he_was_given_later(
    iam: Any, door: Doors
) -> None:
    iam.create_user(UserName="one")
    iam.create_access_key(UserName="one")
    iam.update_user(UserName="one", NewUserName="two")
    iam.create_user(UserName="short-lived")
    iam.delete_user(UserName="short-lived")
    found = lookup(door)

    assert [user.name for user in found.created_users] == ["two"]
    assert found.touched_users == []


def test_what_failed_left_nothing_behind(bench: Bench, door: Doors) -> None:
    key = bench.user(USER, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    with pytest.raises(Exception, match="AccessDenied"):
        bench.client("iam", key).create_user(UserName="back-door")
    found = lookup(door)

    assert (found.created_users, found.denied) == ([], 1)
    assert [(one.event, one.error) for one in found.seen] == [("CreateUser", "AccessDenied")]


def test_credentials_made_for_users_who_were_there_before_are_told_one_by_one(
    bench: Bench, iam: Any, door: Doors, clock: VirtualClock
) -> None:
    own = bench.user("alice").access_key_id
    bench.iam.update_access_key(UserName="alice", AccessKeyId=own, Status="Inactive")
    made = iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"]
    iam.update_access_key(UserName="alice", AccessKeyId=own, Status="Active")
    bench.iam.create_user(UserName="bob")
    iam.create_login_profile(UserName="bob", Password="Winter-Wall-27")
    bench.iam.create_user(UserName="carol")
    special = iam.create_service_specific_credential(
        UserName="carol", ServiceName="bedrock.amazonaws.com"
    )["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
    ssh = iam.upload_ssh_public_key(UserName="carol", SSHPublicKeyBody="ssh-rsa AAAAB3Nza x")
    iam.create_access_key(UserName=USER)
    found = lookup(door)

    assert found.touched_users == ["alice", "bob", "carol"]
    assert [(one.user, one.access_key_id, one.how) for one in found.made_keys] == [
        ("alice", made, "created"),
        ("alice", own, "made active"),
    ]
    assert [(one.user, one.how) for one in found.made_passwords] == [("bob", "created")]
    assert [one.credential_id for one in found.made_credentials] == [
        special,
        ssh["SSHPublicKey"]["SSHPublicKeyId"],
    ]


def test_what_he_took_away_again_himself_is_left_out(bench: Bench, iam: Any, door: Doors) -> None:
    bench.iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
    iam.delete_access_key(UserName="bob", AccessKeyId=key)
    iam.create_login_profile(UserName="bob", Password="Winter-Wall-27")
    iam.delete_login_profile(UserName="bob")

    assert lookup(door).touched_users == []


def test_a_key_made_for_another_user_is_followed_and_its_sessions_are_said_to_outlive_it(
    bench: Bench, iam: Any, door: Doors
) -> None:
    bench.user("alice")
    made = key_of(iam.create_access_key(UserName="alice"))
    bench.client("sts", made).get_session_token()
    bench.client("iam", made).create_user(UserName="back-door")
    found = lookup(door)

    assert [user.name for user in found.created_users] == ["back-door"]
    assert any("minted with the key that he made for 'alice'" in note for note in found.unknown)


def test_roles_and_rights_that_he_changed_are_told(bench: Bench, iam: Any, door: Doors) -> None:
    trust = policy({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
    bench.role("old", f"arn:aws:iam::{ACCOUNT}:root")
    iam.create_role(RoleName="new", AssumeRolePolicyDocument=trust)
    iam.update_assume_role_policy(RoleName="old", PolicyDocument=trust)
    iam.attach_role_policy(RoleName="new", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    found = lookup(door)

    assert [(role.name, role.how) for role in found.changed_roles] == [
        ("new", "created"),
        ("old", "trust policy changed"),
    ]
    assert [one.what for one in found.widened] == [
        "arn:aws:iam::aws:policy/AdministratorAccess → new"
    ]


def test_a_user_who_was_renamed_is_found_by_his_keys_under_the_name_before(
    sim: SimulatedAws, mallory: Credentials, door: Doors
) -> None:
    before = event(mallory, "CreateUser", userName="back-door")
    before["userIdentity"]["userName"] = "the-name-before"
    sim.seed_history([before])

    assert lookup(door).created_users == []
    found = lookup(door, access_key_ids=[mallory.access_key_id])
    assert [user.name for user in found.created_users] == ["back-door"]


def test_noise_does_not_bury_what_he_created(
    sim: SimulatedAws, mallory: Credentials, door: Doors
) -> None:
    sim.seed_history(
        [event(mallory, "CreateUser", userName="back-door")]
        + [event(mallory, "ListUsers") for _ in range(600)]
    )
    found = lookup(door)

    assert [user.name for user in found.created_users] == ["back-door"]
    assert any("has more than 500 events" in note for note in found.unknown)


def test_what_is_told_of_many_events_are_the_notable_and_the_latest_oldest_first(
    sim: SimulatedAws, mallory: Credentials, door: Doors
) -> None:
    sim.seed_history(
        [event(mallory, "CreateUser", userName="back-door")]
        + [event(mallory, "ListUsers") for _ in range(250)]
    )
    found = lookup(door)

    assert (len(found.seen), found.seen_left_out) == (200, 51)
    assert (found.seen[0].event, found.seen[0].resource) == ("CreateUser", "back-door")
    assert [one.when for one in found.seen] == sorted(one.when for one in found.seen)


def test_an_event_is_told_with_who_where_from_and_on_what(
    bench: Bench, mallory: Credentials, door: Doors
) -> None:
    bench.client("iam", mallory, ip="203.0.113.66").create_user(UserName="back-door")
    seen = lookup(door).seen[0]

    assert (seen.source, seen.event, seen.error) == ("iam.amazonaws.com", "CreateUser", "")
    assert (seen.ip, seen.region, seen.resource) == ("203.0.113.66", "us-east-1", "back-door")
    assert (seen.key, seen.identity) == (
        mallory.access_key_id,
        f"arn:aws:iam::{ACCOUNT}:user/{USER}",
    )
    assert "Boto3" in seen.agent


def test_the_number_of_requests_does_not_grow_with_the_account(
    bench: Bench, mallory: Credentials, door: Doors, sim: SimulatedAws
) -> None:
    bench.session(mallory, bench.role("data-reader", f"arn:aws:iam::{ACCOUNT}:root"))
    lookup(door)
    asked = []
    for grown in (0, 60):
        for number in range(grown):
            bench.client("iam", bench.user(f"user-{number}")).list_users()
        sim.reset_calls()
        lookup(door)
        asked.append(sim.calls.total())

    assert asked[0] == asked[1]


def test_look_ups_keep_to_two_a_second_in_a_region(
    bench: Bench, mallory: Credentials, door: Doors, sim: SimulatedAws
) -> None:
    arn = bench.role("data-reader", f"arn:aws:iam::{ACCOUNT}:root")
    for _ in range(5):
        bench.session(mallory, arn)
    sim.trail.throttle = 2
    found = lookup(door)

    assert len(found.assumed_roles[0].sessions) == 5
    assert not [note for note in found.unknown if "could not be read" in note]


def test_a_throttled_look_up_is_made_again(
    mallory: Credentials, iam: Any, door: Doors, sim: SimulatedAws
) -> None:
    iam.create_user(UserName="back-door")
    # The SDK tries a read four times; this outlasts it once.
    sim.faults.add(Fault("cloudtrail:LookupEvents", "throttle", times=8))

    assert [user.name for user in lookup(door).created_users] == ["back-door"]


def test_a_region_that_may_not_be_read_is_said(
    mallory: Credentials, door: Doors, sim: SimulatedAws
) -> None:
    sim.faults.add(Fault("cloudtrail:LookupEvents", "deny", times=1))
    sim.faults.add(Fault("ec2:DescribeRegions", "deny"))
    notes = lookup(door).unknown

    assert any("could not be read: AccessDenied" in note for note in notes)
    assert any("no other Region was listed" in note for note in notes)


def test_nothing_that_succeeded_since_is_quiet_and_what_was_denied_is_counted(
    bench: Bench, mallory: Credentials, door: Doors, aws: BotoAws, clock: VirtualClock
) -> None:
    session = session_of(bench.client("sts", mallory).get_session_token())
    door("iam.deny_user", user=USER).shut()
    clock.advance(2)
    since = time_text(clock.now())
    clock.advance(60)
    with pytest.raises(Exception, match="AccessDenied"):
        bench.client("s3", session, region="eu-central-1").list_buckets()
    watch = door("cloudtrail.watch_principal", user=USER, since=since)
    quiet = watch.observe()
    bench.iam.delete_user_policy(UserName=USER, PolicyName="firedoor-INC-2026-0042-deny")
    bench.client("ec2", session, region="eu-central-1").describe_regions()
    loud = watch.observe()

    assert (quiet.quiet, quiet.attempts, quiet.checks[0].holds) == (True, 1, True)
    assert (loud.quiet, loud.checks[0].holds) == (False, False)
    assert [one.event for one in loud.successes] == ["DescribeRegions"]
    assert [one.event for one in loud.seen] == ["ListBuckets", "DescribeRegions"]


def test_watching_looks_in_every_region(
    sim: SimulatedAws, mallory: Credentials, door: Doors, clock: VirtualClock
) -> None:
    since = time_text(clock.now())
    clock.advance(60)
    far = event(mallory, "RunInstances")
    far.update(eventTime=clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"), awsRegion="us-east-1")
    sim.seed_history([far])
    watch = door("cloudtrail.watch_principal", user=USER, since=since)

    assert watch.observe().quiet is False
    assert sim.calls["ec2:DescribeRegions"] == 1


def test_where_nothing_can_be_read_nothing_is_claimed(
    mallory: Credentials, door: Doors, sim: SimulatedAws
) -> None:
    sim.faults.add(Fault("cloudtrail:LookupEvents", "deny"))
    found = door("cloudtrail.watch_principal", user=USER).observe()

    assert found.checks == ()
    assert any("could not be read" in note for note in found.unknown)


def test_the_runbook_shuts_just_what_was_made_for_others_and_cuts_sessions_up_to_the_last(
    bench: Bench, mallory: Credentials, iam: Any, aws: BotoAws
) -> None:
    own = bench.user("alice").access_key_id
    made = iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"]
    bench.iam.create_user(UserName="bob")
    iam.create_login_profile(UserName="bob", Password="Winter-Wall-27")
    special = iam.create_service_specific_credential(
        UserName="bob", ServiceName="bedrock.amazonaws.com"
    )["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
    bench.session(mallory, bench.role("data-reader", f"arn:aws:iam::{ACCOUNT}:root"))
    program = Library.open().program("compromised-credentials")

    plan = make_plan(program, {"user": USER, "lookback": "48h"}, aws, registry(), {})
    resources = {
        step.id: [change.resource.partition(":user/")[2] for change in step.changes]
        for step in plan.steps
        if step.changes
    }

    assert resources["made_keys.0"] == [f"alice#access-key/{made}"]
    assert resources["made_passwords.0"] == ["bob#login-profile"]
    assert resources["made_credentials.0"] == [f"bob#service-credential/{special}"]
    assert "sessions.0" in resources
    assert own not in str(plan.changes)


def event(who: Credentials, name: str, **asked: Any) -> dict[str, Any]:
    """A past call of a user, in us-east-1, an hour ago."""
    return {
        "eventName": name,
        "eventSource": "iam.amazonaws.com",
        "eventTime": "2026-03-14T08:00:00Z",
        "userIdentity": {
            "type": "IAMUser",
            "userName": USER,
            "arn": who.arn,
            "accountId": ACCOUNT,
            "accessKeyId": who.access_key_id,
        },
        "requestParameters": dict(asked) or None,
    }
