"""The anchors of a journal: what was written, beside the database, one line for each entry.

Before an entry is committed its line stands here as `begun`; when it is, the word becomes `ended`,
in place. So an entry without a line was not written by firedoor on this machine, an `ended` line
without its entry tells of one that was taken out, and a `begun` one without an entry is nothing but
a crash. The file also is the lock under which an incident's entries are appended, one at a time.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from firedoor.errors import StoreUnavailable

BUSY_SECONDS = 30.0
"""How long somebody else may hold the lock before an append gives up."""

_LINE = re.compile(rb"(\d{1,9}) ([0-9a-f]{64}) (\S{1,40})(?: (begun|ended))?")
_BEGUN, _ENDED = b"begun", b"ended"


class Anchor(NamedTuple):
    """One line. `ended`: its entry was committed."""

    seq: int
    hash: str
    ended: bool


class Anchoring:
    """The anchors of one incident, locked for one append."""

    def __init__(self, descriptor: int) -> None:
        self._file = descriptor
        self._word = 0

    def begin(self, seq: int, digest: str, wall: str) -> None:
        """Write down, on the disk, that this entry is about to be committed."""
        end = os.fstat(self._file).st_size
        # A line that a full disk or a power cut has torn stays by itself.
        torn = end > 0 and os.pread(self._file, 1, end - 1) != b"\n"
        line = (b"\n" if torn else b"") + f"{seq} {digest} {wall} ".encode() + _BEGUN + b"\n"
        try:
            written = os.pwrite(self._file, line, end)
            if written != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, end)
            raise
        self._word = end + len(line) - len(_BEGUN) - 1

    def end(self) -> None:
        """The entry is committed. The word is overwritten in place: that needs no room."""
        os.pwrite(self._file, _ENDED, self._word)


@contextmanager
def anchoring(path: Path) -> Iterator[Anchoring]:
    """Lock an incident's anchors for an append; StoreUnavailable when they cannot be written."""
    try:
        path.parent.mkdir(exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be written: {error.strerror}") from None
    try:
        _lock(descriptor, path)
        yield Anchoring(descriptor)
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be written: {error.strerror}") from None
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise StoreUnavailable(
                    f"{path} is held by another process for {BUSY_SECONDS:.0f} s"
                ) from None
            time.sleep(0.002)


def read_anchors(path: Path) -> tuple[list[Anchor], list[str]]:
    """The anchors, and what is wrong with lines that are none; nothing where there is no file."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return [], []
    except OSError as error:
        return [], [f"{path} cannot be read: {error.strerror}"]
    anchors: list[Anchor] = []
    problems: list[str] = []
    lines = raw.split(b"\n")
    for number, line in enumerate(lines, start=1):
        found = _LINE.fullmatch(line)
        if found:
            ended = found[4] != _BEGUN
            anchors.append(Anchor(int(found[1]), found[2].decode(), ended))
        elif line and number != len(lines):
            problems.append(f"line {number} of {path.name} is not an anchor")
    return anchors, problems


def compare(hashes: Sequence[str], anchors: Sequence[Anchor]) -> tuple[list[str], list[int]]:
    """What the anchors say of a journal whose entries have these hashes, from #1 on.

    The problems, and the numbers of the entries after the last one that has an anchor. (An entry
    before that one needs none of its own: the chain binds it.)
    """
    problems: list[str] = []
    last = 0
    for seq, digest, ended in anchors:
        if 0 < seq <= len(hashes) and hashes[seq - 1] == digest:
            last = max(last, seq)
        elif ended and seq > len(hashes):
            problems.append(f"entry #{seq} was written and is gone")
        elif ended:
            problems.append(f"entry #{seq} is not the one that was written")
    told = {problem.split()[1] for problem in problems}
    bare = [seq for seq in range(last + 1, len(hashes) + 1) if f"#{seq}" not in told]
    return problems, bare
