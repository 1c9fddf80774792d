"""A resident in this process, with simulated AWS behind the standard AWS environment."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from firedoor.chain import Entry
from firedoor.clock import VirtualClock
from firedoor.journal import Journal
from firedoor.library import shipped
from firedoor.service.address import SOCKET
from firedoor.service.conversation import converse
from firedoor.service.post import Post
from firedoor.service.resident import serve
from firedoor.simulator.server import SimulatedAws
from firedoor.store import Store

RUNBOOK = "compromised-credentials"
ACCOUNT = "111122223333"


def acting(folder: Path) -> Path:
    """The shipped playbooks, in a folder of their own, under which the account acts."""
    shutil.copytree(shipped("playbooks"), folder)
    text = (folder / "plan.yaml").read_text()
    text = text.replace("  accounts: {}\n", f'  accounts: {{"{ACCOUNT}": act}}\n')
    text = text.replace("accounts: []\n", f'accounts: ["{ACCOUNT}"]\n')
    text = text.replace("changes_per_hour: 20", "changes_per_hour: 1000")
    (folder / "plan.yaml").write_text(text)
    return folder


def alert_about(
    user: str, key: str, name: str = "a", *, severity: float = 8.0, **service: Any
) -> dict[str, Any]:
    """A finding about a user's key, as GuardDuty's API has it."""
    number = hashlib.md5(f"{user} {name}".encode(), usedforsecurity=False).hexdigest()
    return {
        "SchemaVersion": "2.0",
        "AccountId": ACCOUNT,
        "Region": "us-east-1",
        "Partition": "aws",
        "Id": number,
        "Arn": f"arn:aws:guardduty:us-east-1:{ACCOUNT}:detector/d/finding/{number}",
        "Type": "UnauthorizedAccess:IAMUser/MaliciousIPCaller",
        "Resource": {
            "ResourceType": "AccessKey",
            "AccessKeyDetails": {
                "AccessKeyId": key,
                "PrincipalId": "AIDAEXAMPLE",
                "UserType": "IAMUser",
                "UserName": user,
            },
        },
        "Service": {"ServiceName": "guardduty", "Archived": False, "Count": 1, **service},
        "Severity": severity,
        "CreatedAt": "2026-11-25T00:00:00Z",
        "UpdatedAt": "2026-11-25T00:00:00Z",
        "Title": "API ListUsers was invoked from a malicious address",
        "Description": "d",
    }


def until(holds: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What it gives once that is something; the last of it after so many seconds."""
    ends = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < ends:
        time.sleep(0.05)
    return found


@dataclass
class World:
    """Simulated AWS with users whose keys leaked, one for each test."""

    aws: SimulatedAws
    admin: Any
    count: int = 0

    def user(self) -> str:
        """A new user with an active key."""
        self.count += 1
        name = f"ci-{self.count}"
        self.admin.create_user(UserName=name)
        self.admin.create_access_key(UserName=name)
        return name

    def status(self, user: str) -> set[str]:
        """The statuses of his keys."""
        found = self.admin.list_access_keys(UserName=user)["AccessKeyMetadata"]
        return {key["Status"] for key in found}

    def open_again(self, user: str) -> None:
        """Somebody makes his keys active again."""
        for key in self.admin.list_access_keys(UserName=user)["AccessKeyMetadata"]:
            self.admin.update_access_key(
                UserName=user, AccessKeyId=key["AccessKeyId"], Status="Active"
            )


@pytest.fixture(scope="module")
def settings_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """The environment of a module: a home of its own and no AWS at all."""
    patch = pytest.MonkeyPatch()
    folder = tmp_path_factory.mktemp("service")
    patch.setenv("FIREDOOR_HOME", str(folder / "home"))
    patch.setenv("HOME", str(folder))
    patch.setenv("COLUMNS", "200")
    for name in list(os.environ):
        if name.startswith("AWS_") or name in ("FIREDOOR_RESIDENT", "FIREDOOR_SOCKET_GROUP"):
            patch.delenv(name)
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_REGION", "us-east-1")
    yield patch
    patch.undo()


@pytest.fixture(scope="module")
def world(settings_of_module: pytest.MonkeyPatch) -> Iterator[World]:
    """Reached through AWS_ENDPOINT_URL, as any other emulator would be."""
    with SimulatedAws(VirtualClock(datetime.now(UTC))) as aws:
        who = aws.responder()
        admin = boto3.client(
            "iam",
            endpoint_url=aws.endpoint,
            region_name="us-east-1",
            aws_access_key_id=who.access_key_id,
            aws_secret_access_key=who.secret_access_key,
            aws_session_token=who.session_token,
        )
        settings_of_module.setenv("AWS_ENDPOINT_URL", aws.endpoint)
        settings_of_module.setenv("AWS_ACCESS_KEY_ID", who.access_key_id)
        settings_of_module.setenv("AWS_SECRET_ACCESS_KEY", who.secret_access_key)
        settings_of_module.setenv("AWS_SESSION_TOKEN", who.session_token or "")
        yield World(aws, admin)


@dataclass
class Running:
    """A resident at work."""

    home: Path
    lines: list[str] = field(default_factory=list)

    def entries(self, incident: str) -> list[Entry]:
        """The journal of an incident, as another process reads it."""
        return Journal(Store.open(self.home)).entries(incident)

    def kinds(self, incident: str) -> list[str]:
        """The kinds of its entries."""
        return [entry.kind for entry in self.entries(incident)]

    def ended(self, incident: str) -> list[str]:
        """How its runs ended so far."""
        entries = self.entries(incident)
        return [entry.data["status"] for entry in entries if entry.kind == "run.finished"]

    def newest(self) -> str:
        """The incident that was opened last."""
        return Journal(Store.open(self.home)).incidents()[-1]


@pytest.fixture(scope="module")
def resident(world: World) -> Iterator[Running]:
    """The resident of the module's home, in threads of this process."""
    home = Path(os.environ["FIREDOOR_HOME"])
    running = Running(home)
    stopping = threading.Event()
    thread = threading.Thread(target=serve, args=(home, stopping, running.lines.append))
    thread.start()
    try:
        assert until(lambda: (home / SOCKET).exists())
        assert until(lambda: "Prefect is warm" in running.lines, 120)
        yield running
    finally:
        stopping.set()
        thread.join(60)


@pytest.fixture
def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Post:
    """A post that nobody serves: no Prefect, no rounds."""
    monkeypatch.setenv("FIREDOOR_HOME", str(tmp_path / "home"))
    lines: list[str] = []
    made = Post(tmp_path / "home", lines.append)
    made.lines = lines  # type: ignore[attr-defined]
    return made


@dataclass
class Line:
    """A raw connection to a post."""

    connection: socket.socket
    thread: threading.Thread

    def say(self, text: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(text)

    def heard(self, seconds: float = 5.0) -> list[dict[str, Any]]:
        """All that comes until the other side closes."""
        self.connection.settimeout(seconds)
        came = b""
        while piece := self.connection.recv(65536):
            came += piece
        return [json.loads(line) for line in came.splitlines()]

    def over(self, seconds: float = 5.0) -> bool:
        """Whether the other side has ended."""
        self.thread.join(seconds)
        return not self.thread.is_alive()


@pytest.fixture
def line(post: Post) -> Iterator[Line]:
    """Connected to the post."""
    mine, theirs = socket.socketpair()
    thread = threading.Thread(target=converse, args=(post, theirs), daemon=True)
    thread.start()
    yield Line(mine, thread)
    mine.close()
