"""What shuts a user out: keys, the deny, the console, other credentials; in particular cases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from firedoor.actions.contract import Case
from firedoor.actions.iam import deny_user, disable_access_keys
from firedoor.actions.iam._user import UserState, characters, refuse_own
from firedoor.actions.registry import registry
from firedoor.clock import VirtualClock
from firedoor.errors import AwsError, BadInput, NotFound, Refused, RunFailed
from firedoor.simulator.credentials import Credentials
from firedoor.simulator.faults import Fault
from firedoor.simulator.server import SimulatedAws
from tests.actions.conftest import DENY_ALL_ARN, USER, Doors, acting_as, given
from tests.actions.worlds import full_of_everything, inline_full
from tests.simulator.conftest import ACCOUNT, START, Bench, outcome, policy, session_of

SHUT = (
    *("iam.deny_user", "iam.disable_access_keys"),
    *("iam.remove_console_access", "iam.disable_other_credentials"),
)


def federated(bench: Bench, who: Any) -> Any:
    """A session of GetFederationToken, allowed what its user is."""
    allowed = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
    answer = bench.client("sts", who).get_federation_token(Name="work", Policy=allowed)
    return session_of(answer)


@pytest.mark.parametrize("mint", ["get_session_token", "federated"])
def test_a_session_outlives_the_key_that_minted_it_and_dies_by_the_deny(
    bench: Bench, door: Doors, mint: str
) -> None:
    key = bench.user(USER)
    held = (
        federated(bench, key)
        if mint == "federated"
        else session_of(bench.client("sts", key).get_session_token())
    )
    attacker = bench.client("s3", held)

    door("iam.disable_access_keys", user=USER).shut()
    after_the_keys = outcome(attacker.list_buckets)
    door("iam.deny_user", user=USER).shut()

    assert outcome(bench.client("s3", key).list_buckets) == "InvalidAccessKeyId"
    assert after_the_keys == "allowed"
    assert outcome(attacker.list_buckets) == "AccessDenied"


@pytest.mark.parametrize("fill", [inline_full, full_of_everything])
def test_the_deny_binds_however_full_the_user_is_of_policies(
    bench: Bench, door: Doors, fill: Any
) -> None:
    fill(bench, USER)
    key = bench.iam.create_access_key(UserName=USER)["AccessKey"]
    attacker = acting(bench, key).list_buckets
    before = outcome(attacker)

    door("iam.deny_user", user=USER).shut()

    assert (before, outcome(attacker)) == ("allowed", "AccessDenied")


def acting(bench: Bench, key: dict[str, str]) -> Any:
    """A client of S3 with a key."""
    who = Credentials(key["AccessKeyId"], key["SecretAccessKey"], None, "")
    return bench.client("s3", who)


@pytest.mark.parametrize(
    ("fill", "what"),
    [(inline_full, "attachment"), (full_of_everything, "boundary")],
)
def test_where_the_inline_policies_are_full_awsdenyall_is_attached_or_bounds(
    bench: Bench, door: Doors, fill: Any, what: str
) -> None:
    fill(bench, USER)

    changes = door("iam.deny_user", user=USER).changes()

    assert [change.what for change in changes] == [what]


def test_a_budget_that_is_filled_up_meanwhile_fails_loudly_and_says_what_to_do(
    bench: Bench, door: Doors
) -> None:
    bench.user(USER)
    deny = door("iam.deny_user", user=USER)
    changes = deny.changes()
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::" + "x" * 1850}
    bench.iam.put_user_policy(UserName=USER, PolicyName="full", PolicyDocument=policy(statement))

    with pytest.raises(RunFailed, match=f"NOT denied.*--permissions-boundary {DENY_ALL_ARN}"):
        deny.apply(changes[0])


def test_a_deny_that_was_taken_away_again_is_not_proven(bench: Bench, door: Doors) -> None:
    bench.user(USER)
    deny = door("iam.deny_user", user=USER)
    deny.shut()
    bench.iam.delete_user_policy(UserName=USER, PolicyName="firedoor-INC-2026-0042-deny")

    assert deny.proof()[0] == (False, "neither our policy nor AWSDenyAll")


def test_a_deny_of_ours_with_other_content_is_written_anew_and_undone_to_what_it_was(
    bench: Bench, door: Doors
) -> None:
    bench.user(USER)
    name = "firedoor-INC-2026-0042-deny"
    foreign = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}
    bench.iam.put_user_policy(UserName=USER, PolicyName=name, PolicyDocument=policy(foreign))
    deny = door("iam.deny_user", user=USER)
    before = deny.proof()[0][0]
    made = deny.shut()
    deny.undo(made)

    found = bench.iam.get_user_policy(UserName=USER, PolicyName=name)["PolicyDocument"]
    assert before is False
    assert found["Statement"] == [foreign]


def test_a_simulation_that_may_not_be_made_leaves_the_proof_open(
    bench: Bench, door: Doors, sim: SimulatedAws
) -> None:
    bench.user(USER)
    deny = door("iam.deny_user", user=USER)
    deny.shut()
    sim.faults.add(Fault("iam:SimulatePrincipalPolicy", "deny"))

    proof = deny.proof()

    assert [holds for holds, _ in proof] == [True, None]
    assert "not authorized to perform: iam:SimulatePrincipalPolicy" in proof[1][1]


def test_characters_are_counted_as_iam_does_without_white_space() -> None:
    assert characters({"A": ["b", 1]}) == len('{"A":["b",1]}')


@pytest.mark.parametrize("name", SHUT)
def test_a_user_who_is_deleted_meanwhile_is_said_to_be_deleted(
    bench: Bench, door: Doors, name: str
) -> None:
    bench.user(USER)
    bench.iam.create_login_profile(UserName=USER, Password="Winter-Wall-27")
    bench.iam.create_service_specific_credential(UserName=USER, ServiceName="bedrock.amazonaws.com")
    action = door(name, user=USER)
    changes = action.changes()
    delete(bench, USER)
    for change in changes:
        action.apply(change)

    assert action.changes() == []
    assert [holds for holds, _ in action.proof()] == [True]
    assert "has been deleted" in action.proof()[0][1]


def delete(bench: Bench, user: str) -> None:
    """Delete a user with all that he has."""
    iam = bench.iam
    for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    for one in iam.list_service_specific_credentials(UserName=user)["ServiceSpecificCredentials"]:
        number = one["ServiceSpecificCredentialId"]
        iam.delete_service_specific_credential(UserName=user, ServiceSpecificCredentialId=number)
    for name in iam.list_user_policies(UserName=user)["PolicyNames"]:
        iam.delete_user_policy(UserName=user, PolicyName=name)
    outcome(iam.delete_login_profile, UserName=user)
    iam.delete_user(UserName=user)


@pytest.mark.parametrize("name", SHUT)
def test_the_user_that_firedoor_acts_as_is_refused_before_anything_is_planned(
    bench: Bench, door: Doors, sim: SimulatedAws, clock: VirtualClock, name: str
) -> None:
    own = acting_as(sim, clock, bench.user(USER))

    with pytest.raises(Refused, match="is the user that firedoor acts as"):
        door(name, as_=own, user=USER.upper()).observe()


def test_a_user_with_a_path_is_known_as_oneself(
    bench: Bench, sim: SimulatedAws, clock: VirtualClock
) -> None:
    bench.iam.create_user(UserName=USER, Path="/ci/")
    allowed = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
    bench.iam.put_user_policy(UserName=USER, PolicyName="own", PolicyDocument=allowed)
    key = bench.iam.create_access_key(UserName=USER)["AccessKey"]
    own = acting_as(sim, clock, Credentials(key["AccessKeyId"], key["SecretAccessKey"], None, ""))

    with pytest.raises(Refused):
        refuse_own(own, USER)


def test_only_the_named_key_is_made_inactive(bench: Bench, door: Doors) -> None:
    named = bench.user(USER).access_key_id
    other = bench.iam.create_access_key(UserName=USER)["AccessKey"]["AccessKeyId"]
    door("iam.disable_access_keys", user=USER, only=named).shut()

    listed = bench.iam.list_access_keys(UserName=USER)["AccessKeyMetadata"]
    assert {key["AccessKeyId"]: key["Status"] for key in listed} == {
        named: "Inactive",
        other: "Active",
    }


def test_a_temporary_key_cannot_be_made_inactive_and_that_is_said(
    bench: Bench, door: Doors
) -> None:
    bench.user(USER)

    with pytest.raises(BadInput, match=r"temporary key.*iam.deny_user"):
        door("iam.disable_access_keys", user=USER, only="ASIAIOSFODNN7EXAMPLE").observe()


def test_a_key_that_was_deleted_cannot_be_made_active_again(bench: Bench, door: Doors) -> None:
    key = bench.user(USER).access_key_id
    keys = door("iam.disable_access_keys", user=USER)
    made = keys.shut()
    bench.iam.delete_access_key(UserName=USER, AccessKeyId=key)

    with pytest.raises(NotFound, match="has been deleted since"):
        keys.undo(made)


def test_an_expired_key_is_left_as_it_is() -> None:

    wanted = given("iam.disable_access_keys", {"user": USER})
    before = UserState(parts={"arn:aws:iam::1:user/x#access-key/AKIAX": "Expired"})
    case = Case(incident="X", account=ACCOUNT, now=START)

    assert disable_access_keys.changes(wanted, before, case) == []


def test_a_password_that_aws_has_locked_is_waited_for(
    bench: Bench, door: Doors, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.user(USER)
    bench.iam.create_login_profile(UserName=USER, Password="Winter-Wall-27")
    console = door("iam.remove_console_access", user=USER)
    changes, began = console.changes(), clock.now()
    lock(monkeypatch, console.aws, times=3)
    console.apply(changes[0])

    assert clock.now() - began == timedelta(seconds=2 + 4 + 6)
    assert console.holds() == {True}


def test_a_password_that_stays_locked_is_an_error(
    bench: Bench, door: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.user(USER)
    bench.iam.create_login_profile(UserName=USER, Password="Winter-Wall-27")
    console = door("iam.remove_console_access", user=USER)
    changes = console.changes()
    lock(monkeypatch, console.aws, times=9)

    with pytest.raises(AwsError, match="modified recently"):
        console.apply(changes[0])
    assert False in console.holds()


def lock(monkeypatch: pytest.MonkeyPatch, aws: Any, *, times: int) -> None:
    """Have DeleteLoginProfile answer as AWS does just after a change of the password."""
    left, call = [times], aws.call

    def locked(service: str, operation: str, /, **given: Any) -> Any:
        if operation == "delete_login_profile" and left[0]:
            left[0] -= 1
            raise AwsError(
                "the login profile was modified recently",
                code="EntityTemporarilyUnmodifiable",
                operation="iam:DeleteLoginProfile",
            )
        return call(service, operation, **given)

    monkeypatch.setattr(aws, "call", locked)


def test_one_kind_that_may_not_be_read_does_not_keep_the_others_open(
    bench: Bench, door: Doors, sim: SimulatedAws
) -> None:
    bench.user(USER)
    bench.iam.create_service_specific_credential(UserName=USER, ServiceName="bedrock.amazonaws.com")
    sim.faults.add(Fault("iam:ListSSHPublicKeys", "deny"))
    others = door("iam.disable_other_credentials", user=USER)
    made = others.shut()

    assert [change.to for change in made] == ["Inactive"]
    assert others.holds() == {True, None}


def test_only_the_named_credential_is_made_inactive(bench: Bench, door: Doors) -> None:
    bench.user(USER)
    made = [
        bench.iam.create_service_specific_credential(UserName=USER, ServiceName=service)
        for service in ("codecommit.amazonaws.com", "bedrock.amazonaws.com")
    ]
    number = made[1]["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
    changes = door("iam.disable_other_credentials", user=USER, only=number).changes()

    assert [change.resource.rpartition("/")[2] for change in changes] == [number]


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_arns_are_of_the_partition(partition: str) -> None:
    case = Case(incident="X", account=ACCOUNT, now=START, partition=partition)
    full = deny_user.Found(parts={}, used=2048, attached=3, arn="x")
    changes = deny_user.changes(given("iam.deny_user", {"user": USER}), full, case)

    assert [change.resource for change in changes] == [
        f"arn:{partition}:iam::{ACCOUNT}:user/{USER}"
        f"#attached-policy/arn:{partition}:iam::aws:policy/AWSDenyAll"
    ]


@pytest.mark.parametrize("name", SHUT)
def test_the_commands_of_a_change_name_the_user(bench: Bench, door: Doors, name: str) -> None:
    bench.user(USER)
    bench.iam.create_login_profile(UserName=USER, Password="Winter-Wall-27")
    bench.iam.create_service_specific_credential(UserName=USER, ServiceName="bedrock.amazonaws.com")
    commands = registry()[name].commands
    assert commands
    told = [words for change in door(name, user=USER).changes() for words in commands(change)]

    assert told
    assert all(words[words.index("--user-name") + 1] == USER for words in told)
