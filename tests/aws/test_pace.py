"""AWS is called no faster than it publishes, and slower where it asks for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from firedoor.aws.pace import FORGOTTEN, SLOWEST, Pace

START = datetime(2026, 3, 14, tzinfo=UTC)


class Watch:
    """A clock that only waits."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    @property
    def passed(self) -> float:
        return (self.at - START).total_seconds()


@pytest.fixture
def watch() -> Watch:
    return Watch()


def called(
    pace: Pace, times: int, service: str, operation: str, region: str = "us-east-1", **given: object
) -> None:
    for _ in range(times):
        pace.wait(service, operation, region, given)


def test_no_more_than_two_look_ups_begin_in_any_second(watch: Watch) -> None:
    pace = Pace(watch)
    begun = []
    for _ in range(10):
        called(pace, 1, "cloudtrail", "lookup_events")
        begun.append(watch.passed)

    assert all(later - earlier >= 0.99 for earlier, later in zip(begun, begun[2:], strict=False))


def test_a_burst_goes_through_and_the_rest_at_the_rate(watch: Watch) -> None:
    pace = Pace(watch)

    called(pace, 50, "ec2", "modify_instance_attribute")
    burst = watch.passed
    called(pace, 10, "ec2", "stop_instances")

    assert burst == 0
    assert watch.passed == pytest.approx(2.0, abs=0.1)


def test_what_names_its_things_has_a_bucket_of_its_own(watch: Watch) -> None:
    pace = Pace(watch)

    called(pace, 50, "ec2", "describe_instances")
    called(pace, 100, "ec2", "describe_instances", InstanceIds=["i-1"])

    assert watch.passed == 0


def test_regions_do_not_share(watch: Watch) -> None:
    pace = Pace(watch)

    called(pace, 1, "cloudtrail", "lookup_events", "us-east-1")
    called(pace, 1, "cloudtrail", "lookup_events", "eu-central-1")

    assert watch.passed == 0


def test_what_publishes_no_rate_is_called_as_fast_as_it_answers(watch: Watch) -> None:
    called(Pace(watch), 1000, "s3", "put_public_access_block")

    assert watch.passed == 0


def test_throttled_it_slows_down_and_never_stops(watch: Watch) -> None:
    pace = Pace(watch)
    kind = ("s3", "put_public_access_block", "us-east-1", {})
    for _ in range(20):
        pace.throttled(*kind)

    called(pace, 3, "s3", "put_public_access_block")

    assert watch.passed == pytest.approx(3 / SLOWEST, abs=0.1)


def test_what_was_slowed_down_grows_back_until_it_is_forgotten(watch: Watch) -> None:
    pace = Pace(watch)
    kind = ("iam", "put_user_policy", "us-east-1", {})
    pace.throttled(*kind)
    for _ in range(60):
        pace.succeeded(*kind)
    begun = watch.passed

    called(pace, int(FORGOTTEN), "iam", "put_user_policy")

    assert watch.passed == begun


def test_a_published_rate_is_not_outgrown(watch: Watch) -> None:
    pace = Pace(watch)
    kind = ("ec2", "copy_image", "us-east-1", {})
    pace.throttled(*kind)
    for _ in range(60):
        pace.succeeded(*kind)
    called(pace, 1, "ec2", "copy_image")
    begun = watch.passed

    called(pace, 5, "ec2", "copy_image")

    assert watch.passed - begun == pytest.approx(5.0, abs=0.1)
