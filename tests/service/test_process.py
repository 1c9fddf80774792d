"""`firedoor serve` as a whole process: stopped, killed, started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from firedoor.service.address import SOCKET
from tests.service.conftest import RUNBOOK, Running, World, until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, at the module's simulated AWS."""
    monkeypatch.setenv("FIREDOOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def firedoor(*words: str) -> subprocess.Popen[str]:
    """The command, begun."""
    return subprocess.Popen(
        [sys.executable, "-m", "firedoor.cli.main", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@contextmanager
def serving(home: Path, log: Path) -> Iterator[subprocess.Popen[str]]:
    """A resident that listens and whose Prefect is warm."""
    with log.open("w") as to:
        process = subprocess.Popen(
            [sys.executable, "-m", "firedoor.cli.main", "serve", "--port", "0"],
            cwd=ROOT,
            stderr=to,
            text=True,
        )
    try:
        assert until(lambda: "Prefect is warm" in log.read_text(), 120), log.read_text()
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(120)


def entries_at_least(running: Running, count: int) -> str:
    """The home's one incident, when its journal has so many entries."""

    def found() -> str:
        anchors = list((running.home / "anchors").glob("*.txt"))
        enough = [each for each in anchors if len(each.read_text().splitlines()) >= count]
        return enough[0].stem if enough else ""

    return str(until(found, 60))


@pytest.mark.parametrize("blow", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_ends_with_0_and_leaves_nothing(
    home: Path, tmp_path: Path, blow: signal.Signals
) -> None:
    with serving(home, tmp_path / "log") as process:
        server = prefect_of(home)
        process.send_signal(blow)
        code = process.wait(30)

    assert code == 0
    assert not (home / SOCKET).exists()
    assert len(server) == 1
    assert until(lambda: not prefect_of(home), 15)
    assert "Traceback" not in (tmp_path / "log").read_text()


def prefect_of(home: Path) -> list[int]:
    """The processes of a home's embedded server."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            here = f"PREFECT_HOME={home}/prefect\0".encode() in path.read_bytes()
            if here and b"server_app" in (path.parent / "cmdline").read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def test_a_second_one_is_refused_with_3(home: Path, tmp_path: Path) -> None:
    with serving(home, tmp_path / "log") as process:
        code, _, err = ended(firedoor("serve"))

    assert code == 3
    assert f"running already (pid {process.pid})" in " ".join(err.split())


def test_stopped_in_the_middle_a_run_is_parked_and_goes_on_at_the_next_start(
    home: Path, tmp_path: Path, world: World
) -> None:
    user, running = world.user(), Running(home)
    with serving(home, tmp_path / "log") as process:
        run = firedoor("run", RUNBOOK, f"user={user}", "--yes", "--json")
        incident = entries_at_least(running, 14)
        process.terminate()
        code = process.wait(60)
        told = ended(run)
    parked = running.entries(incident)
    begun = [(e.run, e.step) for e in parked if e.kind == "step.started"]
    over = [(e.run, e.step) for e in parked if e.kind == "step.finished"]
    with serving(home, tmp_path / "log2"):
        contained = until(lambda: running.ended(incident) == ["contained"], 60)

    assert code == 0
    assert told[0] == 3, told
    assert json.loads(told[1])["error"]["kind"] == "parked"
    # Whatever was begun came to its end.
    assert sorted(over) == sorted(begun)
    assert contained
    assert world.status(user) == {"Inactive"}


def test_killed_in_the_middle_it_goes_on_when_it_starts_again_and_nothing_is_done_twice(
    home: Path, tmp_path: Path, world: World
) -> None:
    user, running = world.user(), Running(home)
    with serving(home, tmp_path / "log") as process:
        run = firedoor("run", RUNBOOK, f"user={user}", "--yes", "--json")
        incident = entries_at_least(running, 14)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        told = ended(run)
    world.aws.reset_calls()
    with serving(home, tmp_path / "log2"):
        contained = until(lambda: running.ended(incident) == ["contained"], 60)
    receipts = [e.data["resource"] for e in running.entries(incident) if e.kind == "step.receipt"]

    assert told[0] == 3
    assert "the resident has gone" in json.loads(told[1])["error"]["message"]
    assert contained
    assert len(receipts) == len(set(receipts)) == 2
    assert world.status(user) == {"Inactive"}


def test_a_dead_socket_is_said_and_ignored(home: Path, tmp_path: Path, world: World) -> None:
    with serving(home, tmp_path / "log") as process:
        process.kill()
        process.wait(10)
    code, out, err = ended(firedoor("run", RUNBOOK, f"user={world.user()}", "--yes", "--json"))

    assert (home / SOCKET).exists()
    assert (code, json.loads(out)["status"]) == (0, "contained")
    assert "the resident does not answer" in " ".join(err.split())


def test_one_that_stands_still_is_said_and_ignored(
    home: Path, tmp_path: Path, world: World
) -> None:
    with serving(home, tmp_path / "log") as process:
        process.send_signal(signal.SIGSTOP)
        try:
            code, out, err = ended(
                firedoor("run", RUNBOOK, f"user={world.user()}", "--yes", "--json")
            )
        finally:
            process.send_signal(signal.SIGCONT)

    assert (code, json.loads(out)["status"]) == (0, "contained")
    assert "the resident does not answer" in " ".join(err.split())


def test_ctrl_c_leaves_a_run_that_goes_on(home: Path, tmp_path: Path, world: World) -> None:
    user, running = world.user(), Running(home)
    with serving(home, tmp_path / "log"):
        run = firedoor("run", RUNBOOK, f"user={user}", "--yes", "--json")
        incident = entries_at_least(running, 8)
        run.send_signal(signal.SIGINT)
        code, out, _ = ended(run)
        contained = until(lambda: running.ended(incident) == ["contained"], 60)
    told: dict[str, Any] = json.loads(out)["error"]

    assert (code, told["kind"]) == (130, "detached")
    assert f"{incident} goes on in the resident" in told["message"]
    assert contained


def test_prefect_s_server_is_started_again_when_it_dies(
    home: Path, tmp_path: Path, world: World
) -> None:
    with serving(home, tmp_path / "log"):
        (server,) = prefect_of(home)
        os.kill(server, signal.SIGKILL)
        warm = until(lambda: (tmp_path / "log").read_text().count("Prefect is warm") == 2, 60)
        code, out, _ = ended(firedoor("run", RUNBOOK, f"user={world.user()}", "--yes", "--json"))

    assert warm
    assert (code, json.loads(out)["engine"]) == (0, "prefect")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_somebody_else_who_gets_at_the_socket_is_refused_and_logged(
    home: Path, tmp_path: Path
) -> None:
    script = (
        "import os, socket, sys; os.setgid(65534); os.setuid(65534);"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(65536).decode())"
    )
    with serving(home, tmp_path / "log"):
        # As if somebody had opened what the resident had shut.
        for folder in (*tmp_path.parents, tmp_path, home):
            if not folder.stat().st_mode & 0o001:
                folder.chmod(0o755)
        (home / SOCKET).chmod(0o666)
        tried = subprocess.run(
            [sys.executable, "-c", script, str(home / SOCKET)],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        logged = until(lambda: "refused os:nobody" in (tmp_path / "log").read_text(), 5)

    assert json.loads(tried.stdout)["kind"] == "refused", tried.stderr
    assert logged


def test_it_rests_in_little_memory(home: Path, tmp_path: Path) -> None:
    with serving(home, tmp_path / "log") as process:
        time.sleep(1)
        status = Path(f"/proc/{process.pid}/status").read_text()
    kilobytes = int(status.split("VmRSS:")[1].split()[0])

    assert kilobytes < 400 * 1024
