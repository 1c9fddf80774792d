"""The webhooks over a real inbox, without a network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from firedoor.inbox import Inbox
from firedoor.store import Store
from firedoor.web.app import application
from firedoor.web.hooks import Hooks
from firedoor.web.sns import Signatures
from tests.web.signing import Signer

KEY = "hook-key-of-the-tests-0123456789"
TOPIC = "arn:aws:sns:eu-central-1:111122223333:guardduty"


def event(name: str = "a", **service: Any) -> dict[str, Any]:
    """A finding as an EventBridge API destination sends it."""
    return {
        "version": "0",
        "id": f"event-{name}",
        "detail-type": "GuardDuty Finding",
        "source": "aws.guardduty",
        "account": "111122223333",
        "time": "2026-11-25T00:00:00Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": {
            "schemaVersion": "2.0",
            "accountId": "111122223333",
            "region": "eu-central-1",
            "partition": "aws",
            "id": name * 32,
            "type": "UnauthorizedAccess:IAMUser/MaliciousIPCaller",
            "resource": {
                "resourceType": "AccessKey",
                "accessKeyDetails": {
                    "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
                    "principalId": "AIDAEXAMPLE",
                    "userType": "IAMUser",
                    "userName": "ci-deployer",
                },
            },
            "service": {
                "serviceName": "guardduty",
                "detectorId": "d" * 32,
                "resourceRole": "TARGET",
                "archived": False,
                "count": 1,
                **service,
            },
            "severity": 8,
            "createdAt": "2026-11-25T00:00:00Z",
            "updatedAt": "2026-11-25T00:00:00Z",
            "title": "API ListUsers was invoked from a malicious address",
            "description": "d",
        },
    }


@dataclass
class Service:
    """The service as a sender sees it. `fetched`: what was fetched from SNS."""

    client: TestClient
    inbox: Inbox
    signer: Signer
    lines: list[str]
    confirmed: list[str] = field(default_factory=list)

    def post(self, document: Any, *, key: str | None = KEY, **headers: str) -> Any:
        """An event at /hooks/eventbridge."""
        given = {"Content-Type": "application/json; charset=utf-8", **headers}
        if key is not None:
            given["X-Api-Key"] = key
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.client.post("/hooks/eventbridge", content=body, headers=given)

    def notify(self, message: dict[str, Any], **headers: str) -> Any:
        """A message at /hooks/sns, with the headers of SNS."""
        given = {
            "Content-Type": "text/plain; charset=UTF-8",
            "x-amz-sns-message-type": str(message.get("Type")),
            **headers,
        }
        body = json.dumps(message).encode()
        return self.client.post("/hooks/sns", content=body, headers=given)

    def trail(self) -> dict[tuple[str, str], int]:
        """The audit trail, counted, when everything is written."""
        self.inbox.close()
        return self.inbox.arrivals()


@pytest.fixture(scope="session")
def signer() -> Signer:
    """Signs as SNS does, with a certificate of its own."""
    return Signer()


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signer: Signer) -> Iterator[Service]:
    """The service on an empty inbox, with one key and one topic allowed."""
    monkeypatch.setenv("FIREDOOR_HOOK_KEYS", KEY)
    monkeypatch.setenv("FIREDOOR_SNS_TOPICS", TOPIC)
    monkeypatch.delenv("FIREDOOR_SNS_RAW", raising=False)
    inbox = Inbox(Store.open(tmp_path / "home"))
    lines: list[str] = []
    confirmed: list[str] = []
    hooks = Hooks(
        inbox,
        lines.append,
        signatures=Signatures(signer.fetch),
        confirmed=lambda message: confirmed.append(message["SubscribeURL"]),
    )
    app = application(hooks, lambda: (True, {}), lambda: b"figures")
    with TestClient(app) as client:
        yield Service(client, inbox, signer, lines, confirmed)
    inbox.close()
