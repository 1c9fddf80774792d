"""When the store cannot be written: by hand, or in break-glass with the spool."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from firedoor.chain import Entry
from firedoor.engine.spool import Spool
from firedoor.journal import Journal
from firedoor.store import Store
from tests.cli.conftest import USER, Firedoor, World

RUN = ("run", "compromised-credentials", f"user={USER}", "--yes", "--json", "--break-glass")


@pytest.fixture
def shut_home(tmp_path: Path) -> Path:
    """The home is a file: nothing can be written in it."""
    home = tmp_path / "home"
    home.write_text("in the way")
    return home


@pytest.fixture
def no_spool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREDOOR_SPOOL", "/proc/nowhere")


@pytest.mark.usefixtures("shut_home", "no_spool")
def test_when_nothing_can_be_written_nothing_is_changed_and_the_commands_are_printed(
    firedoor: Firedoor, world: World
) -> None:
    ended = firedoor(*RUN)

    assert (ended.code, ended.json["error"]["kind"]) == (3, "store_unavailable")
    assert changed(world) == set()
    assert f"aws iam put-user-policy --user-name {USER}" in ended.err
    assert f"aws iam update-access-key --user-name {USER}" in ended.err


@pytest.mark.usefixtures("shut_home")
def test_without_break_glass_the_error_says_what_break_glass_would_do(
    firedoor: Firedoor, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # No Prefect is to be started beside it, either.
    monkeypatch.setattr("firedoor.cli.run.warm", lambda home: None)

    ended = firedoor(*RUN[:-1])

    assert ended.code == 3
    assert changed(world) == set()
    assert "--break-glass" in ended.err
    assert "aws iam put-user-policy" in ended.err


def test_break_glass_contains_without_a_store_and_the_record_comes_home_later(
    firedoor: Firedoor,
    world: World,
    shut_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FIREDOOR_SPOOL", str(tmp_path / "spool"))

    ended = firedoor(*RUN)
    shut_home.unlink()
    incident = ended.json["incident"]
    journal = firedoor("journal", "verify", incident, "--json")
    evidence = firedoor("evidence", "verify", incident, "--json")

    assert (ended.code, ended.json["status"]) == (0, "contained")
    assert world.status() == {"Inactive"}
    assert (journal.code, journal.json["problems"]) == (0, [])
    assert (evidence.code, evidence.json["problems"]) == (0, [])
    assert firedoor("incidents", "--json").json["incidents"][0]["id"] == incident


@pytest.mark.slow
@pytest.mark.parametrize(("kib", "code"), [(0, 3), (20, 3), (70, 0), (110, 0)])
def test_what_a_full_disk_leaves_unwritten_is_not_done(
    world: World, tmp_path: Path, kib: int, code: int
) -> None:
    home, spool = tmp_path / "home", tmp_path / "spool"
    Store.open(home).close()

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (kib * 1024, kib * 1024))

    ended = subprocess.run(
        [sys.executable, "-m", "firedoor.cli.main", *RUN],
        env=os.environ | {"FIREDOOR_HOME": str(home), "FIREDOOR_SPOOL": str(spool)},
        preexec_fn=limit,
        capture_output=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == code
    assert len(changed(world)) <= len(intended(home, spool))


def changed(world: World) -> set[str]:
    return {
        f"{each['eventName']} {json.dumps(each['requestParameters'])}"
        for each in world.aws.trail.records
        if not each["readOnly"]
        and "firedoor" in each["userAgent"]
        and each["eventName"] != "GenerateCredentialReport"
    }


def intended(home: Path, spool: Path) -> set[str]:
    """What was written down beforehand, in the journal or in the spool."""
    journal = Journal(Store.open(home))
    entries: list[Entry] = [
        entry for incident in journal.incidents() for entry in journal.entries(incident)
    ]
    behind = Spool(next(iter(spool.glob("*")), spool))
    for incident in behind.pending():
        entries += behind.entries(incident)
    return {entry.data["change"]["resource"] for entry in entries if entry.kind == "step.intended"}
