"""What calls did to logging and detection, in CloudTrail's own shapes, and how it was before."""

from __future__ import annotations

import json
from typing import Any

import pytest

from firedoor.actions.cloudtrail._tampered import tampered

DETECTOR = "12abc34d567e8fa901bc2d34e56789f0"


def event(name: str, asked: Any = None, answered: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "eventName": name,
        "eventTime": "2026-03-14T08:00:00Z",
        "awsRegion": "eu-west-1",
        "requestParameters": asked,
        "responseElements": answered,
        **more,
    }


def test_a_stopped_trail_needs_no_settings() -> None:
    [found] = tampered([event("StopLogging", {"name": "all"})], []).trails

    assert (found.trail, found.region, found.done) == ("all", "eu-west-1", "StopLogging")
    assert (found.settings, found.selectors) == (None, None)


def test_a_trail_named_by_its_arn_is_the_same_trail() -> None:
    arn = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/all"
    found = tampered(
        [event("StopLogging", {"name": "all"}), event("DeleteTrail", {"name": arn})], []
    )

    assert [one.done for one in found.trails] == ["StopLogging, DeleteTrail"]


def test_settings_are_those_of_the_calls_before_the_later_over_the_earlier() -> None:
    before = [
        event("CreateTrail", {"name": "all", "s3BucketName": "old", "isMultiRegionTrail": True}),
        event("UpdateTrail", {"name": "all", "s3BucketName": "logs", "kmsKeyId": None}),
    ]
    [found] = tampered(
        [event("UpdateTrail", {"name": "all", "s3BucketName": "his"})], before
    ).trails

    assert json.loads(found.settings or "") == {
        "Name": "all",
        "S3BucketName": "logs",
        "IsMultiRegionTrail": True,
    }


def test_selectors_are_in_the_words_of_the_api() -> None:
    selector = {"readWriteType": "All", "includeManagementEvents": True, "dataResources": []}
    before = [event("PutEventSelectors", {"trailName": "all", "eventSelectors": [selector]})]
    [found] = tampered([event("PutEventSelectors", {"trailName": "all"})], before).trails

    assert json.loads(found.selectors or "")["EventSelectors"][0]["ReadWriteType"] == "All"


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        ({"enable": False}, 1),
        ({"enable": True}, 0),
        ({"findingPublishingFrequency": "SIX_HOURS"}, 0),
    ],
)
def test_only_a_detector_that_was_switched_off_is_put_back(
    asked: dict[str, Any], taken: int
) -> None:
    found = tampered([event("UpdateDetector", {"detectorId": DETECTOR, **asked})], [])

    assert len(found.detectors) == taken


def test_features_that_were_turned_off_are_noted() -> None:
    features = [{"name": "S3_DATA_EVENTS", "status": "DISABLED"}]
    found = tampered([event("UpdateDetector", {"detectorId": DETECTOR, "features": features})], [])

    assert "features were turned off" in found.noted[0]


def test_a_flow_log_is_made_again_as_ec2_wrote_it_down() -> None:
    made = event(
        "CreateFlowLogs",
        {
            "CreateFlowLogsRequest": {
                "ResourceId": {"tag": 1, "content": "vpc-0123456789abcdef0"},
                "ResourceType": "VPC",
                "TrafficType": "ALL",
                "LogDestination": "arn:aws:s3:::logs",
            }
        },
        {"CreateFlowLogsResponse": {"flowLogIdSet": {"item": "fl-0e17aa62a21d4bbfe"}}},
    )
    gone = {"DeleteFlowLogsRequest": {"FlowLogId": {"content": "fl-0e17aa62a21d4bbfe", "tag": 1}}}
    [found] = tampered([event("DeleteFlowLogs", gone)], [made]).flow_logs

    assert json.loads(found.settings) == {
        "ResourceIds": ["vpc-0123456789abcdef0"],
        "ResourceType": "VPC",
        "TrafficType": "ALL",
        "LogDestination": "arn:aws:s3:::logs",
    }


def test_what_nobody_remembers_is_noted_and_not_guessed() -> None:
    gone = {"DeleteFlowLogsRequest": {"FlowLogId": {"content": "fl-0e17aa62a21d4bbfe", "tag": 1}}}
    found = tampered(
        [
            event("DeleteFlowLogs", gone),
            event("DeleteModelInvocationLoggingConfiguration"),
            event("PutBucketLogging", {"bucketName": "example-orders"}),
        ],
        [],
    )

    assert (found.flow_logs, found.model_logs, found.bucket_logs) == ((), (), ())
    assert len(found.noted) == 3
    assert all("no call of the last 90 days" in note for note in found.noted)


def test_hostile_names_are_left_out() -> None:
    found = tampered(
        [
            event("StopLogging", {"name": "$(rm -rf /)"}),
            event("CreateFilter", {"detectorId": "../..", "name": "x"}),
            event("StopLogging", None),
            event("DeleteFlowLogs", "fl-"),
        ],
        [],
    )

    assert (found.trails, found.filters, found.flow_logs) == ((), (), ())


def test_leaving_the_organization_is_noted() -> None:
    assert "left its organization" in tampered([event("LeaveOrganization")], []).noted[0]
