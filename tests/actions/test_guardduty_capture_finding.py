"""The finding is kept as GuardDuty has it now, and what cannot be read is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from firedoor.actions.contract import Case
from firedoor.actions.guardduty.capture_finding import Input, Output, observe
from firedoor.aws import BotoAws, connect
from firedoor.clock import VirtualClock
from firedoor.simulator.server import SimulatedAws
from tests.findings.documents import ACCOUNT, guardduty, pascal

NOW = datetime(2026, 3, 1, 11, tzinfo=UTC)
ID = "a" * 32


@pytest.fixture(scope="module")
def world() -> Iterator[SimulatedAws]:
    """Simulated AWS, empty."""
    with SimulatedAws(VirtualClock(NOW)) as aws:
        yield aws


def look(world: SimulatedAws, **given: Any) -> Output:
    """What the action yields, as the responder."""
    return observe(session(world), Input(**given), Case("INC-2026-0042", ACCOUNT, NOW))


def session(world: SimulatedAws) -> BotoAws:
    """The responder's."""
    who = world.responder()
    return connect(
        region="us-east-1",
        endpoint=world.endpoint,
        credentials=(who.access_key_id, who.secret_access_key, who.session_token),
        simulated=True,
    )


def test_the_finding_is_kept_from_its_own_region(world: SimulatedAws) -> None:
    detector = world.add_guardduty_finding(pascal(guardduty(id=ID)))

    named = look(world, finding_id=ID, detector_id=detector, region="eu-central-1")
    found = look(world, finding_id=ID, region="eu-central-1")

    assert named == found
    assert (found.found, found.archived, found.count, found.unknown) == (True, False, 3, ())
    assert [each.name for each in found.keep] == ["guardduty-finding"]
    assert found.keep[0].content["Id"] == ID


def test_what_guardduty_does_not_have_is_said(world: SimulatedAws) -> None:
    world.add_guardduty_finding(pascal(guardduty(id=ID)))

    told = look(world, finding_id="b" * 32, region="eu-central-1")

    assert (told.found, told.keep) == (False, ())
    assert "does not have finding" in told.unknown[0]


def test_a_region_without_a_detector_is_said(world: SimulatedAws) -> None:
    assert look(world, finding_id=ID).unknown == ("GuardDuty has no detector in us-east-1",)


def test_a_detector_that_is_not_ours_is_said_and_is_no_failure(world: SimulatedAws) -> None:
    told = look(world, finding_id=ID, detector_id="0" * 32, region="eu-central-1")

    assert not told.found
    assert "not owned by the current account" in told.unknown[0]
