"""Which files of a folder are runbooks, scenarios or playbooks."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = (".yaml", ".yml")


def runbooks_in(folder: Path) -> dict[str, Path]:
    """The runbook files of a folder by name: `compromised-credentials.yaml` by its stem."""
    return {
        path.stem: path
        for path in sorted(folder.glob("*"))
        if path.suffix in SUFFIXES and path.is_file()
    }


def is_playbook(path: Path) -> bool:
    """Whether a file is Markdown with front matter (a README has none)."""
    if path.suffix != ".md":
        return False
    try:
        with path.open("rb") as file:
            return file.read(4).rstrip(b"\r\n") == b"---"
    except OSError:
        return False
