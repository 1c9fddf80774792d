"""One worker per incident: a lease that the operating system gives back when its holder dies.

The lease is an flock on a file of the home, so that nobody has to judge whether a holder is still
alive. On a PostgreSQL store an advisory lock is taken as well, which other machines see. Not
covered: a home on a network file system that does not pass flock on, and two machines that work the
same incident from stores of their own.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from firedoor.engine.spool import Spool
from firedoor.errors import Refused, StoreUnavailable
from firedoor.kinds import time_text

if TYPE_CHECKING:
    from firedoor.journal import Journal

_held: ContextVar[frozenset[str]] = ContextVar("leases_held", default=frozenset())


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who works an incident, as it stands in the file of the lease."""

    by: str
    pid: int
    host: str
    since: str


@contextlib.contextmanager
def working(journal: Journal, incident: str, *, by: str) -> Iterator[None]:
    """Work an incident alone. Refused when another process or thread does so already.

    Inside the block (and in whatever it calls) it may be entered again.
    """
    key = f"{journal.home}/{incident}"
    if key in _held.get():
        yield
        return
    with _locked(journal.home, incident, by), journal.store.alone(incident) as alone:
        if not alone:
            raise Refused(f"{incident} is being worked on another machine; wait until it has ended")
        token = _held.set(_held.get() | {key})
        try:
            yield
        finally:
            _held.reset(token)


@contextlib.contextmanager
def _locked(home: Path, incident: str, by: str) -> Iterator[None]:
    descriptor, path = _opened(home, incident)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(_busy(incident, path)) from None
        me = Holder(by=by, pid=os.getpid(), host=socket.gethostname(), since=_now())
        # On a full disk nobody can read who it is; that it is held does not depend on it.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, msgspec.json.encode(me), 0)
        yield
    finally:
        os.close(descriptor)


def _opened(home: Path, incident: str) -> tuple[int, Path]:
    """The file of the lease: in the home, or beside the spool where the home cannot be written."""
    try:
        return _open(home / "locks", incident)
    except OSError as error:
        why = error.strerror
    try:
        return _open(Spool.of(home).made(), incident)
    except OSError:
        raise StoreUnavailable(
            f"the lease of {incident} cannot be written in {home}: {why}; nothing is changed"
        ) from None


def _open(folder: Path, incident: str) -> tuple[int, Path]:
    folder.mkdir(exist_ok=True, mode=0o700)
    path = folder / f"{incident}.lock"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), path


def _busy(incident: str, path: Path) -> str:
    try:
        holder = msgspec.json.decode(path.read_bytes(), type=Holder)
    except (OSError, msgspec.DecodeError):
        return f"{incident} is being worked by another process; wait until it has ended"
    where = "" if holder.host == socket.gethostname() else f" on {holder.host}"
    return (
        f"{incident} is being worked by {holder.by} (pid {holder.pid}{where}, since "
        f"{holder.since}); wait until that has ended, or end it, and then: "
        f"firedoor resume {incident}"
    )


def _now() -> str:
    return time_text(datetime.now(UTC))
