"""Two people who go on with the same incident at the same time."""

from __future__ import annotations

import asyncio
import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firedoor.engine.desk import Office
from firedoor.engine.prefect_run import prefect_for
from firedoor.engine.server import embedded_server
from firedoor.library import Library
from tests.cli.conftest import USER, Firedoor, World
from tests.cli.test_full_disk import changed


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


@pytest.fixture
def incident(firedoor: Firedoor, world: World) -> str:
    """One that is contained."""
    ended = firedoor(
        "run", "compromised-credentials", f"user={USER}", "--yes", "--break-glass", "--json"
    )
    return str(ended.json["incident"])


HOLDS = """
import sys, time
from pathlib import Path
from firedoor.engine.lease import working
from firedoor.journal import Journal
from firedoor.store import Store
with working(Journal(Store.open(Path(sys.argv[1]))), sys.argv[2], by="os:anna"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def held(incident: str, tmp_path: Path) -> Iterator[None]:
    """Another process works the incident."""
    words = [sys.executable, "-c", HOLDS, str(tmp_path / "home"), incident]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield
        process.kill()


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    "words",
    [
        ("undo", "{}", "--yes", "--reopen", "a test"),
        ("verify", "{}"),
        ("verify", "{}", "--reapply", "--yes"),
        ("resume", "{}", "--break-glass"),
        ("run", "compromised-credentials", f"user={USER}", "--incident", "{}", "--yes"),
    ],
)
def test_what_another_process_works_is_left_alone(
    firedoor: Firedoor,
    world: World,
    incident: str,
    words: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("firedoor.cli.run.warm", lambda home: None)
    before = changed(world)

    ended = firedoor(*(word.format(incident) for word in words), "--json")

    assert (ended.code, ended.json["error"]["kind"]) == (3, "refused")
    assert "is being worked by os:anna (pid" in ended.json["error"]["message"]
    assert changed(world) == before


@pytest.mark.slow
def test_a_flow_that_prefect_started_leaves_it_alone_too(
    firedoor: Firedoor, world: World, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    # The one that the flow is going to open.
    incident = f"INC-{datetime.now(UTC).year}-0001"
    Office.open(home)
    words = [sys.executable, "-c", HOLDS, str(home), incident]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        with embedded_server(home) as server, prefect_for(server):
            # Not before Prefect has its settings.
            from firedoor.engine.deployed import runbook_flow

            flow = runbook_flow(Library.open().program("compromised-credentials"))
            state = flow(user=USER, return_state=True)
            state = asyncio.run(state) if inspect.isawaitable(state) else state
        process.kill()
    kinds = [entry.kind for entry in Office.open(home).journal.entries(incident)]

    assert state.name == "Refused"
    assert "is being worked by os:anna" in (state.message or "")
    assert "plan.made" in kinds
    assert "run.started" not in kinds
