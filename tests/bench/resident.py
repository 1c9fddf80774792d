"""Figures of the resident: first containment call, burst, storm, memory. `make bench` prints them.

Each against a whole `firedoor serve` and simulated AWS on this machine. The time of the first
containing call is from when the webhook was sent to when AWS was asked, confirmation of the finding
at its source included. In the storm, 10,000 posts of 100 distinct findings, the process is killed
once in the middle and senders go on as EventBridge does. Memory is the resident's own, its Prefect
server apart, with 1,000 incidents in the store.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from tests.service.conftest import World, acting, alert_about

from firedoor.clock import VirtualClock
from firedoor.journal import Journal
from firedoor.simulator.server import SimulatedAws
from firedoor.store import Store

KEY = "a-hook-key-of-the-bench-0123456789"
FIRST, BURST, DISTINCT, POSTS, SENDERS = 20, 40, 100, 10_000, 8
STORED = 1000


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory(prefix="firedoor-bench-") as folder:
        os.environ["FIREDOOR_PLAYBOOKS"] = str(acting(Path(folder) / "playbooks"))
        os.environ["FIREDOOR_HOOK_KEYS"] = KEY
        for name, measured in (("first", first), ("burst", burst), ("storm", storm)):
            with world() as there:
                measured(there, Path(folder) / name)
        with world():
            memory(Path(folder) / "memory")


def first(there: World, home: Path) -> None:
    """From the webhook to the first containing call, one after the other."""
    took = []
    with serving(home) as (_, port):
        for finding in findings(there, FIRST):
            user = finding["Resource"]["AccessKeyDetails"]["UserName"]
            before = time.monotonic()
            assert post(http.client.HTTPConnection("127.0.0.1", port), finding) == 202
            while there.status(user) != {"Inactive"}:
                time.sleep(0.005)
            took.append(time.monotonic() - before)
    p50, worst = statistics.median(took), max(took)
    print(f"first containing call: p50 {p50:.2f} s, worst of {FIRST} {worst:.2f} s", flush=True)


def burst(there: World, home: Path) -> None:
    """Many different findings at once."""
    wanted = findings(there, BURST)
    with serving(home) as (_, port):
        before = time.monotonic()
        threads = [threading.Thread(target=send, args=(port, [each], [])) for each in wanted]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        acknowledged = time.monotonic() - before
        wait_for(lambda: there.aws.calls["iam:UpdateAccessKey"] >= BURST, 120)
        contained = time.monotonic() - before
        wait_for(lambda: finished(home) >= BURST, 300)
        ran = time.monotonic() - before
    print(
        f"burst of {BURST}: acknowledged in {acknowledged:.2f} s, all contained in "
        f"{contained:.1f} s, all runs as far as they go without people in {ran:.1f} s",
        flush=True,
    )


def storm(there: World, home: Path) -> None:
    """Many posts of fewer findings, and a kill."""
    wanted = findings(there, DISTINCT) * (POSTS // DISTINCT)
    answers: list[int] = []
    parts = [wanted[number::SENDERS] for number in range(SENDERS)]
    with serving(home) as (process, port):
        before = time.monotonic()
        threads = [
            threading.Thread(target=send, args=(port, part[: len(part) // 2], answers))
            for part in parts
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rate = len(answers) / (time.monotonic() - before)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with serving(home) as (_, port):
        threads = [
            threading.Thread(target=send, args=(port, part[len(part) // 2 :], answers))
            for part in parts
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait_for(lambda: there.aws.calls["iam:UpdateAccessKey"] >= DISTINCT, 300)
        time.sleep(2)
    journal = Journal(Store.open(home))
    incidents = len(journal.incidents())
    changes = there.aws.calls["iam:UpdateAccessKey"]
    print(
        f"storm of {POSTS} posts, {DISTINCT} distinct, killed once: {rate:.0f} acknowledged/s, "
        f"{answers.count(202)} with 202, {incidents} incidents, {changes} keys shut once each",
        flush=True,
    )


def memory(home: Path) -> None:
    """Of a resident with many incidents stored."""
    journal = Journal(Store.open(home))
    target = {"account": "111122223333", "region": "us-east-1", "world": "aws"}
    now = datetime.now(UTC)
    for number in range(STORED):
        incident = journal.open_incident(
            "INC", at=now, by="bench", title=f"n {number}", severity="high", target=target
        )
        for _ in range(20):
            note = {"section": "timeline", "text": "x" * 400, "author": "bench"}
            journal.append(incident, "note.added", note, by="bench", at=now)
    with serving(home) as (process, _):
        time.sleep(20)
        status = Path(f"/proc/{process.pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    print(f"memory with {STORED} incidents: {int(resident.split()[1]) // 1024} MiB", flush=True)


def findings(there: World, count: int) -> list[dict[str, Any]]:
    """As many findings, each about a user of its own, that GuardDuty has."""
    found = []
    for _ in range(count):
        user = there.user()
        [key] = there.admin.list_access_keys(UserName=user)["AccessKeyMetadata"]
        found.append(alert_about(user, key["AccessKeyId"]))
        there.aws.add_guardduty_finding(found[-1])
    return found


def send(port: int, documents: list[dict[str, Any]], answers: list[int]) -> None:
    """Post them one after the other, each again until it is taken."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for document in documents:
        while (code := post(connection, document)) != 202:
            answers.append(code)
            time.sleep(0.1)
        answers.append(code)


def post(connection: http.client.HTTPConnection, document: dict[str, Any]) -> int:
    """One post; 0 when nobody answers."""
    headers = {"Content-Type": "application/json", "X-Api-Key": KEY}
    try:
        connection.request("POST", "/hooks/eventbridge", json.dumps(document), headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0
    return answer.status


def finished(home: Path) -> int:
    """How many incidents have a run that came as far as it could."""
    with Store.open(home).reading() as connection:
        wanted = "select count(distinct incident) from entries where kind = 'run.finished'"
        return int(connection.exec_driver_sql(wanted).scalar_one())


def wait_for(holds: Any, seconds: float) -> None:
    """Until it holds; an error after so many seconds."""
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            raise TimeoutError("it did not come to be")
        time.sleep(0.02)


@contextmanager
def serving(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A resident of a home, warm."""
    home.mkdir(parents=True, exist_ok=True)
    log = home.parent / f"{home.name}.log"
    with log.open("w") as to:
        process = subprocess.Popen(
            [sys.executable, "-m", "firedoor.cli.main", "serve", "--port", "0"],
            env={**os.environ, "FIREDOOR_HOME": str(home)},
            stderr=to,
        )
    try:
        wait_for(lambda: "Prefect is warm" in log.read_text(), 120)
        line = next(each for each in log.read_text().splitlines() if "listens at http" in each)
        yield process, int(line.rpartition(":")[2])
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(120)


@contextmanager
def world() -> Iterator[World]:
    """Simulated AWS behind the standard environment."""
    with SimulatedAws(VirtualClock(datetime.now(UTC))) as aws:
        who = aws.responder()
        settings = {
            "AWS_ENDPOINT_URL": aws.endpoint,
            "AWS_ACCESS_KEY_ID": who.access_key_id,
            "AWS_SECRET_ACCESS_KEY": who.secret_access_key,
            "AWS_SESSION_TOKEN": who.session_token or "",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        os.environ.update(settings)
        yield World(aws, boto3.session.Session().client("iam"))


if __name__ == "__main__":
    main()
