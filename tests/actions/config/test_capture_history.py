"""AWS Config's history: what is kept, and what is said when there is none."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from firedoor.actions.config.capture_history import Input, observe
from firedoor.actions.contract import Case
from tests.actions.scripted import ScriptedAws, refused
from tests.simulator.conftest import ACCOUNT, START

CASE = Case(incident="INC-2026-0042", account=ACCOUNT, now=START)
GIVEN = Input(type="AWS::KMS::Key", resource="1234abcd-12ab-34cd-56ef-1234567890ab")
ON = {"ConfigurationRecordersStatus": [{"name": "default", "recording": True}]}


def item(hours_ago: int, **more: Any) -> dict[str, Any]:
    return {
        "configurationItemCaptureTime": START - timedelta(hours=hours_ago),
        "configurationItemStatus": "OK",
        "configuration": json.dumps({"keyState": "Enabled"}),
        **more,
    }


def aws(history: Any, recorders: Any = ON) -> ScriptedAws:
    return ScriptedAws(
        {
            "config:get_resource_config_history": history,
            "config:describe_configuration_recorder_status": recorders,
        }
    )


def test_the_history_is_kept_with_its_configuration_opened() -> None:
    found = observe(aws({"configurationItems": [item(1), item(30)]}), GIVEN, CASE)

    assert [one["configuration"] for one in found.keep[0].content] == [{"keyState": "Enabled"}] * 2
    assert (found.items, len(found.changed), found.recording) == (2, 2, True)
    assert found.last == "2026-03-14T08:00:00.000Z"


def test_only_the_time_asked_for_is_read() -> None:
    world = aws({"configurationItems": []})
    observe(world, Input(type=GIVEN.type, resource=GIVEN.resource, lookback="7d"), CASE)
    given = world.made[-1][2]

    assert given["laterTime"] - given["earlierTime"] == timedelta(days=7)


def test_further_pages_are_read_up_to_a_cap_that_is_said() -> None:
    world = aws({"configurationItems": [item(1)], "nextToken": "more"})
    found = observe(world, GIVEN, CASE)

    assert (found.items, world.names().count("config:get_resource_config_history")) == (5, 5)
    assert "more than 500 items" in found.unknown[0]


def test_nothing_recorded_is_said() -> None:
    found = observe(aws(refused("ResourceNotDiscoveredException")), GIVEN, CASE)

    assert (found.items, found.keep) == (0, ())
    assert "has nothing on AWS::KMS::Key" in found.unknown[0]


def test_a_recorder_that_was_stopped_is_said() -> None:
    off = {"ConfigurationRecordersStatus": [{"name": "default", "recording": False}]}
    found = observe(aws({"configurationItems": [item(30)]}, off), GIVEN, CASE)

    assert found.recording is False
    assert "does not record" in found.unknown[0]


def test_what_may_not_be_read_is_unknown() -> None:
    no = refused("AccessDeniedException", "not allowed")
    found = observe(aws(no, no), GIVEN, CASE)

    assert found.recording is None
    assert [note for note in found.unknown if "not allowed" in note] == list(found.unknown)


def test_a_resource_that_was_deleted_says_so() -> None:
    gone = item(1, configurationItemStatus="ResourceDeleted")

    assert observe(aws({"configurationItems": [gone]}), GIVEN, CASE).deleted
