"""Which buckets are public on purpose, and so a question of their own."""

from __future__ import annotations

from typing import Any

import pytest

from firedoor.simulator.faults import Fault
from firedoor.simulator.server import SimulatedAws
from tests.actions.conftest import Doors
from tests.actions.s3.worlds import bucket
from tests.simulator.conftest import Bench


def apart(door: Doors, *names: str) -> Any:
    return door("s3.sort_buckets", buckets=list(names)).observe()


def test_a_website_and_a_tag_are_told_from_the_others(bench: Bench, door: Doors) -> None:
    bucket(bench, "example-data")
    bucket(bench, "example-site").put_bucket_website(
        Bucket="example-site", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}}
    )
    tags = {"TagSet": [{"Key": "public", "Value": "yes"}]}
    bucket(bench, "example-open").put_bucket_tagging(Bucket="example-open", Tagging=tags)

    found = apart(door, "example-data", "example-site", "example-open", "example-site")

    assert found.private == ["example-data"]
    assert found.on_purpose == ["example-site", "example-open"]
    assert found.unknown == ()


@pytest.mark.parametrize("part", ["s3:GetBucketWebsite", "s3:GetBucketTagging"])
def test_what_cannot_be_read_is_asked_about(
    bench: Bench, door: Doors, sim: SimulatedAws, part: str
) -> None:
    bucket(bench, "example-data")
    sim.faults.add(Fault(part, "deny"))

    found = apart(door, "example-data")

    assert (found.private, found.on_purpose) == ([], ["example-data"])
    assert len(found.unknown) == 1
    assert "of example-data" in found.unknown[0]


def test_a_bucket_that_is_gone_is_said_once_and_is_no_website(door: Doors) -> None:
    found = apart(door, "example-gone")

    assert (found.private, found.on_purpose) == (["example-gone"], [])
    assert len(found.unknown) == 1
    assert "example-gone" in found.unknown[0]


def test_none_is_no_error(door: Doors) -> None:
    found = apart(door)

    assert (found.private, found.on_purpose, found.unknown) == ([], [], ())
