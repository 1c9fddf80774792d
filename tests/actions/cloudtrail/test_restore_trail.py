"""A trail that was narrowed: what is taken in again, and that nothing else is touched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from firedoor.errors import BadInput
from tests.actions.conftest import Doors
from tests.actions.logging_worlds import REGION, client, trail
from tests.simulator.conftest import Bench

DATA = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::example/"]}]


def narrow(bench: Bench, **selector: Any) -> None:
    trail(bench, "all-events")
    blind = {"ReadWriteType": "All", "IncludeManagementEvents": False, **selector}
    client(bench, "cloudtrail").put_event_selectors(TrailName="all-events", EventSelectors=[blind])


def selectors(bench: Bench) -> list[dict[str, Any]]:
    found = client(bench, "cloudtrail").get_event_selectors(TrailName="all-events")
    return list(found["EventSelectors"])


def test_management_events_come_back_and_data_events_stay(bench: Bench, door: Doors) -> None:
    narrow(bench, DataResources=DATA, ReadWriteType="ReadOnly")
    door("cloudtrail.restore_trail", trail="all-events", region=REGION, widen=True).shut()
    [found] = selectors(bench)

    assert (found["IncludeManagementEvents"], found["ReadWriteType"]) == (True, "All")
    assert found["DataResources"] == DATA


def test_selectors_from_before_are_put_exactly(bench: Bench, door: Doors) -> None:
    narrow(bench)
    was = [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True, "DataResources": DATA}]
    text = json.dumps({"EventSelectors": was})
    given = {"trail": "all-events", "region": REGION, "selectors": text, "widen": True}
    door("cloudtrail.restore_trail", **given).shut()

    assert selectors(bench)[0]["ReadWriteType"] == "WriteOnly"


def test_without_widen_or_selectors_nothing_of_them_changes(bench: Bench, door: Doors) -> None:
    narrow(bench)

    assert door("cloudtrail.restore_trail", trail="all-events", region=REGION).changes() == []


def test_a_trail_that_is_not_there_and_not_known_does_not_hold(bench: Bench, door: Doors) -> None:
    gone = door("cloudtrail.restore_trail", trail="all-events", region=REGION)

    assert False in gone.holds()


def test_settings_that_are_no_json_are_refused_while_planning(bench: Bench, door: Doors) -> None:
    trail(bench, "all-events")

    with pytest.raises(BadInput, match="not JSON"):
        door("cloudtrail.restore_trail", trail="all-events", region=REGION, settings="x").changes()
