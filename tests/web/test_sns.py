"""Messages of SNS: signed by SNS, of an allowed topic, of now; anything else is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.web.conftest import KEY, TOPIC, Service, event
from tests.web.signing import URL


def test_a_signed_notification_is_taken_in_in_both_versions(service: Service) -> None:
    answers = [
        service.notify(service.signer.message(TOPIC, json.dumps(event(version)), version))
        for version in ("1", "2")
    ]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert service.inbox.counts() == {"new": 2}


def test_a_subject_is_signed_too(service: Service) -> None:
    message = service.signer.message(TOPIC, json.dumps(event()), "2", Subject="GuardDuty")

    assert service.notify(message).status_code == 202
    assert service.notify({**message, "Subject": "another"}).status_code == 403


def test_the_certificate_is_fetched_once(service: Service) -> None:
    before = len(service.signer.asked)
    for version in ("1", "2", "2"):
        service.notify(service.signer.message(TOPIC, json.dumps(event()), version))

    assert service.signer.asked[before:] == [URL]


@pytest.mark.parametrize(
    "changed",
    [
        {"Message": "{}"},
        {"Signature": "AAAA"},
        {"Signature": "no base64!"},
        {"Signature": None},
        {"SignatureVersion": "3"},
        {"SignatureVersion": "2"},
        {"Timestamp": 5},
        {"Type": "Other"},
        {"SigningCertURL": None},
    ],
)
def test_what_was_changed_on_the_way_is_refused(service: Service, changed: dict[str, Any]) -> None:
    message = service.signer.message(TOPIC, json.dumps(event())) | changed

    answer = service.notify(message)

    assert answer.status_code in (400, 403)
    assert service.inbox.counts() == {}


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/SimpleNotificationService-0a.pem",
        "https://evil.example/SimpleNotificationService-0a.pem",
        "https://sns.eu-central-1.amazonaws.com@evil.example/SimpleNotificationService-0a.pem",
        "https://evil.example#sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a.pem",
        "https://sns.eu-central-1.amazonaws.com:8443/SimpleNotificationService-0a.pem",
        "https://sns.eu-central-1.amazonaws.com/evil.pem",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a.pem?x=1",
        "https://bucket.s3.eu-central-1.amazonaws.com/SimpleNotificationService-0a.pem",
        "https://[::1/x",
    ],
)
def test_no_certificate_is_fetched_from_anywhere_else(service: Service, url: str) -> None:
    before = list(service.signer.asked)
    message = service.signer.message(TOPIC, json.dumps(event())) | {"SigningCertURL": url}

    answer = service.notify(message)

    assert (answer.status_code, service.signer.asked) == (403, before)


@pytest.mark.parametrize("age", [timedelta(hours=2), timedelta(minutes=-20)])
def test_a_message_outside_its_time_is_refused(service: Service, age: timedelta) -> None:
    stamp = (datetime.now(UTC) - age).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    message = service.signer.message(TOPIC, json.dumps(event()), Timestamp=stamp)

    assert service.notify(message).status_code == 403


def test_another_topic_is_refused_before_anything_is_fetched(service: Service) -> None:
    before = list(service.signer.asked)
    message = service.signer.message(TOPIC + "-2", json.dumps(event()))

    answer = service.notify(message)

    assert (answer.status_code, service.signer.asked) == (403, before)


def test_a_subscription_is_confirmed_for_an_allowed_topic_alone(service: Service) -> None:
    more = {"SubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Confirm", "Token": "t"}
    of = {"Type": "SubscriptionConfirmation", **more}

    service.notify(service.signer.message(TOPIC, "You have chosen", **of))
    service.notify(service.signer.message(TOPIC + "-2", "You have chosen", **of))

    assert service.confirmed == [more["SubscribeURL"]]


def test_raw_delivery_is_refused_unless_it_is_allowed_and_has_a_key(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"x-amz-sns-rawdelivery": "true", "x-amz-sns-topic-arn": TOPIC}
    before = service.notify(event(), **headers).status_code
    monkeypatch.setenv("FIREDOOR_SNS_RAW", "allow")

    without = service.notify(event(), **headers).status_code
    with_key = service.notify(event(), **headers, **{"X-Api-Key": KEY}).status_code

    assert (before, without, with_key) == (403, 401, 202)


def test_without_topics_the_door_is_shut(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIREDOOR_SNS_TOPICS")

    answer = service.notify(service.signer.message(TOPIC, json.dumps(event())))

    assert answer.status_code == 403
