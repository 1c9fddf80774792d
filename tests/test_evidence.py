"""Evidence lies in the vault as it was collected, and shows when it was touched."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from firedoor.evidence import Artefact, Vault, verify_folder

INCIDENT = "INC-2026-0001"


def keep(vault: Vault, name: str = "user", content: object = None) -> Artefact:
    return vault.keep(
        INCIDENT,
        name,
        {"UserName": "ci-deployer"} if content is None else content,
        about="The user as it was",
        source={"account": "111122223333"},
        collected={"start": "2026-03-01T04:05:06.000Z", "end": "2026-03-01T04:05:07.000Z"},
        requests=["r-1"],
        by="os:tester",
    )


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


def test_an_artefact_is_numbered_hashed_and_read_only(vault: Vault) -> None:
    kept = keep(vault)
    path = vault.folder(INCIDENT) / kept.path

    assert (kept.id, kept.path) == ("E001", "E001-user.json")
    assert path.stat().st_mode & 0o777 == 0o400
    assert vault.read(INCIDENT, "E001") == path.read_bytes()


def test_the_sums_are_checked_by_the_ordinary_tool(vault: Vault) -> None:
    keep(vault)
    keep(vault, "report.csv", b"user,arn\n")

    done = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"],
        cwd=vault.folder(INCIDENT),
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_untouched_evidence_holds(vault: Vault) -> None:
    kept = keep(vault)

    found = vault.verify(INCIDENT, [{"artefact": kept.id, "sha256": kept.sha256}])

    assert (found.holds, found.artefacts, found.problems) == (True, 1, ())


def test_a_changed_a_removed_and_an_added_file_are_each_said(vault: Vault) -> None:
    folder = vault.folder(INCIDENT)
    for name in ("a", "b"):
        keep(vault, name)
    (folder / "E001-a.json").chmod(0o600)
    (folder / "E001-a.json").write_text("{}")
    (folder / "E002-b.json").unlink()
    (folder / "stray.txt").write_text("x")

    found = vault.verify(INCIDENT)

    assert found.problems == (
        "E001-a.json was changed",
        "E002-b.json is gone",
        "stray.txt is in the folder without a custody record",
    )


def test_a_rewritten_custody_record_is_said(vault: Vault) -> None:
    keep(vault)
    log = vault.folder(INCIDENT) / "custody.jsonl"
    log.write_text(log.read_text().replace("os:tester", "os:nobody"))

    assert "custody record 1 was changed after it was written" in vault.verify(INCIDENT).problems


def test_evidence_that_the_journal_knows_and_the_vault_lacks_is_said(vault: Vault) -> None:
    keep(vault)

    found = vault.verify(INCIDENT, [{"artefact": "E002", "sha256": "0" * 64}])

    assert found.problems == ("E002 is not what the journal says was kept",)


def test_secrets_do_not_reach_the_disk(vault: Vault) -> None:
    keep(vault, content={"Credentials": {"SecretAccessKey": "wJalrXUtnFEMI"}})

    assert "wJalrXUtnFEMI" not in vault.read(INCIDENT, "E001").decode()


def test_a_name_chosen_by_an_attacker_stays_in_the_folder(vault: Vault) -> None:
    kept = keep(vault, "../../etc/passwd\x00<script>")

    assert "/" not in kept.path
    assert verify_folder(vault.folder(INCIDENT)).holds


def test_a_custody_path_out_of_the_folder_is_not_followed(vault: Vault, tmp_path: Path) -> None:
    keep(vault)
    (tmp_path / "elsewhere.json").write_text("{}")
    log = vault.folder(INCIDENT) / "custody.jsonl"
    record = json.loads(log.read_text())
    record["artefact"]["path"] = "../../elsewhere.json"
    log.write_text(json.dumps(record) + "\n")

    assert "E001 does not lie in the evidence folder" in vault.verify(INCIDENT).problems
