"""The store on a real PostgreSQL: journals, one writer an incident, a death in the middle."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from firedoor.approval import AlwaysTheSame, Answer
from firedoor.engine.desk import Office
from firedoor.engine.lease import working
from firedoor.engine.running import start
from firedoor.engine.undo import plan_undo, undo
from firedoor.errors import Refused, StoreUnavailable
from firedoor.journal import Journal
from firedoor.store import Store
from tests.engine.conftest import SHUT, Cloud, desk_for, program_of

pytestmark = pytest.mark.slow
YES = AlwaysTheSame(Answer(yes=True, by="os:commander", how="scripted"))
NOW = datetime(2026, 3, 1, 4, 5, 6, tzinfo=UTC)
CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from firedoor.journal import Journal
from firedoor.store import Store
journal = Journal(Store.open(Path(sys.argv[1]), sys.argv[2]))
for number in range(100000):
    journal.append(sys.argv[3], "note.added", {"n": number}, by="os:child", at=datetime.now(UTC))
    print(number, flush=True)
"""
HOLDER = """
import sys, time
from pathlib import Path
from firedoor.engine.lease import working
from firedoor.journal import Journal
from firedoor.store import Store
journal = Journal(Store.open(Path(sys.argv[1]), sys.argv[2]))
with working(journal, sys.argv[3], by="os:anna"):
    print("held", flush=True)
    time.sleep(60)
"""


def program(name: str) -> Path | None:
    """A program of PostgreSQL's; Debian keeps them beside the path."""
    found = shutil.which(name)
    if found and "/local/" not in found:
        return Path(found)
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return kept[-1] if kept else Path(found) if found else None


def _free() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server of our own on this machine. It refuses to run as root: then as `nobody`."""
    initdb, server = program("initdb"), program("postgres")
    if initdb is None or server is None:
        why = "PostgreSQL is not installed here (apt-get install postgresql)"
        assert not os.environ.get("CI"), why
        pytest.skip(why)
    folder = Path(tempfile.mkdtemp(prefix="firedoor-pg-"))
    as_root = os.getuid() == 0
    who = {"user": "nobody", "cwd": str(folder)} if as_root else {"cwd": str(folder)}
    if as_root:
        shutil.chown(folder, "nobody")
        folder.chmod(0o755)
    data, port = folder / "data", _free()
    log = folder / "log"
    running: subprocess.Popen[bytes] | None = None
    try:
        made = subprocess.run(
            [str(initdb), "-D", str(data), "-U", "firedoor", "-A", "trust", "-E", "UTF8"],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            **who,  # type: ignore[call-overload]
        )
        assert made.returncode == 0, made.stderr
        with log.open("wb") as output:
            running = subprocess.Popen(
                [
                    *(str(server), "-D", str(data), "-p", str(port), "-k", str(folder)),
                    *("-c", "listen_addresses=127.0.0.1"),
                ],
                stdout=output,
                stderr=output,
                **who,  # type: ignore[call-overload]
            )
        found = f"postgresql+psycopg://firedoor@127.0.0.1:{port}/postgres"
        _wait(found, running, log)
        yield found
    finally:
        if running is not None:
            running.send_signal(signal.SIGINT)
            running.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    home = Path(tempfile.mkdtemp(prefix="firedoor-pg-home-"))
    for _ in range(300):
        assert running.poll() is None, log.read_text()
        try:
            Store.open(home, url).close()
            return
        except Exception:  # noqa: BLE001 (not up yet; the log is told when it never is)
            time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture
def journal(url: str, tmp_path: Path) -> Iterator[Journal]:
    """A machine's view of the shared store."""
    found = Journal(Store.open(tmp_path / "one", url))
    yield found
    found.store.close()


@pytest.fixture
def other(url: str, tmp_path: Path) -> Iterator[Journal]:
    """Another machine's."""
    found = Journal(Store.open(tmp_path / "two", url))
    yield found
    found.store.close()


def opened(journal: Journal) -> str:
    return journal.open_incident("INC", at=NOW, by="os:tester", title="A leaked key")


def test_what_one_machine_writes_another_reads_and_verifies(
    journal: Journal, other: Journal
) -> None:
    incident = opened(journal)
    journal.append(incident, "note.added", {"text": "ä→b"}, by="os:tester", at=NOW)

    there = other.entries(incident)

    assert [entry.kind for entry in there] == ["incident.opened", "note.added"]
    assert there[1].data == {"text": "ä→b"}
    assert other.verify(incident).holds
    assert incident in other.incidents()
    assert other.receipts_since(NOW) == []


def test_two_machines_that_write_at_once_leave_one_chain(journal: Journal, other: Journal) -> None:
    incident = opened(journal)

    def write(by: Journal, name: str) -> None:
        for number in range(20):
            by.append(incident, "note.added", {"n": number}, by=f"os:{name}", at=NOW)

    writers = [
        threading.Thread(target=write, args=pair) for pair in ((journal, "anna"), (other, "ben"))
    ]
    for each in writers:
        each.start()
    for each in writers:
        each.join(120)

    found = journal.verify(incident)
    assert (found.entries, found.problems) == (41, ())


def test_one_process_works_an_incident_also_across_machines(
    journal: Journal, url: str, tmp_path: Path
) -> None:
    incident = opened(journal)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "two"), url, incident],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout
        assert holder.stdout.readline().strip() == "held"
        with pytest.raises(Refused), working(journal, incident, by="os:ben"):
            raise AssertionError("two at once")
    finally:
        holder.kill()
        holder.wait(10)
    # The lock is the dead process's session's: the server takes it back.
    for _ in range(100):
        try:
            with working(journal, incident, by="os:ben"):
                return
        except Refused:
            time.sleep(0.1)
    raise AssertionError("the lock of a dead process was not given back")


def test_a_writer_that_is_killed_in_the_middle_leaves_a_chain_that_holds(
    journal: Journal, url: str, tmp_path: Path
) -> None:
    incident = opened(journal)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path / "one"), url, incident],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout
    told = -1
    while told < 30:
        told = int(child.stdout.readline())
    child.kill()
    told = max([told, *(int(line) for line in child.stdout.read().split() if line.isdigit())])
    child.wait(10)

    journal.append(incident, "note.added", {"n": "after"}, by="os:tester", at=NOW)
    found = journal.verify(incident)

    assert found.problems == ()
    assert found.entries >= told + 3


def test_what_somebody_changed_in_the_table_is_found(journal: Journal, url: str) -> None:
    incident = opened(journal)
    journal.append(incident, "note.added", {"text": "mine"}, by="os:tester", at=NOW)
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(
            "UPDATE entries SET data = %s WHERE incident = %s AND seq = 2",
            ('{"text":"his"}', incident),
        )

    found = journal.verify(incident)

    assert not found.holds
    assert "#2" in " ".join(found.problems)


def test_a_server_that_is_not_there_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        Store.open(tmp_path / "home", f"postgresql+psycopg://x@127.0.0.1:{_free()}/x")


def test_a_run_is_worked_from_another_machine_and_taken_back(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = Cloud(front="open, password=Winter-Wall-27")
    monkeypatch.setenv("FIREDOOR_DATABASE_URL", url)
    monkeypatch.setenv("FIREDOOR_VAULT", str(tmp_path / "vault"))
    monkeypatch.setenv("FIREDOOR_HOME", str(tmp_path / "one"))
    here = desk_for(Office.open(), cloud, people=YES)
    start(here, program_of(SHUT), {"doors": ["front"]}, break_glass=True)
    cloud.wait(37 * 3600)
    monkeypatch.setenv("FIREDOOR_HOME", str(tmp_path / "two"))
    there = desk_for(Office.open(), cloud, people=YES, incident=here.incident)

    (left,) = plan_undo(there)
    shutil.copytree(tmp_path / "one" / "keys", tmp_path / "two" / "keys")
    again = desk_for(Office.open(), cloud, people=YES, incident=here.incident)
    undo(again, plan_undo(again))

    # A home's own key opens nothing elsewhere: machines share it, or a key in KMS.
    assert (left.verdict, "opens with the key" in left.why) == ("unread", True)
    assert cloud.doors == {"front": "open, password=Winter-Wall-27"}
