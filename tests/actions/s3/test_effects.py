"""What the actions on buckets do to those who are outside, and to those who have to go on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from firedoor.errors import Refused, RunFailed
from firedoor.simulator.credentials import Credentials
from tests.actions.conftest import Doors
from tests.actions.s3.worlds import PARTNER, PUBLIC, bucket, public_acl, put_policy
from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, Bench, outcome

NAME, KEY = "example-data", "a/1.csv"
Get = Callable[..., str]


@pytest.fixture
def s3(bench: Bench) -> Any:
    found = bucket(bench, NAME)
    found.put_object(Bucket=NAME, Key=KEY, Body=b"x")
    return found


def get(bench: Bench, who: Credentials | None, key: str = KEY) -> str:
    return outcome(bench.client("s3", who).get_object, Bucket=NAME, Key=key)


def put(bench: Bench, who: Credentials | None, **more: Any) -> str:
    return outcome(bench.client("s3", who).put_object, Bucket=NAME, Key="b", Body=b"y", **more)


def test_a_partner_who_is_named_beside_everybody_is_never_shut_out(
    bench: Bench, door: Doors, s3: Any
) -> None:
    partner = bench.aws.responder(OTHER_ACCOUNT)
    both = {**PARTNER, "Principal": {"AWS": ["*", PARTNER["Principal"]["AWS"]]}}
    put_policy(s3, NAME, both)
    at = door("s3.restrict_bucket_policy", bucket=NAME)

    seen = []
    for change in at.changes():
        at.apply(change)
        seen.append(get(bench, partner))

    assert seen == ["allowed"] * 2
    assert at.holds() == {True}


def test_the_public_statement_goes_first_so_that_the_block_lets_the_rest_through(
    bench: Bench, door: Doors, s3: Any
) -> None:
    thief = {**PARTNER, "Sid": "Backup", "Principal": {"AWS": "999988887777"}}
    put_policy(s3, NAME, thief, PARTNER, PUBLIC)
    door("s3.block_public_access", bucket=NAME).shut()

    at = door("s3.restrict_bucket_policy", bucket=NAME, accounts=["999988887777"])
    at.shut()

    assert at.holds() == {True}
    assert get(bench, bench.aws.responder(OTHER_ACCOUNT)) == "allowed"


def test_under_the_block_the_public_statement_cannot_be_put_back_and_it_says_why(
    bench: Bench, door: Doors, s3: Any
) -> None:
    put_policy(s3, NAME, PUBLIC)
    at = door("s3.restrict_bucket_policy", bucket=NAME)
    made = at.shut()
    door("s3.block_public_access", bucket=NAME).shut()

    with pytest.raises(RunFailed, match="undo the block first"):
        at.undo(made)


def test_destruction_is_denied_to_everybody_but_us(bench: Bench, door: Doors, s3: Any) -> None:
    worker = bench.user("worker")

    door("s3.deny_destruction", bucket=NAME, writing=True).shut()
    them = bench.client("s3", worker)

    assert get(bench, worker) == "allowed"
    assert put(bench, worker) == "AccessDenied"
    assert outcome(them.delete_object, Bucket=NAME, Key=KEY) == "AccessDenied"
    assert outcome(them.delete_bucket_policy, Bucket=NAME) == "AccessDenied"
    assert put(bench, bench.aws.responder()) == "allowed"


def test_who_is_spared_goes_on(bench: Bench, door: Doors, s3: Any) -> None:
    worker, other = bench.user("worker"), bench.user("other")

    door("s3.deny_destruction", bucket=NAME, writing=True, spare=[worker.arn]).shut()

    assert (put(bench, worker), put(bench, other)) == ("allowed", "AccessDenied")


def test_an_edited_deny_is_no_deny(bench: Bench, door: Doors, s3: Any) -> None:
    at = door("s3.deny_destruction", bucket=NAME)
    (made,) = at.shut()
    document = dict(made.to)  # type: ignore[arg-type, call-overload]
    exempt = document["Statement"][0]["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    exempt.append(f"arn:aws:iam::{ACCOUNT}:user/thief")
    s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps(document))

    assert at.holds() == {False}
    assert len(at.shut()) == 2
    assert at.holds() == {True}


def test_principals_and_accounts_are_shut_out_and_nobody_else(
    bench: Bench, door: Doors, s3: Any
) -> None:
    thief, worker = bench.user("thief"), bench.user("worker")
    put_policy(s3, NAME, PARTNER)
    partner = bench.aws.responder(OTHER_ACCOUNT)

    door("s3.deny_principals", bucket=NAME, principals=[thief.arn], accounts=[OTHER_ACCOUNT]).shut()

    assert get(bench, thief) == get(bench, partner) == "AccessDenied"
    assert get(bench, worker) == "allowed"


def test_sessions_of_a_role_are_shut_out_by_its_arn_or_by_their_own(
    bench: Bench, door: Doors, s3: Any
) -> None:
    role = bench.role("reader", f"arn:aws:iam::{ACCOUNT}:root")
    session = bench.session(bench.aws.responder(), role)

    door("s3.deny_principals", bucket=NAME, principals=[session.arn]).shut()

    assert get(bench, session) == "AccessDenied"


@pytest.mark.parametrize("who", ["itself", "its account"])
def test_firedoor_does_not_shut_itself_out(door: Doors, s3: Any, who: str) -> None:
    own = f"arn:aws:iam::{ACCOUNT}:role/firedoor-responder"
    given = {"principals": [own]} if who == "itself" else {"accounts": [ACCOUNT]}

    with pytest.raises(Refused, match=r"nobody could reach|would end the response"):
        door("s3.deny_principals", bucket=NAME, **given).changes()


def test_writes_with_a_key_of_ones_own_are_refused_and_others_are_not(
    bench: Bench, door: Doors, s3: Any
) -> None:
    worker = bench.user("worker")
    own = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}

    before = put(bench, worker, **own)
    door("s3.block_sse_c", bucket=NAME).shut()

    assert before == "allowed"
    assert put(bench, worker, **own) == "AccessDenied"
    assert put(bench, worker) == "allowed"


def test_a_quarantined_object_is_read_by_nobody_and_the_one_beside_it_by_all(
    bench: Bench, door: Doors, s3: Any
) -> None:
    worker = bench.user("worker")
    evil = "in/#1 {{ 7 * 7 }} ü.exe"
    s3.put_object(Bucket=NAME, Key=evil, Body=b"x")

    door("s3.quarantine_objects", bucket=NAME, keys=[evil]).shut()
    them = bench.client("s3", worker)

    assert get(bench, worker, evil) == "AccessDenied"
    assert outcome(them.delete_object_tagging, Bucket=NAME, Key=evil) == "AccessDenied"
    assert get(bench, worker) == "allowed"


def test_an_object_that_is_gone_needs_no_quarantine(door: Doors, s3: Any) -> None:
    at = door("s3.quarantine_objects", bucket=NAME, keys=["no/such.exe"])

    assert at.changes() == []
    assert at.holds() == {True}


def test_acls_are_switched_off_also_when_the_block_hides_what_they_say(
    bench: Bench, door: Doors
) -> None:
    public_acl(bench, NAME)
    grants = door("s3.capture_bucket", bucket=NAME).observe().grants
    door("s3.block_public_access", bucket=NAME).shut()
    at = door("s3.disable_acls", bucket=NAME, grants=grants)

    made = at.shut()

    assert [change.what for change in made] == ["access control list", "object ownership"]
    assert "AllUsers" in str(made[0].from_)
    assert at.holds() == {True}
    assert at.changes() == []


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("s3.block_public_access", {}),
        ("s3.restrict_bucket_policy", {}),
        ("s3.deny_principals", {"accounts": ["999988887777"]}),
        ("s3.deny_destruction", {}),
        ("s3.suspend_lifecycle", {}),
        ("s3.enable_versioning", {}),
        ("s3.block_sse_c", {}),
        ("s3.disable_acls", {}),
        ("s3.quarantine_objects", {"keys": ["a"]}),
        ("s3.restore_versions", {"moment": "2026-03-14T08:00:00Z"}),
    ],
)
def test_a_bucket_that_is_gone_is_shut(door: Doors, action: str, more: dict[str, Any]) -> None:
    at = door(action, bucket="example-gone", **more)

    assert at.changes() == []
    assert at.holds() == {True}


def test_only_so_many_objects_are_brought_back_and_the_rest_is_said(
    bench: Bench, door: Doors, s3: Any
) -> None:
    s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    for number in range(4):
        s3.put_object(Bucket=NAME, Key=f"k{number}", Body=b"good")
    bench.clock.advance(600)
    for number in range(4):
        s3.delete_object(Bucket=NAME, Key=f"k{number}")
    at = door("s3.restore_versions", bucket=NAME, moment="2026-03-14T09:05:00Z", limit=3)

    before = at.observe()
    made = at.shut()
    rest = at.observe()

    assert len(made) == 3
    assert "more than 3 objects" in at.action.output(at.given, before, at.case).unknown[0]  # type: ignore[misc]
    assert len(rest.plans) == 1


def test_a_moment_that_lies_ahead_is_refused(door: Doors, s3: Any) -> None:
    with pytest.raises(Refused, match="lies ahead"):
        door("s3.restore_versions", bucket=NAME, moment="2030-01-01T00:00:00Z").changes()
