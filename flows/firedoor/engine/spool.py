"""The spool: where a break-glass run writes when the store or the vault cannot be written.

    <spool>/<home>/INC-2026-0042.jsonl        entries, hash-chained, synced one by one
    <spool>/<home>/vault/INC-2026-0042/       evidence, in a vault of its own

It lies outside the home: FIREDOOR_SPOOL, or a folder of ours in XDG_STATE_HOME or the system's
temporary folder. `firedoor.engine.merging` takes it into the journal later.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from firedoor import settings
from firedoor.chain import START, Entry, chained, clean_data
from firedoor.errors import StoreUnavailable
from firedoor.evidence import Vault


class Spool:
    """The spool of one home. Nothing of it is made before something is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vault = Vault(folder / "vault")
        self._open: dict[str, int] = {}
        self._entries: dict[str, list[Entry]] = {}
        self._token = os.urandom(2).hex().upper()
        self._kept = 0

    @classmethod
    def of(cls, home: Path) -> Spool:
        """The spool of a home."""
        name = hashlib.sha256(str(home.absolute()).encode()).hexdigest()[:16]
        return cls(settings.spool() / name)

    def made(self) -> Path:
        """The folder, made if need be. OSError when it cannot be, or is open to others."""
        root = self.folder.parent
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = root.lstat()
        # In a temporary folder that everybody may write to, somebody else may have been first.
        if root.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o022:
            raise PermissionError(1, f"{root} belongs to somebody else, or others may write to it")
        self.folder.mkdir(exist_ok=True, mode=0o700)
        return self.folder

    def pending(self) -> list[str]:
        """The incidents of which something waits to be merged."""
        files = {path.stem for path in self.folder.glob("*.jsonl")}
        kept = {path.parent.name for path in self.folder.glob("vault/*/custody.jsonl")}
        return sorted(each for each in files | kept if not each.endswith(".merged"))

    def holds(self, incident: str) -> bool:
        """Whether entries of an incident lie here: whatever follows belongs behind them."""
        return self.file(incident).exists()

    def file(self, incident: str) -> Path:
        """Where an incident's entries lie."""
        return self.folder / f"{incident}.jsonl"

    def open_incident(self, prefix: str, *, at: datetime, by: str, **data: Any) -> str:
        """Open an incident while there is no store to number it in; its id."""
        incident = f"{prefix}-{at.year}-S{self._token}"
        self.append(incident, "incident.opened", {"id": incident, **data}, by=by, at=at)
        return incident

    def append(
        self,
        incident: str,
        kind: str,
        data: Mapping[str, Any],
        *,
        by: str,
        at: datetime,
        run: str | None = None,
        step: str | None = None,
        after: Sequence[Entry] = (),
    ) -> Entry:
        """Append an entry behind `after` (what is known of the journal); on disk on return."""
        try:
            descriptor = self._opened(incident)
        except OSError as error:
            raise self._unwritable(error) from None
        known = self.entries(incident)
        last = known[-1] if known else (after[-1] if after else None)
        entry = chained(
            kind,
            clean_data(data),
            by=by,
            at=at,
            run=run,
            step=step,
            seq=last.seq + 1 if last else 1,
            prev=last.hash if last else START,
        )
        try:
            _append(descriptor, msgspec.json.encode(entry, order="deterministic") + b"\n")
        except OSError as error:
            raise self._unwritable(error) from None
        self._entries[incident] = [*known, entry]
        return entry

    def entries(self, incident: str) -> list[Entry]:
        """What lies here of an incident. Half a line at the end was never acknowledged."""
        if incident not in self._entries:
            self._entries[incident] = read_spool(self.file(incident))
        return list(self._entries[incident])

    def behind(self, journalled: Sequence[Entry], incident: str) -> list[Entry]:
        """A journal and what lies here behind it, less what a cut-off merge has taken in."""
        merged = {(entry.data.get("spooled") or {}).get("hash") for entry in journalled}
        waiting = [entry for entry in self.entries(incident) if entry.hash not in merged]
        return [*journalled, *waiting]

    def number(self) -> str:
        """An id for an artefact that the vault has not numbered: `S3F2A-1`."""
        self._kept += 1
        return f"S{self._token}-{self._kept}"

    def close(self) -> None:
        """Let go of the files: they can be merged now."""
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()
        self._entries.clear()

    def _unwritable(self, error: OSError) -> StoreUnavailable:
        return StoreUnavailable(
            f"the spool in {self.folder} cannot be written either: {error.strerror}; "
            "nothing further is changed"
        )

    def _opened(self, incident: str) -> int:
        """The incident's file, locked while the run goes on: nobody merges it meanwhile."""
        path = self.file(incident)
        while incident not in self._open:
            self.made()
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(path, flags, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not path.exists() or path.stat().st_ino != os.fstat(descriptor).st_ino:
                # It was merged and put aside while we waited for the lock.
                os.close(descriptor)
                continue
            os.ftruncate(descriptor, path.read_bytes().rfind(b"\n") + 1)
            self._open[incident] = descriptor
            self._entries.pop(incident, None)
        return self._open[incident]


def _append(descriptor: int, line: bytes) -> None:
    """Append a line, on disk when this returns; nothing of it stays when that fails."""
    before = os.fstat(descriptor).st_size
    try:
        if os.write(descriptor, line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, before)
        raise


def read_spool(path: Path) -> list[Entry]:
    """The entries of a spool file, up to the first line that is none."""
    entries: list[Entry] = []
    try:
        raw = path.read_bytes()
    except OSError:
        return []
    for line in raw[: raw.rfind(b"\n") + 1].splitlines():
        try:
            entries.append(msgspec.json.decode(line, type=Entry))
        except (msgspec.DecodeError, UnicodeDecodeError):
            break
    return entries
