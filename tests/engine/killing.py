"""A process that runs a runbook and is killed at a chosen moment; for the tests of what is left.

`python -m tests.engine.killing` imports everything once, reads orders (one JSON object a line) from
its standard input, forks a child for each, and answers with how that child ended.

    {"environ": {…}, "home": "…", "now": "…", "incident": "…", "inputs": {…},
     "at": 17, "where": "after"}
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import firedoor.actions.registry
import firedoor.report  # noqa: F401 (imported once, for all children)
from firedoor.anchors import Anchoring
from firedoor.approval import AlwaysTheSame, Answer
from firedoor.aws import connect
from firedoor.clock import VirtualClock
from firedoor.engine.desk import Desk, Office, open_desk, opened
from firedoor.engine.running import Outcome, resume, start
from firedoor.evidence import Vault
from firedoor.journal import Journal
from firedoor.library import Library

RUNBOOK = "compromised-credentials"
YES = AlwaysTheSame(Answer(yes=True, by="os:commander", how="scripted"))


def desk_at(home: Path, now: datetime, incident: str = "", *, office: Office | None = None) -> Desk:
    """A desk at the AWS of the environment, where somebody says yes to everything."""
    aws = connect(region="us-east-1", clock=VirtualClock(now))
    office = office or Office.open(home, break_glass=True)
    incident = incident or opened(office, aws, aws.target, title="A leaked key", severity="high")
    return open_desk(office, aws, aws.target, incident=incident, people=YES, by="os:tester")


def run_at(desk: Desk, inputs: dict[str, Any]) -> Outcome:
    """Run the runbook at a desk, without Prefect."""
    return start(desk, Library.open().program(RUNBOOK), inputs, break_glass=True)


def go_on(desk: Desk, inputs: dict[str, Any]) -> Outcome:
    """Resume what was cut off; where nothing had begun yet, run it."""
    done = resume(desk, break_glass=True)
    if done:
        return done[-1]
    if any(entry.kind == "run.finished" for entry in desk.recorder.entries()):
        return start(desk, Library.open().program(RUNBOOK), inputs, break_glass=True, run="r1")
    return run_at(desk, inputs)


def die() -> None:
    """End as `kill -9` ends a process."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(where: str, at: int) -> None:
    """Die at the `at`-th time (from 1) that the process comes to a place.

    `after`, `before`: an entry of the journal. `anchored`: its anchor has begun and it is not
    committed. `committed`: it is, and its anchor has not ended. `kept`: an artefact and its record
    are on the disk and nobody was told. `recorded`: the record is, the artefact has no name yet.
    """
    seen = 0

    def count(*, last: bool) -> None:
        nonlocal seen
        seen += 1
        if seen == at and last:
            die()

    def wrap(owner: Any, name: str, *, before: bool) -> None:
        whole = getattr(owner, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if before:
                count(last=True)
            result = whole(*args, **kwargs)
            if not before:
                count(last=True)
            return result

        setattr(owner, name, wrapped)

    places = {
        "after": (Journal, "append", False),
        "before": (Journal, "append", True),
        "anchored": (Anchoring, "begin", False),
        "committed": (Anchoring, "end", True),
        "kept": (Vault, "keep", False),
        "recorded": (sys.modules["firedoor.evidence"], "_append", False),
    }
    owner, name, before = places[where]
    wrap(owner, name, before=before)


def child(order: dict[str, Any]) -> None:
    """What the forked process does."""
    os.environ.update(order["environ"])
    desk = desk_at(Path(order["home"]), datetime.fromisoformat(order["now"]), order["incident"])
    if order.get("at"):
        arm(order["where"], order["at"])
    run_at(desk, order["inputs"])


def main() -> None:
    """Fork a child for every order."""
    for line in sys.stdin:
        order = json.loads(line)
        process = os.fork()
        if not process:
            code = 1
            try:
                child(order)
                code = 0
            finally:
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(process, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main()
