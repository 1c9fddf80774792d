"""Where a resident listens: a socket in its home, which only its owner (or one group) can reach.

The home decides the socket, so that a drill's, an exercise's or another team's `firedoor` never
reaches this one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firedoor.errors import BadInput, Refused

SOCKET = "resident.sock"
LOCK = "resident.lock"
LONGEST = 100
"""Bytes of a path that bind and connect take; the kernel's own limit is 107."""
WAITING = 64
"""Connections that the kernel holds until they are accepted."""


@contextmanager
def listening(home: Path, group: int | None = None) -> Iterator[socket.socket]:
    """The listening socket of a home's one resident. Refused when there is one already.

    0600 in a folder of 0700. With a group: 0660 and the group's, and the folder 0710, so that the
    group comes through it to the socket and to nothing else in it.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    _only_ours(home)
    with _alone(home):
        _let_in(home, group)
        path = home / SOCKET
        # The lock is ours: what lies there was left by one that was killed.
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            with _short(path) as address:
                before = os.umask(0o177)
                try:
                    listener.bind(address)
                finally:
                    os.umask(before)
            if group is not None:
                os.chown(path, -1, group)
                path.chmod(0o660)
            listener.listen(WAITING)
            try:
                yield listener
            finally:
                path.unlink(missing_ok=True)


def connected(home: Path, seconds: float) -> socket.socket:
    """A connection to a home's resident; OSError when nobody takes it."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        with _short(home / SOCKET) as address:
            connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


def _only_ours(home: Path) -> None:
    found = home.stat()
    if found.st_uid != os.geteuid():
        raise BadInput(f"{home} belongs to somebody else: a resident runs as its home's owner")


def _let_in(home: Path, group: int | None) -> None:
    if group is None:
        home.chmod(0o700)
        return
    for each in home.iterdir():
        mode = each.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & 0o077:
            each.chmod(stat.S_IMODE(mode) & ~0o077)
    try:
        os.chown(home, -1, group)
    except PermissionError:
        raise BadInput(
            "FIREDOOR_SOCKET_GROUP names a group that the resident's user is no member of"
        ) from None
    home.chmod(0o710)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    descriptor = os.open(home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            raise Refused(
                f"a resident of {home} is running already (pid {holder}); end that one first"
            ) from None
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of the path that is short enough for a socket's address."""
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)


def nobody_there(error: OSError) -> bool:
    """Whether an error of `connected` says that there is no resident at all."""
    return error.errno in (errno.ENOENT, errno.ENOTDIR)
