"""One process, and one thread of it, works an incident at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from firedoor.approval import AlwaysTheSame, Answer, Question
from firedoor.engine.desk import Office
from firedoor.engine.lease import working
from firedoor.engine.running import resume, start
from firedoor.engine.undo import plan_undo, undo
from firedoor.engine.verifying import verify
from firedoor.errors import FiredoorError, Refused
from firedoor.journal import Journal
from firedoor.store import Store
from tests.engine.conftest import SHUT, Cloud, desk_for, program_of

YES = AlwaysTheSame(Answer(yes=True, by="os:commander", how="scripted"))
DOORS = {"doors": ["front", "back", "cellar"]}
CHECKOUT = Path(__file__).parents[2]
HOLDS = """
import sys, time
from pathlib import Path
from firedoor.engine.lease import working
from firedoor.journal import Journal
from firedoor.store import Store
with working(Journal(Store.open(Path(sys.argv[1]))), "INC-2026-0001", by="os:anna"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(Store.open(tmp_path / "home"))


def held_elsewhere(journal: Journal) -> subprocess.Popen[str]:
    """Another process that works the incident."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(journal.home)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_what_another_process_works_is_refused_with_who_and_since_when(journal: Journal) -> None:
    with held_elsewhere(journal) as process:
        with pytest.raises(Refused) as refused, working(journal, "INC-2026-0001", by="os:ben"):
            pass
        process.kill()

    said = str(refused.value)
    assert f"is being worked by os:anna (pid {process.pid}, since 2" in said
    assert "firedoor resume INC-2026-0001" in said


def test_the_lease_of_a_process_that_was_killed_is_free(journal: Journal) -> None:
    with held_elsewhere(journal) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)

        with working(journal, "INC-2026-0001", by="os:ben"):
            pass


def test_another_incident_is_not_held(journal: Journal) -> None:
    with held_elsewhere(journal) as process:
        with working(journal, "INC-2026-0002", by="os:ben"):
            pass
        process.kill()


def test_another_thread_is_refused_too(journal: Journal) -> None:
    said: list[Any] = []

    def try_it() -> None:
        try:
            with working(journal, "INC-2026-0001", by="os:ben"):
                said.append("got it")
        except Refused as error:
            said.append(str(error))

    with working(journal, "INC-2026-0001", by="os:anna"):
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join(10)

    assert "being worked by os:anna" in said[0]


def test_the_holder_may_enter_again(journal: Journal) -> None:
    with (
        working(journal, "INC-2026-0001", by="os:anna"),
        working(journal, "INC-2026-0001", by="os:anna"),
    ):
        pass


def test_two_who_resume_at_once_move_each_door_once(office: Office, cloud: Cloud) -> None:
    first = desk_for(office, cloud)
    start(first, program_of(SHUT), DOORS, break_glass=True)
    ended: list[str] = []
    together = threading.Barrier(2)

    class Slow:
        def ask(self, question: Question) -> Answer:
            time.sleep(0.3)
            return YES.ask(question)

    def go_on() -> None:
        desk = desk_for(office, cloud, people=Slow(), incident=first.incident)
        together.wait(10)
        try:
            ended.extend(each.status for each in resume(desk, break_glass=True))
        except FiredoorError as error:
            ended.append(error.kind)

    threads = [threading.Thread(target=go_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(ended) == ["contained", "refused"]
    assert sorted(cloud.moves) == [("back", "shut"), ("front", "shut")]
    assert office.journal.verify(first.incident).holds


@pytest.mark.parametrize("work", [verify, lambda desk: undo(desk, plan_undo(desk))])
def test_verify_and_undo_are_refused_while_another_process_works_the_incident(
    office: Office, cloud: Cloud, work: Any
) -> None:
    desk = desk_for(office, cloud, people=YES)
    start(desk, program_of(SHUT), DOORS, break_glass=True)
    # Its holder's lease has run out: what was shut may be opened again.
    cloud.wait(37 * 3600)
    known = len(desk.recorder.entries())

    with held_elsewhere(office.journal) as process:
        with pytest.raises(Refused, match="os:anna"):
            work(desk)
        process.kill()

    assert len(desk.recorder.entries()) == known
    assert len(cloud.moves) == 2


def test_entries_of_two_processes_form_one_chain(journal: Journal) -> None:
    incident = journal.open_incident("INC", at=datetime(2026, 3, 1, tzinfo=UTC), by="x")
    program = (
        "import sys; from datetime import datetime, UTC; from pathlib import Path\n"
        "from firedoor.journal import Journal; from firedoor.store import Store\n"
        "journal = Journal(Store.open(Path(sys.argv[1])))\n"
        "for _ in range(25): journal.append(sys.argv[2], 'note.added', {}, by='x', "
        "at=datetime.now(UTC))\n"
    )
    words = [sys.executable, "-c", program, str(journal.home), incident]

    writers = [subprocess.Popen(words, cwd=CHECKOUT) for _ in range(2)]
    codes = [writer.wait(60) for writer in writers]
    found = journal.verify(incident)

    assert codes == [0, 0]
    assert (found.holds, found.entries) == (True, 51), json.dumps(found.problems)


def test_a_run_is_refused_while_another_process_works_the_incident(
    office: Office, cloud: Cloud
) -> None:
    desk = desk_for(office, cloud, people=YES)
    assert desk.incident == "INC-2026-0001"

    with held_elsewhere(office.journal) as process:
        with pytest.raises(Refused):
            start(desk, program_of(SHUT), DOORS, break_glass=True)
        process.kill()

    assert cloud.moves == []
    assert not any(entry.kind == "run.started" for entry in desk.recorder.entries())
