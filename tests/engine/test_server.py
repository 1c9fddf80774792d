"""The embedded Prefect server: prepared, guarded, and gone when whoever started it is gone."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from firedoor.engine.server import Server, cool, server_for, start, warm
from firedoor.engine.server_settings import database_of, for_client, for_server, prefect_home
from firedoor.engine.server_template import template
from firedoor.errors import PrefectUnavailable

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = start(tmp_path_factory.mktemp("home")).wait()
    yield started
    started.stop()


def get(server: Server, path: str, auth: str) -> int:
    """The status of a GET."""
    token = base64.b64encode(auth.encode()).decode()
    request = urllib.request.Request(
        server.api_url + path, headers={"Authorization": f"Basic {token}"} if auth else {}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def ended(pid: int, seconds: float = 15.0) -> bool:
    """Whether a process of somebody else's ends in time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize(("auth", "status"), [("", 401), ("firedoor:guess", 401)])
def test_who_does_not_know_the_auth_string_gets_nothing(
    server: Server, auth: str, status: int
) -> None:
    found = get(server, "/flow_runs/count", auth), get(server, "/admin/version", server.auth)

    assert found == (status, 200)


def test_it_listens_on_loopback_alone(server: Server) -> None:
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    listening = [
        each[1] for each in fields if each[3] == "0A" and each[1].endswith(f":{server.port:04X}")
    ]

    assert listening == [f"0100007F:{server.port:04X}"]


def test_the_home_and_its_database_are_for_the_owner_alone(server: Server) -> None:
    folder = prefect_home(server.home)
    modes = {path.name: path.stat().st_mode & 0o077 for path in (folder, database_of(server.home))}

    assert set(modes.values()) == {0}


def test_the_database_is_prepared_once_and_copied(server: Server) -> None:
    before = template().stat().st_mtime_ns

    assert template(lambda text: pytest.fail(text)).stat().st_mtime_ns == before


def test_its_method_that_begins_transactions_is_the_one_we_replace() -> None:
    script = textwrap.dedent(
        """
        import inspect, json
        from prefect.server.database import configurations as known
        method = known.AioSqliteConfiguration.begin_transaction
        print(json.dumps([inspect.getsource(method), str(inspect.signature(method))]))
        """
    )
    env = for_server(Path("/nonexistent"), Path("/nonexistent/x.db"), "")
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True
    )
    source, signature = json.loads(done.stdout)

    assert "SQLITE_BEGIN_MODE.set" in source
    assert '"IMMEDIATE" if with_for_update else "DEFERRED"' in source
    assert "async with session.begin() as transaction" in source
    assert signature.startswith("(self, session: 'AsyncSession', with_for_update: 'bool' = False)")


def test_every_transaction_of_the_server_begins_immediate(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import asyncio
        from firedoor.engine.server_app import begin_immediately
        begin_immediately()
        from prefect.server.database import provide_database_interface
        import sqlalchemy as sa
        async def main():
            said = []
            database = provide_database_interface()
            engine = await database.engine()
            sa.event.listen(
                engine.sync_engine,
                "before_cursor_execute",
                lambda c, cursor, text, *rest: said.append(text),
            )
            async with database.session_context(begin_transaction=True) as session:
                await session.execute(sa.text("select 1"))
            print(said[0])
        asyncio.run(main())
        """
    )
    env = for_server(tmp_path, tmp_path / "x.db", "")
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "BEGIN IMMEDIATE"


def test_settings_of_another_prefect_reach_neither_server_nor_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://192.0.2.1:4200/api")
    monkeypatch.setenv("PREFECT_API_KEY", "somebody's")
    monkeypatch.setenv("HOME", str(tmp_path))
    script = textwrap.dedent(
        """
        import json, os, sys
        from pathlib import Path
        from firedoor.engine.prefect_run import prefect_for
        from firedoor.engine.server import Server
        server = Server(home=Path(sys.argv[1]), auth="a:b", port=1, process=None, began=0)
        with prefect_for(server):
            from prefect.settings import get_current_settings
            now = get_current_settings()
        print(json.dumps([now.api.url, now.api.key and "leaked", str(now.home),
                          os.environ["PREFECT_API_URL"], "prefect.server" in sys.modules]))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "home")],
        capture_output=True,
        text=True,
        check=True,
    )
    server_side = for_server(tmp_path / "home", tmp_path / "x.db", "a:b")

    assert json.loads(done.stdout) == [
        "http://127.0.0.1:1/api",
        None,
        str(tmp_path / "home" / "prefect"),
        "http://192.0.2.1:4200/api",
        False,
    ]
    assert not (tmp_path / ".prefect").exists()
    assert "PREFECT_API_KEY" not in server_side
    assert server_side["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert server_side["DO_NOT_TRACK"] == "1"


@pytest.mark.parametrize("ready", [False, True])
def test_it_ends_with_its_parent_even_when_that_is_killed(tmp_path: Path, ready: bool) -> None:
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from firedoor.engine.server import start
        server = start(Path(sys.argv[1]))
        if sys.argv[2] == "True":
            server.wait()
        print(server.process.pid, flush=True)
        time.sleep(60)
        """
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path), str(ready)], stdout=subprocess.PIPE
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()

    assert ended(child)
    parent.stdout.close()


def test_a_warmed_server_is_the_one_that_is_used(tmp_path: Path) -> None:
    warm(tmp_path)
    warm(tmp_path)

    first, second = server_for(tmp_path), server_for(tmp_path)

    assert first is second
    cool(tmp_path)
    assert not first.alive


def test_a_server_that_has_died_is_replaced(tmp_path: Path) -> None:
    first = server_for(tmp_path)
    first.kill()

    second = server_for(tmp_path)

    assert (second is not first, second.alive) == (True, True)
    cool(tmp_path)


def test_a_server_that_cannot_start_says_where_to_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template()
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(PrefectUnavailable, match=r"server\.log"):
        server_for(tmp_path)


def test_a_slow_start_is_waited_for_and_a_hanging_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firedoor.engine.server.READY_SECONDS", 0.5)
    server = start(tmp_path)
    os.kill(server.process.pid, signal.SIGSTOP)

    with pytest.raises(PrefectUnavailable, match="not ready after"):
        server.wait()
    assert not server.alive


def test_the_client_is_told_the_port_before_the_server_answers() -> None:
    settings = for_client(Path("/h"), "http://127.0.0.1:5/api", "a:b")

    assert settings["PREFECT_API_URL"] == "http://127.0.0.1:5/api"
    assert settings["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] == "false"
