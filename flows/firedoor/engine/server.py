"""Starts the embedded Prefect server as a child process, beside whatever else has to be done.

The database is copied from a template that is made once, at set-up; the start has no limit of
Prefect's own (20 s, which slow machines miss) but ours. The child listens on 127.0.0.1 alone, wants
an auth string that only this process knows, and ends when this process ends, however that ends.
This module imports no Prefect.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from firedoor.engine.server_settings import database_of, for_client, for_server, prefect_home
from firedoor.engine.server_template import copy_in_place, template
from firedoor.errors import PrefectUnavailable

READY_SECONDS = 120.0
"""How long a server may take to answer. On two busy cores it takes 10 s, on slow machines 40 s."""

Say = Callable[[str], None]


@dataclass
class Server:
    """A server that is starting, or has started."""

    home: Path
    auth: str
    port: int
    process: subprocess.Popen[bytes]
    began: float
    _ready: bool = False
    _told: threading.Event = field(default_factory=threading.Event)

    @property
    def api_url(self) -> str:
        """Where its API is; it answers once `wait()` has returned."""
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def alive(self) -> bool:
        """Whether its process has not ended."""
        return self.process.poll() is None

    def environment(self) -> dict[str, str]:
        """What a process adds to its environment to run flows against it."""
        return for_client(self.home, self.api_url, self.auth)

    def wait(self, on_progress: Say = lambda _: None) -> Server:
        """Return when it answers; PrefectUnavailable when it does not within two minutes."""
        shown = False
        while not self._told.wait(0.05):
            waited = time.monotonic() - self.began
            if waited > READY_SECONDS:
                self.kill()
                raise PrefectUnavailable(f"its server is not ready after {waited:.0f} s")
            if waited > 2 and not shown:
                on_progress("waiting for Prefect to start")
                shown = True
        if not self._ready:
            raise PrefectUnavailable(
                f"its server ended with {self.process.wait(5)}; see {_log_of(self.home)}"
            )
        return self

    def stop(self) -> None:
        """End it and wait: it goes when its standard input does, and is ended if it lingers."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once: whatever waits for its answer gets an error instead."""
        self.process.kill()
        self.process.wait(5)

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            if line.strip() == b"ready":
                self._ready = True
                self._told.set()
        self._told.set()


def start(home: Path, on_progress: Say = lambda _: None) -> Server:
    """Start a server for a home and return at once; `wait()` before it is used."""
    folder, database = prefect_home(home), database_of(home)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not database.exists():
        copy_in_place(template(on_progress), database)
    auth = f"firedoor:{secrets.token_urlsafe(24)}"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening, _log(home) as log:
        listening.bind(("127.0.0.1", 0))
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "firedoor.engine.server_app"),
                *("serve", str(listening.fileno())),
            ],
            env=for_server(home, database, auth),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            pass_fds=[listening.fileno()],
            start_new_session=True,
        )
        port = listening.getsockname()[1]
    server = Server(home=home, auth=auth, port=port, process=process, began=time.monotonic())
    threading.Thread(target=server._listen, daemon=True).start()
    return server


_servers: dict[Path, Future[Server]] = {}
_lock = threading.Lock()


def warm(home: Path) -> None:
    """Begin to start the server of a home, beside other work; at most one for each home.

    Harmless where Prefect is not wanted after all: the server ends with this process.
    """
    _begun(home, lambda _: None)


def server_for(home: Path, on_progress: Say = lambda _: None) -> Server:
    """The running server of a home: the one that `warm` began, or a new one."""
    begun = _begun(home, on_progress)
    if not begun.done():
        on_progress("waiting for Prefect to start")
    server = begun.result()
    if not server.alive:
        with _lock:
            _servers.pop(home, None)
        server = _begun(home, on_progress).result()
    return server.wait(on_progress)


def cool(home: Path) -> None:
    """End the server of a home, where there is one."""
    with _lock:
        begun = _servers.pop(home, None)
    if begun is not None and begun.exception() is None:
        begun.result().stop()


def _begun(home: Path, on_progress: Say) -> Future[Server]:
    with _lock:
        known = _servers.get(home)
        if known is not None and not (known.done() and known.exception()):
            return known
        begun: Future[Server] = Future()
        _servers[home] = begun
    threading.Thread(target=_start_into, args=(begun, home, on_progress), daemon=True).start()
    return begun


def _start_into(begun: Future[Server], home: Path, on_progress: Say) -> None:
    try:
        begun.set_result(start(home, on_progress))
    except (OSError, subprocess.SubprocessError) as error:
        begun.set_exception(PrefectUnavailable(f"its server could not be started: {error}"))
    except PrefectUnavailable as error:
        begun.set_exception(error)


@contextmanager
def embedded_server(home: Path, on_progress: Say = lambda _: None) -> Iterator[Server]:
    """A server of its own for the block."""
    server = start(home, on_progress)
    try:
        yield server.wait(on_progress)
    finally:
        server.stop()


@contextmanager
def _log(home: Path) -> Iterator[int]:
    descriptor = os.open(_log_of(home), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _log_of(home: Path) -> Path:
    return prefect_home(home) / "server.log"


__all__ = ["PrefectUnavailable", "Server", "cool", "embedded_server", "server_for", "start", "warm"]

if __name__ == "__main__":
    template(lambda text: print(text[:1].upper() + text[1:], flush=True))
