"""A storm of findings against the whole process, killed in the middle: none lost, none twice."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from firedoor.journal import Journal
from firedoor.store import Store
from tests.service.conftest import World, acting, alert_about, until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
KEY = "a-hook-key-of-the-storm-0123456789"
USERS, REPEATS, SENDERS = 12, 10, 6


@contextmanager
def serving(log: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A resident that listens, and its port."""
    command = [sys.executable, "-m", "firedoor.cli.main", "serve", "--port", "0"]
    with log.open("w") as to:
        process = subprocess.Popen(command, cwd=ROOT, stderr=to, text=True)
    try:
        assert until(lambda: "listens at http" in log.read_text(), 60), log.read_text()
        line = next(each for each in log.read_text().splitlines() if "listens at http" in each)
        yield process, int(line.rpartition(":")[2])
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(120)


class Senders:
    """They send as EventBridge does: again until they are answered with 202."""

    def __init__(self, documents: list[dict[str, Any]]) -> None:
        self.port = 0
        self.sent = 0
        self.answers: list[int] = []
        self._left = list(documents)
        self._lock = threading.Lock()

    def begin(self) -> list[threading.Thread]:
        """Start sending."""
        threads = [threading.Thread(target=self._send, daemon=True) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        return threads

    def _send(self) -> None:
        while True:
            with self._lock:
                if not self._left:
                    return
                document = self._left.pop(0)
            until_ = time.monotonic() + 60
            while time.monotonic() < until_ and self._once(document) != 202:
                time.sleep(0.1)
            self.sent += 1

    def _once(self, document: dict[str, Any]) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            headers = {"Content-Type": "application/json", "X-Api-Key": KEY}
            connection.request("POST", "/hooks/eventbridge", json.dumps(document), headers)
            code = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()
        self.answers.append(code)
        return code


def test_killed_in_a_storm_nothing_is_lost_and_nothing_is_contained_twice(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("FIREDOOR_HOME", str(home))
    monkeypatch.setenv("FIREDOOR_PLAYBOOKS", str(acting(tmp_path / "playbooks")))
    monkeypatch.setenv("FIREDOOR_HOOK_KEYS", KEY)
    users = [world.user() for _ in range(USERS)]
    keys = {
        user: world.admin.list_access_keys(UserName=user)["AccessKeyMetadata"][0]["AccessKeyId"]
        for user in users
    }
    findings = [alert_about(user, keys[user]) for user in users]
    for finding in findings:
        world.aws.add_guardduty_finding(finding)
    before = world.aws.calls["iam:UpdateAccessKey"]
    senders = Senders(findings * REPEATS)

    with serving(tmp_path / "first.log") as (process, senders.port):
        threads = senders.begin()
        # When some are contained and others are not.
        assert until(lambda: {"Inactive"} in [world.status(user) for user in users], 60)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    with serving(tmp_path / "second.log") as (process, senders.port):
        for thread in threads:
            thread.join(120)
        log = tmp_path / "second.log"
        done = until(lambda: _waiting(home) == USERS, 120)
        late = [user for user in users if world.status(user) != {"Inactive"}]

    journal = Journal(Store.open(home))
    receipts = [
        entry.data["resource"]
        for incident in journal.incidents()
        for entry in journal.entries(incident)
        if entry.kind == "step.receipt"
    ]
    assert done, log.read_text()
    assert late == []
    assert sorted(set(receipts)) == sorted(receipts)
    assert world.aws.calls["iam:UpdateAccessKey"] - before == USERS
    assert len(journal.incidents()) == USERS
    assert all(journal.verify(incident).holds for incident in journal.incidents())
    assert set(senders.answers) <= {202, 503}


def _waiting(home: Path) -> int:
    """How many incidents have come as far as they can without people."""
    journal = Journal(Store.open(home))
    return sum(
        any(entry.kind == "run.finished" for entry in journal.entries(incident))
        for incident in journal.incidents()
    )
