"""Static checks: everything that can be said about a file before anything runs.

    runbook = load(Path("runbooks/compromised-credentials.yaml"))   # or CheckFailed, with all
    problems = check_paths([Path("runbooks"), Path("playbooks")])

Nothing here reads AWS or imports what would.
"""

from __future__ import annotations

from firedoor.check.files import check_paths, load
from firedoor.check.known import Known
from firedoor.check.runbooks import check_runbook

__all__ = ["Known", "check_paths", "check_runbook", "load"]
