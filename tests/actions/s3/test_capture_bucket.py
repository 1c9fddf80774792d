"""What is kept of a bucket, and what later steps may ask about it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from firedoor.simulator.faults import Fault
from firedoor.simulator.server import SimulatedAws
from tests.actions.conftest import Doors
from tests.actions.s3.worlds import EVERYBODY, PARTNER, PUBLIC, access_points, bucket, everywhere
from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, Bench

NAME = "example-data"


def captured(door: Doors, name: str = NAME) -> Any:
    return door("s3.capture_bucket", bucket=name, region="eu-central-1").observe()


def kept(found: Any) -> dict[str, Any]:
    content = msgspec.to_builtins(found)["keep"][0]["content"]
    assert isinstance(content, dict)
    return content


def test_a_private_bucket_is_told_as_one(bench: Bench, door: Doors) -> None:
    bucket(bench, NAME)

    found = captured(door)

    assert (found.gone, found.blocked, found.meant_public) == (False, False, False)
    assert (found.public_policy, found.public_acl, found.outsiders) == (False, False, [])
    assert found.arn == f"arn:aws:s3:::{NAME}"
    assert (found.unknown, found.not_kept) == ((), ())


def test_policy_and_acl_are_kept_as_they_were_before_the_block_hides_them(
    bench: Bench, door: Doors
) -> None:
    s3 = bucket(bench, NAME, PUBLIC, PARTNER)
    s3.put_bucket_acl(Bucket=NAME, ACL="public-read")
    before = captured(door)
    door("s3.block_public_access", bucket=NAME).shut()
    after = captured(door)

    assert (before.public_policy, before.public_acl, before.outsiders) == (
        True,
        True,
        [OTHER_ACCOUNT],
    )
    assert EVERYBODY in json.dumps(kept(before)["acl"])
    assert "Partner" in kept(before)["policy"]["Policy"]
    assert (after.public_acl, after.blocked) == (False, True)


def test_the_accounts_block_counts_too(bench: Bench, door: Doors) -> None:
    bucket(bench, NAME, PUBLIC)
    door("s3control.block_public_access").shut()

    found = captured(door)

    assert (found.blocked, found.account_blocked) == (True, True)


@pytest.mark.parametrize(
    ("tags", "meant"),
    [
        ({}, False),
        ({"team": "web"}, False),
        ({"Public": "yes"}, True),
        ({"public-by-design": ""}, False),
        ({"website": "www.example.com"}, True),
        ({"public": "No"}, False),
    ],
)
def test_a_tag_only_raises_the_question(
    bench: Bench, door: Doors, tags: dict[str, str], meant: bool
) -> None:
    s3 = bucket(bench, NAME)
    if tags:
        told = [{"Key": key, "Value": value} for key, value in tags.items()]
        s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": told})

    assert captured(door).meant_public is meant


def test_a_website_is_public_on_purpose(bench: Bench, door: Doors) -> None:
    bucket(bench, NAME).put_bucket_website(
        Bucket=NAME, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}}
    )

    found = captured(door)

    assert (found.website, found.meant_public) == (True, True)


@pytest.mark.parametrize("part", ["s3:GetBucketWebsite", "s3:GetBucketTagging"])
def test_what_cannot_be_read_may_be_a_website(
    bench: Bench, door: Doors, sim: SimulatedAws, part: str
) -> None:
    bucket(bench, NAME)
    sim.faults.add(Fault(part, "deny"))

    found = captured(door)

    assert found.meant_public
    assert len(found.unknown) == len(found.not_kept) == 1
    assert "policy" in kept(found)


def test_open_access_points_are_named_and_closed_ones_are_not(bench: Bench, door: Doors) -> None:
    access_points(bench, NAME)
    everywhere(bench, "example-other")
    control = bench.client("s3control", None, region="eu-central-1")
    control.delete_access_point_policy(AccountId=ACCOUNT, Name=f"{NAME}-b")

    found = captured(door)

    assert found.open_access_points == [f"{NAME}-a"]
    assert found.open_multi_region == []
    assert captured(door, "example-other").open_multi_region == ["example-other-m"]


def test_a_bucket_that_is_gone_is_told(door: Doors) -> None:
    found = captured(door, "example-gone")

    assert found.gone
    assert not found.meant_public
    assert "there is no bucket" in found.unknown[0]


def test_a_bucket_of_another_account_is_not_touched(bench: Bench, door: Doors) -> None:
    other = bench.aws.responder(OTHER_ACCOUNT)
    bench.client("s3", other).create_bucket(Bucket="example-theirs")

    found = captured(door, "example-theirs")

    assert found.meant_public
    assert kept(found)["access_points"] == []
    assert {"s3.policy", "s3.acl", "s3.website"} <= set(found.not_kept)


def test_requests_do_not_grow_with_the_number_of_buckets(
    bench: Bench, door: Doors, sim: SimulatedAws
) -> None:
    def requests() -> int:
        sim.reset_calls()
        captured(door)
        return sim.calls.total()

    bucket(bench, NAME)
    alone = requests()
    for number in range(50):
        bucket(bench, f"example-neighbour-{number}")

    assert requests() == alone
