"""When nothing can be written down, whatever was typed, the commands for hands are printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from firedoor.engine.server import cool
from tests.cli.conftest import USER, Ended, Firedoor, World
from tests.cli.test_full_disk import changed
from tests.findings.documents import event, guardduty, key_details

RUN = ("run", "compromised-credentials", f"user={USER}", "--json")


@pytest.fixture
def no_vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence cannot be kept; the store can be written."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FIREDOOR_VAULT", str(tmp_path / "file" / "vault"))


@pytest.fixture
def no_spool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREDOOR_SPOOL", "/proc/nowhere")


@pytest.fixture
def finding(tmp_path: Path, world: World) -> str:
    """GuardDuty's finding about the leaked key."""
    details = key_details(accessKeyId=world.key["AccessKeyId"], userName=USER)
    document = guardduty(resource={"resourceType": "AccessKey", "accessKeyDetails": details})
    path = tmp_path / "finding.json"
    path.write_text(json.dumps(event(document)))
    return str(path)


@pytest.fixture
def waiting(firedoor: Firedoor, world: World) -> str:
    """An incident whose changes somebody has agreed to, and nobody has made yet."""
    incident = str(firedoor(*RUN, "--break-glass").json["incident"])
    assert firedoor("approve", f"{incident}-A1").code == 0
    return incident


def by_hand(ended: Ended, world: World) -> None:
    """Nothing was changed, and what to type was printed."""
    assert (ended.code, ended.json["error"]["kind"]) == (3, "store_unavailable")
    assert changed(world) == set()
    assert f"aws iam put-user-policy --user-name {USER}" in ended.err
    assert f"aws iam update-access-key --user-name {USER}" in ended.err


@pytest.mark.usefixtures("no_vault", "no_spool")
def test_run_prints_them_when_neither_vault_nor_spool_can_be_written(
    firedoor: Firedoor, world: World
) -> None:
    by_hand(firedoor(*RUN, "--yes", "--break-glass"), world)


@pytest.fixture
def cooled(tmp_path: Path) -> Iterator[None]:
    """Prefect's server of the home ends with the test."""
    yield
    cool(tmp_path / "home")


@pytest.mark.slow
@pytest.mark.usefixtures("no_vault", "cooled")
def test_without_break_glass_a_vault_that_alone_cannot_be_written_is_enough(
    firedoor: Firedoor, world: World
) -> None:
    ended = firedoor(*RUN, "--yes")

    by_hand(ended, world)
    assert "`--break-glass` goes on with a local spool" in ended.err


@pytest.mark.usefixtures("no_spool")
def test_ingest_prints_them(firedoor: Firedoor, world: World, finding: str, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")

    by_hand(firedoor("ingest", finding, "--break-glass", "--json"), world)


@pytest.mark.usefixtures("no_spool")
def test_resume_prints_what_is_left(
    firedoor: Firedoor,
    world: World,
    waiting: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FIREDOOR_VAULT", str(tmp_path / "file" / "vault"))

    by_hand(firedoor("resume", waiting, "--break-glass", "--json"), world)


@pytest.mark.usefixtures("no_spool")
def test_resume_without_a_journal_to_read_says_how_to_get_them(
    firedoor: Firedoor, world: World, waiting: str, tmp_path: Path
) -> None:
    (tmp_path / "home").rename(tmp_path / "elsewhere")
    (tmp_path / "home").write_text("in the way")

    ended = firedoor("resume", waiting, "--break-glass", "--json")

    assert (ended.code, ended.json["error"]["kind"]) == (3, "store_unavailable")
    assert "firedoor plan RUNBOOK key=value… --commands" in ended.err
    assert changed(world) == set()


@pytest.mark.usefixtures("no_vault")
def test_with_a_spool_break_glass_goes_on_without_the_vault(
    firedoor: Firedoor, world: World, waiting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREDOOR_SPOOL", str(tmp_path / "spool"))

    ended = firedoor("resume", waiting, "--break-glass", "--json")

    assert (ended.code, ended.json["status"]) == (0, "contained")
    assert world.status() == {"Inactive"}
