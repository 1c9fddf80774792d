"""`firedoor run` as a whole process, through Prefect: what is said, what is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from firedoor.clock import VirtualClock
from firedoor.simulator.server import SimulatedAws
from tests.engine.prefect_home import Seen

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
USER = "ci-deployer"
RUN = ("run", "compromised-credentials", f"user={USER}", "--yes", "--json")


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Simulated AWS with a leaked key, a fresh home, and a Prefect of the user's own elsewhere."""
    with SimulatedAws(VirtualClock(datetime.now(UTC))) as aws:
        who = aws.responder()
        secret = {
            "aws_access_key_id": who.access_key_id,
            "aws_secret_access_key": who.secret_access_key,
            "aws_session_token": who.session_token or "",
        }
        admin = boto3.client("iam", endpoint_url=aws.endpoint, region_name="us-east-1", **secret)
        admin.create_user(UserName=USER)
        admin.create_access_key(UserName=USER)
        yield {
            **os.environ,
            **{name.upper(): value for name, value in secret.items()},
            "AWS_ENDPOINT_URL": aws.endpoint,
            "AWS_REGION": "us-east-1",
            "FIREDOOR_HOME": str(tmp_path / "home"),
            "HOME": str(tmp_path),
            "PREFECT_API_URL": "http://127.0.0.1:9/api",
        }


NOISE = ("Traceback", "rror logging", "EventsWorker", "httpx", "prefect.", "Warning", "network")
"""Words of Prefect's own, and of Python's when something goes wrong."""


def wait_for_entries(home: Path, count: int) -> None:
    """Return when the journal of the home's one incident has so many entries."""
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        texts = [path.read_text() for path in (home / "anchors").glob("*.txt")]
        if sum(len(text.splitlines()) for text in texts) >= count:
            return
        time.sleep(0.01)


def firedoor(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """The command, as a process."""
    return subprocess.run(
        [sys.executable, "-m", "firedoor.cli.main", *words],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def servers(home: str) -> list[int]:
    """The processes of embedded servers of a home."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            text = path.read_bytes()
        except OSError:
            continue
        if f"PREFECT_HOME={home}/prefect\0".encode() in text:
            found.append(int(path.parent.name))
    return found


def none_left(home: str) -> bool:
    """Whether the servers of a home end in time."""
    ends = time.monotonic() + 15
    while (left := servers(home)) and time.monotonic() < ends:
        time.sleep(0.2)
    return not left


def test_a_run_through_prefect_says_no_word_of_prefects_and_leaves_no_process(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = firedoor(environment, *RUN)
    told: dict[str, Any] = json.loads(done.stdout)
    home = environment["FIREDOOR_HOME"]

    assert (done.returncode, told["status"], told["engine"]) == (0, "contained", "prefect")
    assert [word for word in NOISE if word in done.stderr] == []
    assert none_left(home)
    assert not (tmp_path / ".prefect").exists()
    assert Seen(Path(home)).flow_runs() == {
        f"{told['incident']} compromised-credentials r1": ("COMPLETED", "Contained")
    }


def test_every_task_run_is_there_after_the_process_has_ended(
    environment: dict[str, str],
) -> None:
    told = json.loads(firedoor(environment, *RUN).stdout)
    none_left(environment["FIREDOOR_HOME"])
    seen = Seen(Path(environment["FIREDOOR_HOME"]))
    tasks = seen.task_runs(f"{told['incident']} compromised-credentials r1")
    carried = {step["id"] for step in told["steps"] if step["status"] in ("done", "nothing_to_do")}

    assert {"who", "keys", "report"} <= {name for name, _, _ in tasks}
    assert {name for name, state, _ in tasks if state == "Completed"} <= carried
    # What comes off only when no session from before can live any more is refused until then.
    assert {state for _, state, _ in tasks} <= {"Completed", "NothingToDo", "Refused"}


@pytest.mark.parametrize(
    ("blow", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, -15), (signal.SIGINT, 130)]
)
def test_cut_off_in_the_middle_it_goes_on_under_the_same_flow_run(
    environment: dict[str, str], blow: signal.Signals, code: int
) -> None:
    home = Path(environment["FIREDOOR_HOME"])
    running = subprocess.Popen(
        [sys.executable, "-m", "firedoor.cli.main", *RUN],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    # Some twenty entries: in the middle of containing.
    wait_for_entries(home, 20)
    running.send_signal(blow)
    _, err = running.communicate(timeout=60)
    gone = none_left(str(home))
    (incident,) = [path.stem for path in (home / "anchors").glob("*.txt")]

    done = firedoor(environment, "resume", incident, "--yes", "--json")
    told = json.loads(done.stdout)
    states = Seen(home).states(f"{incident} compromised-credentials r1")

    assert gone
    assert (running.returncode, "Traceback" in err) == (code, False)
    assert (done.returncode, told["status"], told["engine"]) == (0, "contained", "prefect")
    assert "Resuming" in states
    assert states[-1] == "Contained"
    assert len(Seen(home).flow_runs()) == 1


def test_a_process_whose_server_is_killed_in_the_middle_contains_and_ends_in_time(
    environment: dict[str, str],
) -> None:
    home = Path(environment["FIREDOOR_HOME"])
    running = subprocess.Popen(
        [sys.executable, "-m", "firedoor.cli.main", *RUN],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_entries(home, 12)
    for process in servers(str(home)):
        os.kill(process, signal.SIGKILL)
    killed = time.monotonic()
    out, err = running.communicate(timeout=120)
    told = json.loads(out)

    assert (running.returncode, told["status"], told["engine"]) == (0, "contained", "break-glass")
    assert "going on without it (break-glass)" in " ".join(err.split())
    assert [word for word in NOISE if word in err] == []
    assert time.monotonic() - killed < 40
