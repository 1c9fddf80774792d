"""Whoever reads along, or is asked, goes away: what contains goes on, and the end is clean."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.cli.conftest import USER, Firedoor, World

RUN = [sys.executable, "-m", "firedoor.cli.main", "run", "compromised-credentials", f"user={USER}"]


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_run_whose_reader_has_gone_still_contains(
    world: World, firedoor: Firedoor, more: list[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    ended = subprocess.run(
        [*RUN, "--yes", "--break-glass", *more], stdout=writing, stderr=writing, timeout=60
    )
    os.close(writing)

    assert ended.returncode == 0
    assert world.status() == {"Inactive"}


def test_after_a_resume_the_report_tells_how_it_ended(
    world: World, firedoor: Firedoor, tmp_path: Path
) -> None:
    waiting = firedoor("run", "compromised-credentials", f"user={USER}", "--json", "--break-glass")
    firedoor("approve", f"{waiting.json['incident']}-A1")

    resumed = firedoor("resume", waiting.json["incident"], "--json", "--break-glass")
    page = Path(resumed.json["report"]).with_suffix(".md").read_text()

    assert resumed.json["status"] == "contained"
    assert "waiting for a person" not in page


def test_ctrl_c_at_a_question_ends_the_process(world: World, firedoor: Firedoor) -> None:
    waiting = firedoor("run", "compromised-credentials", f"user={USER}", "--json", "--break-glass")
    incident = waiting.json["incident"]
    leader, follower = pty.openpty()

    asked = subprocess.Popen(
        [sys.executable, "-m", "firedoor.cli.main", "resume", incident, "--break-glass"],
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    seen = b""
    limit = time.monotonic() + 30
    while b"[later]" not in seen and time.monotonic() < limit:
        seen += os.read(leader, 4096)
    # A terminal goes on taking what is written to it.
    threading.Thread(target=_drain, args=(leader,), daemon=True).start()
    asked.send_signal(signal.SIGINT)

    assert asked.wait(timeout=60) == 130


def _drain(leader: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(leader, 4096):
            pass
