"""Two people who go on with the same incident at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import USER, Firedoor, World


@pytest.mark.slow
def test_two_processes_that_resume_at_once_change_everything_once(
    firedoor: Firedoor, world: World, tmp_path: Path
) -> None:
    waits = firedoor(
        "run", "compromised-credentials", f"user={USER}", "--break-glass", "--json"
    ).json
    incident = waits["incident"]
    assert waits["status"] == "waiting"
    words = [sys.executable, "-m", "firedoor.cli.main", "resume", incident]
    environment = os.environ | {"FIREDOOR_HOME": str(tmp_path / "home")}

    both = [
        subprocess.Popen(
            [*words, "--yes", "--break-glass", "--json"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120) for process in both]
    codes = sorted(process.returncode for process in both)
    calls = world.aws.calls

    # Whoever is late is refused, or finds nothing left to go on with.
    assert codes[0] == 0, said
    assert codes[1] in (2, 3), said
    assert calls["iam:PutUserPolicy"] == 1
    assert calls["iam:UpdateAccessKey"] == 2
    assert calls["iam:DeleteLoginProfile"] == 1
    assert firedoor("journal", "verify", incident).code == 0
