"""A finding is read again at its source before anything changes unasked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from firedoor.aws import BotoAws, connect
from firedoor.clock import VirtualClock
from firedoor.engine.confirming import confirm
from firedoor.errors import AwsRefused
from firedoor.finding import Finding, parse
from firedoor.simulator.server import SimulatedAws
from tests.findings.documents import ACCOUNT, guardduty, key_details, pascal


@pytest.fixture(scope="module")
def world() -> Iterator[SimulatedAws]:
    """Simulated AWS, empty."""
    with SimulatedAws(VirtualClock(datetime(2026, 3, 1, 11, tzinfo=UTC))) as aws:
        yield aws


@pytest.fixture
def aws(world: SimulatedAws) -> BotoAws:
    """The responder's session in it."""
    who = world.responder()
    return connect(
        region="eu-central-1",
        endpoint=world.endpoint,
        credentials=(who.access_key_id, who.secret_access_key, who.session_token),
        simulated=True,
    )


def given(world: SimulatedAws, **changes: Any) -> dict[str, Any]:
    """A finding that GuardDuty has, as EventBridge sends it."""
    document = guardduty(**changes)
    detector = world.add_guardduty_finding(pascal(document))
    document["service"]["detectorId"] = detector
    return document


def read(document: dict[str, Any]) -> Finding:
    [finding] = parse(document)
    return finding


def test_what_guardduty_has_is_confirmed(world: SimulatedAws, aws: BotoAws) -> None:
    finding = read(given(world, id="a" * 32))

    assert confirm(aws, finding).status == "confirmed"


def test_without_a_detector_in_it_the_region_s_own_is_asked(
    world: SimulatedAws, aws: BotoAws
) -> None:
    document = given(world, id="b" * 32)
    del document["service"]["detectorId"]

    assert confirm(aws, read(document)).status == "confirmed"


def test_what_guardduty_does_not_have_is_not_found(world: SimulatedAws, aws: BotoAws) -> None:
    document = given(world, id="c" * 32) | {"id": "d" * 32}

    assert confirm(aws, read(document)).status == "not_found"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"type": "Recon:IAMUser/TorIPCaller"}, "another type"),
        ({"accountId": "444455556666"}, "another account"),
        (
            {
                "resource": {
                    "resourceType": "AccessKey",
                    "accessKeyDetails": key_details(userName="eve"),
                }
            },
            "another user",
        ),
        (
            {
                "resource": {
                    "resourceType": "AccessKey",
                    "accessKeyDetails": key_details(accessKeyId="AKIAI44QH8DHBEXAMPLE"),
                }
            },
            "another access key id",
        ),
    ],
)
def test_a_message_that_says_another_thing_than_guardduty_differs(
    world: SimulatedAws, aws: BotoAws, change: dict[str, Any], said: str
) -> None:
    document = given(world, id="e" * 32) | change

    told = confirm(aws, read(document))

    assert told.status == "differs"
    assert said in told.why


def test_what_was_archived_since_differs(world: SimulatedAws, aws: BotoAws) -> None:
    document = given(world, id="f" * 32)
    aws.call(
        "guardduty",
        "archive_findings",
        DetectorId=document["service"]["detectorId"],
        FindingIds=["f" * 32],
    )

    told = confirm(aws, read(document))

    assert (told.status, told.why) == ("differs", "it has been archived since")


def test_what_another_source_says_cannot_be_read_again(aws: BotoAws) -> None:
    finding = Finding(id="x", type="AWS_RISK_CREDENTIALS_EXPOSED", source="health")

    assert confirm(aws, finding).status == "unreadable"


class Odd:
    """Stands in for an AWS that answers late or not at all, which the simulator does not."""

    account, region, partition, principal = ACCOUNT, "eu-central-1", "aws", "x"

    def __init__(self, *, wait: float = 0.0, refuse: bool = False) -> None:
        self._wait, self._refuse = wait, refuse

    def call(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Late, or refused."""
        if self._refuse:
            raise AwsRefused("no", code="AccessDenied", operation="guardduty:GetFindings")
        threading.Event().wait(self._wait)
        return {"Findings": []}


def test_a_refusal_is_not_taken_for_a_finding_that_does_not_exist() -> None:
    told = confirm(Odd(refuse=True), read(guardduty()))  # type: ignore[arg-type]

    assert told.status == "unreadable"
    assert "could not be asked" in told.why


def test_a_late_answer_is_not_waited_for() -> None:
    began = time.monotonic()

    told = confirm(Odd(wait=3.0), read(guardduty()), seconds=0.1)  # type: ignore[arg-type]

    assert told.status == "unreadable"
    assert "within 0.1 seconds" in told.why
    assert time.monotonic() - began < 2.0
