"""Events over HTTP: on disk when they are answered; refused with a reason, or taken in."""

from __future__ import annotations

import json
import threading

import pytest

from firedoor.inbox import Inbox
from firedoor.store import Store
from tests.web.conftest import KEY, Service, event


def test_an_event_is_on_disk_when_it_is_answered(service: Service) -> None:
    answer = service.post(event())

    assert (answer.status_code, answer.json()) == (202, {"findings": 1, "new": 1})
    again = Store.open(service.inbox._store.home)
    assert [item.finding.id for item in Inbox(again).open_items(9)] == ["a" * 32]


def test_a_repeat_is_answered_alike_and_written_once(service: Service) -> None:
    service.post(event())

    answer = service.post({**event(), "id": "another delivery"})

    assert (answer.status_code, answer.json()["new"]) == (202, 0)
    assert service.inbox.counts() == {"new": 1}


def test_the_same_finding_of_member_and_administrator_is_one(service: Service) -> None:
    service.post(event())

    answer = service.post(event(detectorId="e" * 32))

    assert answer.json()["new"] == 0


def test_an_update_of_a_finding_is_new(service: Service) -> None:
    service.post(event())

    answer = service.post(event(count=7))

    assert answer.json()["new"] == 1


def test_a_forged_message_does_not_stand_in_for_the_true_one(service: Service) -> None:
    forged = event()
    forged["detail"]["resource"]["accessKeyDetails"]["userName"] = "somebody-else"
    service.post(forged)

    answer = service.post(event())

    assert answer.json()["new"] == 1


def test_a_bearer_token_is_a_key_too(service: Service) -> None:
    answer = service.post(event(), key=None, Authorization=f"Bearer {KEY}")

    assert answer.status_code == 202


@pytest.mark.parametrize("key", [None, "", "wrong", KEY[:-1], KEY + "x", "ключ"])
def test_without_a_key_of_ours_nothing_is_taken(service: Service, key: str | None) -> None:
    headers = {"Authorization": "Basic " + KEY} if key is None else {}

    answer = service.post(event(), key=key.encode() if key else key, **headers)  # type: ignore[arg-type]

    assert answer.status_code == 401
    assert service.inbox.counts() == {}


def test_a_new_key_and_the_old_one_both_count(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREDOOR_HOOK_KEYS", f"the-new-key-of-next-month, {KEY}")

    answers = [
        service.post(event(name), key=key)
        for name, key in (("a", KEY), ("b", "the-new-key-of-next-month"))
    ]

    assert [answer.status_code for answer in answers] == [202, 202]


def test_where_no_keys_are_set_nobody_gets_in(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREDOOR_HOOK_KEYS", " , ")

    answer = service.post(event(), key="")

    assert (answer.status_code, "FIREDOOR_HOOK_KEYS" in answer.text) == (401, True)


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"{", {}, 400),
        (b"\xff\xfe", {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"{}", {}, 422),
        (b"[]", {}, 422),
        (b'"text"', {}, 422),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Encoding": "gzip"}, 415),
        (b'"' + b"x" * (1024 * 1024) + b'"', {}, 413),
    ],
)
def test_what_is_no_event_is_refused_with_a_reason(
    service: Service, body: bytes, headers: dict[str, str], code: int
) -> None:
    answer = service.post(body, **headers)

    assert (answer.status_code, bool(answer.json()["error"]["message"])) == (code, True)


def test_a_malware_scan_result_is_said_to_be_no_finding(service: Service) -> None:
    scan = {
        **event(),
        "detail-type": "GuardDuty Malware Protection Object Scan Result",
        "detail": {"scanStatus": "COMPLETED", "scanResultDetails": {}},
    }

    answer = service.post(scan)

    assert (answer.status_code, answer.json()["error"]["kind"]) == (422, "not_a_finding")


def test_past_the_bound_senders_are_told_when_to_come_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.inbox, "_most", 2)
    for name in "ab":
        service.post(event(name))

    refused = service.post(event("c"))
    repeated = service.post(event("a"))

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert repeated.status_code == 202


def test_many_at_once_are_each_written(service: Service) -> None:
    codes: list[int] = []
    names = [f"{number:02d}" for number in range(40)]
    threads = [
        threading.Thread(target=lambda n=name: codes.append(service.post(event(n)).status_code))
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert codes == [202] * 40
    assert service.inbox.counts() == {"new": 40}


def test_every_request_stands_in_the_audit_trail(service: Service) -> None:
    service.post(event())
    service.post(event())
    service.post(event(), key="wrong")
    service.post(b"{")

    assert service.trail() == {
        ("eventbridge", "accepted"): 1,
        ("eventbridge", "repeated"): 1,
        ("eventbridge", "refused"): 2,
    }


def test_a_secret_in_a_finding_is_masked_before_it_is_written(service: Service) -> None:
    told = event()
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    told["detail"]["service"]["additionalInfo"] = {"value": json.dumps({"SecretAccessKey": secret})}
    service.post(told)

    service.inbox.close()

    files = (service.inbox._store.home).rglob("*")
    assert not [file for file in files if file.is_file() and secret.encode() in file.read_bytes()]


def test_only_health_answers_anybody(service: Service) -> None:
    codes = {
        path: service.client.get(path).status_code
        for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/", "/hooks/eventbridge")
    }

    assert codes == {
        "/healthz": 200,
        "/readyz": 200,
        "/metrics": 401,
        "/openapi.json": 401,
        "/": 404,
        "/hooks/eventbridge": 405,
    }
