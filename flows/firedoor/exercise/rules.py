"""The rules that a drill plays by: those in force, with the simulated account among the accounts.

Playbooks, runbooks, what is protected, what is preauthorised: all is the real thing. Only that the
account which does not exist is one of ours, and in which mode, has to be said for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from firedoor.library import Library
from firedoor.program import Program
from firedoor.response_plan import load_plan
from firedoor.runbook import Runbook


class DrillRules:
    """A library as routing asks for it; `mode`: how the simulated account is run."""

    def __init__(self, library: Library, folder: Path, account: str, mode: str) -> None:
        self.library = library
        self._plan = folder / "plan.yaml"
        plan = load_plan(library)
        told = msgspec.to_builtins(plan)
        told["accounts"] = sorted({*plan.accounts, account})
        told["mode"] = {
            "default": plan.mode.default,
            "accounts": {**plan.mode.accounts, account: mode},
        }
        # JSON is YAML.
        self._plan.write_bytes(msgspec.json.encode(told))

    def load(self, name: str) -> Runbook:
        """A checked runbook."""
        return self.library.load(name)

    def program(self, name: str) -> Program:
        """The program of a runbook."""
        return self.library.program(name)

    def playbooks(self) -> Mapping[str, Path]:
        """The playbooks in force."""
        return self.library.playbooks()

    def plan(self) -> Path:
        """The plan in force, with the simulated account in it."""
        return self._plan
