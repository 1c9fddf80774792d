"""Cutting a role's sessions: the older are denied, the newer work, and what may not be touched."""

from __future__ import annotations

import pytest

from firedoor.clock import VirtualClock
from firedoor.errors import Refused, RunFailed
from firedoor.kinds import time_text
from firedoor.simulator.server import SimulatedAws
from tests.actions.conftest import Doors
from tests.simulator.conftest import ACCOUNT, START, Bench, outcome, policy

ROLE = "data-reader"
NAME = "firedoor-INC-2026-0042-revoke-sessions"


def test_an_older_session_is_denied_and_a_newer_works(
    bench: Bench, door: Doors, clock: VirtualClock
) -> None:
    attacker = bench.user("mallory")
    arn = bench.role(ROLE, f"arn:aws:iam::{ACCOUNT}:root")
    old = bench.client("s3", bench.session(attacker, arn))
    before = outcome(old.list_buckets)
    door("iam.revoke_role_sessions", role=ROLE).shut()
    clock.advance(31)
    new = bench.client("s3", bench.session(bench.aws.responder(), arn))

    assert (before, outcome(old.list_buckets)) == ("allowed", "AccessDenied")
    assert outcome(new.list_buckets) == "allowed"


def test_a_session_minted_while_the_policy_spreads_is_cut_too(
    bench: Bench, door: Doors, clock: VirtualClock
) -> None:
    attacker = bench.user("mallory")
    arn = bench.role(ROLE, f"arn:aws:iam::{ACCOUNT}:root")
    door("iam.revoke_role_sessions", role=ROLE).shut()
    clock.advance(10)
    meanwhile = bench.client("s3", bench.session(attacker, arn))

    assert outcome(meanwhile.list_buckets) == "AccessDenied"


def test_a_cut_off_that_stands_is_moved_on_when_sessions_were_minted_since(
    bench: Bench, door: Doors, clock: VirtualClock
) -> None:
    bench.role(ROLE, f"arn:aws:iam::{ACCOUNT}:root")
    door("iam.revoke_role_sessions", role=ROLE).shut()
    clock.advance(600)
    later = time_text(clock.now())

    assert door("iam.revoke_role_sessions", role=ROLE, minted=time_text(START)).changes() == []
    again = door("iam.revoke_role_sessions", role=ROLE, minted=later)
    assert again.holds() == {False}
    made = again.shut()
    assert [change.from_ is not None for change in made] == [True]
    assert again.holds() == {True}
    again.undo(made)
    assert again.holds() == {False}


def test_until_now_means_until_now_also_the_second_time(
    bench: Bench, door: Doors, clock: VirtualClock
) -> None:
    bench.role(ROLE, f"arn:aws:iam::{ACCOUNT}:root")
    cut = door("iam.revoke_role_sessions", role=ROLE)
    cut.shut()
    clock.advance(600)

    assert len(cut.changes()) == 1


def test_a_policy_of_ours_that_was_weakened_does_not_hold(bench: Bench, door: Doors) -> None:
    bench.role(ROLE, f"arn:aws:iam::{ACCOUNT}:root")
    cut = door("iam.revoke_role_sessions", role=ROLE)
    cut.shut()
    found = bench.iam.get_role_policy(RoleName=ROLE, PolicyName=NAME)["PolicyDocument"]
    weaker = {**found["Statement"][0], "Action": "s3:*"}
    bench.iam.put_role_policy(RoleName=ROLE, PolicyName=NAME, PolicyDocument=policy(weaker))

    assert cut.proof() == [(False, "our policy has been changed")]


@pytest.mark.parametrize("path", ["/aws-service-role/x.amazonaws.com/", "/aws-reserved/sso/"])
def test_roles_that_aws_keeps_are_refused_while_planning(
    bench: Bench, door: Doors, path: str
) -> None:
    trust = policy({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
    bench.iam.create_role(RoleName=ROLE, Path=path, AssumeRolePolicyDocument=trust)

    with pytest.raises(Refused, match="belongs to AWS"):
        door("iam.revoke_role_sessions", role=ROLE).changes()


def test_a_role_that_only_calls_itself_like_one_of_aws_is_cut(bench: Bench, door: Doors) -> None:
    bench.role("AWSServiceRoleForEverybody", f"arn:aws:iam::{ACCOUNT}:root")
    cut = door("iam.revoke_role_sessions", role="AWSServiceRoleForEverybody")
    cut.shut()

    assert cut.holds() == {True}


def test_the_role_that_firedoor_acts_as_is_refused_while_planning(
    sim: SimulatedAws, door: Doors
) -> None:
    with pytest.raises(Refused, match="the role that firedoor acts as"):
        door("iam.revoke_role_sessions", role="Firedoor-Responder").changes()


def test_a_role_that_is_gone_has_nothing_to_cut(bench: Bench, door: Doors) -> None:
    cut = door("iam.revoke_role_sessions", role=ROLE)

    assert cut.changes() == []
    assert cut.proof() == [(True, "the role is gone, and its sessions with it")]


def test_a_role_that_is_full_of_policies_fails_loudly_and_says_what_to_do(
    bench: Bench, door: Doors
) -> None:
    bench.role(ROLE, f"arn:aws:iam::{ACCOUNT}:root")
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::" + "x" * 9900}
    bench.iam.put_role_policy(RoleName=ROLE, PolicyName="full", PolicyDocument=policy(statement))

    with pytest.raises(RunFailed, match=r"NOT cut.*attach-role-policy"):
        door("iam.revoke_role_sessions", role=ROLE).shut()
