"""Starts the embedded Prefect server as a child process, beside whatever else has to be done.

The database is copied from a template that is made once (some 25 s, at set-up); the start has no
limit of Prefect's own (20 s, which slow machines miss) but ours. The child listens on 127.0.0.1
alone, wants an auth string that only this process knows, and ends when this process ends. This
module imports no Prefect.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from firedoor.engine.server_settings import for_client, for_server, prefect_home
from firedoor.errors import RunFailed

READY_SECONDS = 120.0
PREPARE_SECONDS = 300.0

Say = Callable[[str], None]


class PrefectUnavailable(RunFailed):
    """Prefect cannot be started or reached; containment goes on without it."""

    kind = "prefect_unavailable"


@dataclass
class Server:
    """A server that is starting, or has started."""

    home: Path
    auth: str
    process: subprocess.Popen[bytes]
    began: float
    _port: int = 0
    _told: threading.Event = field(default_factory=threading.Event)

    @property
    def api_url(self) -> str:
        """Where its API is, once it is ready."""
        return f"http://127.0.0.1:{self._port}/api"

    def environment(self) -> dict[str, str]:
        """What a process adds to its environment to run flows against it."""
        return for_client(self.home, self.api_url, self.auth)

    def wait(self, on_progress: Say = lambda _: None) -> Server:
        """Return when it answers; PrefectUnavailable when it does not within two minutes."""
        shown = False
        while not self._told.wait(0.05):
            waited = time.monotonic() - self.began
            if self.process.poll() is not None:
                raise PrefectUnavailable(f"its server ended with {self.process.returncode}")
            if waited > READY_SECONDS:
                raise PrefectUnavailable(f"its server is not ready after {waited:.0f} s")
            if waited > 2 and not shown:
                on_progress("waiting for Prefect to start")
                shown = True
        if not self._port:
            raise PrefectUnavailable(f"its server ended with {self.process.wait(5)}")
        return self

    def stop(self) -> None:
        """End it: it goes when its standard input does, and is ended if it lingers."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            words = line.split()
            if words[:1] == [b"ready"]:
                self._port = int(words[1])
                self._told.set()
        self._told.set()


def start(home: Path, on_progress: Say = lambda _: None) -> Server:
    """Start a server for a home and return at once; `wait()` before it is used."""
    folder = prefect_home(home)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = folder / "prefect.db"
    if not database.exists():
        _copy_in_place(template(on_progress), database)
    auth = f"firedoor:{secrets.token_urlsafe(24)}"
    process = subprocess.Popen(
        [sys.executable, "-m", "firedoor.engine.server_app", "serve", str(database)],
        env=for_server(home, database, auth),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=_log(folder),
        start_new_session=True,
    )
    server = Server(home=home, auth=auth, process=process, began=time.monotonic())
    threading.Thread(target=server._listen, daemon=True).start()
    return server


@contextmanager
def embedded_server(home: Path, on_progress: Say = lambda _: None) -> Iterator[Server]:
    """A server for the block."""
    server = start(home, on_progress)
    try:
        yield server.wait(on_progress)
    finally:
        server.stop()


def template(on_progress: Say = lambda _: None) -> Path:
    """The prepared, empty database of this version of Prefect; made when it is not there."""
    folder = _template_folder()
    path = folder / f"prefect-{version('prefect')}.db"
    if path.exists():
        return path
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return path
        on_progress("preparing Prefect's database (once, half a minute)")
        draft = folder / ".preparing.db"
        for leftover in folder.glob(".preparing.db*"):
            leftover.unlink()
        done = subprocess.run(
            [sys.executable, "-m", "firedoor.engine.server_app", "prepare", str(draft)],
            env=for_server(folder, draft, ""),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=PREPARE_SECONDS,
        )
        if done.returncode != 0 or not draft.exists():
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise PrefectUnavailable(f"its database could not be prepared: {' '.join(last)}")
        draft.replace(path)
    return path


def _template_folder() -> Path:
    """Beside the installed packages, where it is shared; else in the user's cache."""
    for folder in (
        Path(sys.prefix) / "share" / "firedoor",
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "firedoor",
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise PrefectUnavailable("there is no folder to prepare its database in")


def _copy_in_place(source: Path, target: Path) -> None:
    draft = target.with_name(f".{os.getpid()}.db")
    shutil.copyfile(source, draft)
    draft.chmod(0o600)
    draft.replace(target)


def _log(folder: Path) -> int:
    return os.open(folder / "server.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


if __name__ == "__main__":
    print(template(print))
