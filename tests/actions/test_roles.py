"""Who uses a role, how its session was obtained, and what stood in IAM before it was changed."""

from __future__ import annotations

import pytest

from firedoor.actions.contract import Change
from firedoor.clock import VirtualClock
from firedoor.errors import BadInput, NotFound, Refused
from firedoor.kinds import time_text
from firedoor.simulator.credentials import Credentials
from tests.actions.conftest import Door, Doors, case_at
from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, START, Bench, policy

ROLE = "data-reader"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def shared_role(bench: Bench) -> tuple[str, Credentials, Credentials]:
    """A role that mallory and the nightly job have assumed; her session, and her key."""
    arn = bench.role(ROLE, f"arn:aws:iam::{ACCOUNT}:root")
    mallory, nightly = bench.user("mallory"), bench.user("nightly")
    stolen = bench.session(mallory, arn, RoleSessionName="audit")
    bench.session(nightly, arn, RoleSessionName="export")
    return arn, stolen, mallory


def test_the_stolen_session_is_told_apart_and_the_others_are_named(
    bench: Bench, door: Doors
) -> None:
    arn, stolen, mallory = shared_role(bench)
    found = door(
        "cloudtrail.lookup_role_use", arn=arn, access_key_id=stolen.access_key_id
    ).observe()

    assert (found.shared, found.idle, found.alone) == (True, False, False)
    assert found.words == "user nightly (export)"
    assert (found.came_from_user, found.came_from_key) == ("mallory", mallory.access_key_id)
    assert found.keys == [stolen.access_key_id]


def test_of_several_keys_those_of_the_role_s_sessions_tell_the_stolen_one_apart(
    bench: Bench, door: Doors
) -> None:
    arn, stolen, mallory = shared_role(bench)
    elsewhere = bench.session(mallory, bench.role("other", f"arn:aws:iam::{ACCOUNT}:root"))
    keys = [mallory.access_key_id, elsewhere.access_key_id, stolen.access_key_id]
    found = door("cloudtrail.lookup_role_use", arn=arn, access_key_ids=keys).observe()

    assert (found.came_from_user, found.words) == ("mallory", "user nightly (export)")
    assert found.keys == [stolen.access_key_id]


def test_where_none_of_several_keys_is_the_role_s_all_count_as_others(
    bench: Bench, door: Doors
) -> None:
    arn, _, mallory = shared_role(bench)
    found = door(
        "cloudtrail.lookup_role_use", arn=arn, access_key_ids=[mallory.access_key_id]
    ).observe()

    assert [use.name for use in found.others] == ["mallory", "nightly"]
    assert any("which of the role's sessions" in note for note in found.unknown)


def test_without_a_key_or_a_name_all_count_as_others(bench: Bench, door: Doors) -> None:
    arn, _, _ = shared_role(bench)
    found = door("cloudtrail.lookup_role_use", arn=arn).observe()

    assert [use.name for use in found.others] == ["mallory", "nightly"]
    assert any("which of the role's sessions" in note for note in found.unknown)


def test_a_role_that_nobody_else_was_seen_with_is_idle(bench: Bench, door: Doors) -> None:
    arn = bench.role(ROLE, f"arn:aws:iam::{ACCOUNT}:root")
    stolen = bench.session(bench.user("mallory"), arn)
    found = door(
        "cloudtrail.lookup_role_use", arn=arn, access_key_id=stolen.access_key_id
    ).observe()

    assert (found.shared, found.idle, found.words) == (False, True, "nobody else was seen")


def test_a_chain_is_followed_to_its_end(bench: Bench, door: Doors) -> None:
    trusted = f"arn:aws:iam::{ACCOUNT}:root"
    roles = [bench.role(f"hop-{number}", trusted) for number in range(3)]
    who = [bench.user("mallory")]
    for arn in roles:
        who.append(bench.session(who[-1], arn, RoleSessionName="hop"))
    found = door(
        "cloudtrail.lookup_session", role="hop-0", access_key_ids=[who[1].access_key_id]
    ).observe()

    assert [each.name for each in found.assumed_roles] == ["hop-1", "hop-2"]
    assert set(found.key_ids) == {one.access_key_id for one in who[1:]}


def test_the_role_of_a_session_is_found_by_its_key(bench: Bench, door: Doors) -> None:
    _, stolen, _ = shared_role(bench)
    bench.client("s3", stolen).list_buckets()

    assert door("iam.capture_role", access_key_id=stolen.access_key_id).observe().role == ROLE
    with pytest.raises(NotFound, match="no role's session"):
        door("iam.capture_role", access_key_id="ASIAIOSFODNN7EXAMPLE").observe()


def test_the_role_of_an_instance_is_found(bench: Bench, door: Doors) -> None:
    bench.role(ROLE, "*")
    bench.iam.create_instance_profile(InstanceProfileName="web")
    bench.iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName=ROLE)
    ec2 = bench.client("ec2", None, "eu-central-1")
    [made] = ec2.run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, IamInstanceProfile={"Name": "web"}
    )["Instances"]

    assert door("iam.capture_role", instance=made["InstanceId"]).observe().role == ROLE


@pytest.fixture
def thief(bench: Bench) -> Credentials:
    return bench.user("mallory")


def restoring(bench: Bench, door: Doors, thief: Credentials, **said: str) -> Door:
    when = time_text(bench.clock.now())
    return door("iam.restore_policy", when=when, keys=[thief.access_key_id], **said)


def trust(name: str) -> str:
    return policy({"Effect": "Allow", "Principal": {"AWS": name}, "Action": "sts:AssumeRole"})


def test_his_second_change_is_not_taken_for_what_was_there_before(
    bench: Bench, door: Doors, thief: Credentials
) -> None:
    admin = bench.client("iam", bench.user("admin"))
    mine = f"arn:aws:iam::{ACCOUNT}:root"
    admin.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust(mine))
    bench.clock.advance(60)
    stolen = bench.client("iam", thief)
    for name in ("*", thief.arn):
        stolen.update_assume_role_policy(RoleName=ROLE, PolicyDocument=trust(name))
        bench.clock.advance(60)
    restored = restoring(bench, door, thief, how="UpdateAssumeRolePolicy", holder=ROLE)
    restored.shut()

    now = bench.iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
    assert now["Statement"][0]["Principal"]["AWS"] == mine
    assert restored.holds() == {True}


def test_what_somebody_else_has_set_since_is_left_alone(
    bench: Bench, door: Doors, thief: Credentials
) -> None:
    admin = bench.client("iam", bench.user("admin"))
    admin.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust(thief.arn))
    bench.client("iam", thief).update_assume_role_policy(RoleName=ROLE, PolicyDocument=trust("*"))
    restored = restoring(bench, door, thief, how="UpdateAssumeRolePolicy", holder=ROLE)
    bench.clock.advance(60)
    admin.update_assume_role_policy(RoleName=ROLE, PolicyDocument=trust(f"{ACCOUNT}"))

    assert restored.changes() == []
    assert "somebody else has set it since" in restored.proof()[0][1]


def test_what_nobody_knows_is_not_guessed(bench: Bench, door: Doors, thief: Credentials) -> None:
    bench.role(ROLE, f"arn:aws:iam::{ACCOUNT}:root")
    bench.client("iam", thief).update_assume_role_policy(RoleName=ROLE, PolicyDocument=trust("*"))
    restored = restoring(bench, door, thief, how="UpdateAssumeRolePolicy", holder=ROLE)

    assert restored.changes() == []
    assert restored.proof() == [(None, "CloudTrail does not show what stood there before")]


def test_a_call_whose_effect_cannot_be_put_back_is_bad_input(
    bench: Bench, door: Doors, thief: Credentials
) -> None:
    with pytest.raises(BadInput, match="no call whose effect"):
        restoring(bench, door, thief, how="CreateSAMLProvider", holder="x").observe()


def test_an_active_key_is_not_deleted(bench: Bench, door: Doors, thief: Credentials) -> None:
    with pytest.raises(Refused, match="make it inactive first"):
        door("iam.delete_access_keys", user="mallory").changes()


def test_the_deny_is_not_taken_off_before_its_time(
    bench: Bench, door: Doors, thief: Credentials, clock: VirtualClock
) -> None:
    from dataclasses import replace

    door("iam.deny_user", user="mallory").shut()
    release = door("iam.release_user", user="mallory")
    early = replace(case_at(clock), changed=START)
    with pytest.raises(Refused, match=r"stays until 2026-03-15T21:00"):
        release.action.observe(release.aws, release.given, early)
    clock.advance(36 * 3600)
    late = replace(case_at(clock), changed=START)
    seen = release.action.observe(release.aws, release.given, late)
    assert release.action.changes
    found: list[Change] = release.action.changes(release.given, seen, late)

    assert [change.to for change in found] == [None]


def test_a_root_user_out_of_reach_is_left_to_people_with_a_list(door: Doors, bench: Bench) -> None:
    found = door("iam.capture_root_user").observe()

    assert (found.central, found.not_kept) == (False, ("iam.root_credentials",))
    assert "mailbox" in found.unknown[1]


def test_a_person_of_identity_center_is_found_by_name_and_the_order_is_said(
    bench: Bench, door: Doors
) -> None:
    from tests.actions.worlds import assigned_person

    given = assigned_person(bench, "Admin")
    found = door(
        "identitycenter.capture_user", user_name="ada.example", region="eu-central-1"
    ).observe()

    assert (found.user_id, [each.id for each in found.accounts]) == (given["user_id"], [ACCOUNT])
    assert [note[:9] for note in found.unknown] == [
        "by hand, ",
        "by hand: ",
        "by hand: ",
        "by hand: ",
    ]
    assert OTHER_ACCOUNT not in {each.account for each in found.assignments}
