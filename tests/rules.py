"""Rules of a test's own: playbooks and a plan in a folder, beside the runbooks that are shipped."""

from __future__ import annotations

import shutil
from pathlib import Path

from firedoor.library import Folder, Library, shipped

PLAYBOOK = """\
---
playbook: {name}
title: A test's
runbook: {runbook}
findings:
{findings}
{more}
decide: incident_commander
approve: [responder]
---
# Prose
"""


def playbook(
    name: str,
    findings: str,
    *,
    runbook: str = "compromised-credentials",
    more: str = "inputs: { user: $finding.resource.user }",
) -> str:
    """The text of a playbook."""
    return PLAYBOOK.format(name=name, findings=findings, runbook=runbook, more=more)


def rules(folder: Path, *, plan: str = "", books: dict[str, str] | None = None) -> Library:
    """The shipped runbooks under these playbooks (those that are shipped by default)."""
    playbooks, runbooks = folder / "playbooks", folder / "runbooks"
    if books is None:
        shutil.copytree(shipped("playbooks"), playbooks, dirs_exist_ok=True)
    playbooks.mkdir(parents=True, exist_ok=True)
    for name, text in (books or {}).items():
        (playbooks / f"{name}.md").write_text(text)
    (playbooks / "plan.yaml").write_text(plan or "mode: {}\n")
    if not runbooks.exists():
        shutil.copytree(shipped("runbooks"), runbooks)
    return Library(Folder(runbooks, "here"), Folder(playbooks, "here"))
