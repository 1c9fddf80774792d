"""The vault: evidence in a folder per incident, with a chain of custody.

    <vault>/<incident>/E001-before-deny.json   the artefacts, read-only
    <vault>/<incident>/custody.jsonl           who kept what, when, from where: hash-chained
    <vault>/<incident>/manifest.json           what there is, with sizes and SHA-256
    <vault>/<incident>/SHA256SUMS              the same for `sha256sum --check`

An artefact is written to a temporary name, synced and read back; then its custody record is
written, then it gets its name. What a crash leaves of that is mended by the next one that is kept.
Secrets are masked on the way in, but for what is sealed (`firedoor.sealing`). The fields follow
NIST SP 800-86 and ISO/IEC 27037: identification, time and place of collection, who collected, and
integrity.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from firedoor.custody import (
    DRAFT,
    LOG,
    START,
    Artefact,
    Custody,
    Verification,
    digest,
    draft_of,
    hash_of,
    holds,
    read_chain,
    sum_line,
    verify_folder,
)
from firedoor.errors import NotFound, StoreUnavailable
from firedoor.kinds import time_text
from firedoor.masking import masked, masked_text
from firedoor.sealing import SUFFIX, Sealed


class Vault:
    """A folder of evidence. Several processes may keep in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def keep(
        self,
        incident: str,
        name: str,
        content: Any,
        *,
        about: str,
        source: dict[str, str],
        collected: dict[str, str],
        requests: Sequence[str],
        by: str,
        number: str = "",
        suffix: str = "",
    ) -> Artefact:
        """Keep a document (bytes, text, or JSON); StoreUnavailable when it cannot be written.

        JSON is written with sorted keys and two spaces, so that equal content has equal hashes.
        `number` and `suffix` (of its file) are given where it was kept elsewhere before.
        """
        raw, sort = _as_bytes(content)
        folder = self.root / incident
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _locked(folder):
                chain = _mended(folder)
                number = number or f"E{len(chain) + 1:03d}"
                name = masked_text(name)
                safe = _safe(name)
                plain = "" if "." in safe else suffix or sort
                ending = SUFFIX if isinstance(content, Sealed) else plain
                path = folder / f"{number}-{safe}{ending}"
                _write(draft_of(path), raw, mode=0o400)
                artefact = Artefact(
                    id=number,
                    name=name,
                    path=path.name,
                    sha256=digest(draft_of(path).read_bytes()),
                    size=len(raw),
                    about=masked_text(about),
                )
                if artefact.sha256 != digest(raw):
                    raise StoreUnavailable(f"{path} did not come back as it was written")
                record = Custody(
                    seq=len(chain) + 1,
                    event="kept",
                    wall=time_text(datetime.now(UTC)),
                    by=by,
                    artefact=artefact,
                    source=masked(source),
                    collected=collected,
                    requests=tuple(requests),
                    prev=chain[-1].hash if chain else START,
                )
                record = msgspec.structs.replace(record, hash=hash_of(record))
                _append(folder / LOG, msgspec.json.encode(record, order="deterministic") + b"\n")
                draft_of(path).replace(path)
                _index(folder, incident, [*chain, record])
                _sync(folder)
        except OSError as error:
            raise StoreUnavailable(
                f"the evidence folder {folder} cannot be written: {error.strerror}"
            ) from None
        return artefact

    def list(self, incident: str) -> list[Custody]:
        """The chain of custody of an incident, oldest first; empty when nothing was kept."""
        return read_chain(self.root / incident)[0]

    def folder(self, incident: str) -> Path:
        """Where an incident's evidence lies."""
        return self.root / incident

    def read(self, incident: str, artefact: str) -> bytes:
        """An artefact's content, its hash checked; VerificationFailed is raised by `verify`."""
        for record in self.list(incident):
            if record.artefact.id == artefact:
                raw = (self.root / incident / record.artefact.path).read_bytes()
                if digest(raw) != record.artefact.sha256:
                    raise StoreUnavailable(
                        f"{artefact} of {incident} was changed since it was kept"
                    )
                return raw
        raise NotFound(f"no artefact {artefact!r} in the evidence of {incident}")

    def verify(
        self, incident: str, journalled: Sequence[dict[str, Any]] | None = None
    ) -> Verification:
        """Check the files against the chain, and against what the journal says was kept.

        `journalled` is the data of the journal's `evidence.kept` entries.
        """
        return verify_folder(self.root / incident, incident, journalled)


def _mended(folder: Path) -> list[Custody]:
    """The chain, after what a crash has left was brought to its end. Under the folder's lock.

    Half a record goes: nobody was told that it was kept. An artefact with a record gets its name.
    """
    chain, torn = read_chain(folder)
    if torn:
        os.truncate(folder / LOG, (folder / LOG).stat().st_size - len(torn))
    for record in chain[-1:]:
        path = folder / record.artefact.path
        if path.parent == folder and not path.exists() and holds(draft_of(path), record.artefact):
            draft_of(path).replace(path)
    for leftover in folder.glob(f"{DRAFT}*"):
        leftover.unlink(missing_ok=True)
    return chain


def _index(folder: Path, incident: str, chain: list[Custody]) -> None:
    """Write manifest.json and SHA256SUMS anew: both follow from the chain."""
    artefacts = [record.artefact for record in chain]
    manifest = {
        "incident": incident,
        "algorithm": "SHA-256",
        "custody_head": chain[-1].hash,
        "artefacts": artefacts,
    }
    encoded = msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=2)
    sums = "".join(sum_line(each) + "\n" for each in artefacts).encode()
    for name, content in (("manifest.json", encoded + b"\n"), ("SHA256SUMS", sums)):
        draft = draft_of(folder / name)
        _write(draft, content, mode=0o600, sync=False)
        draft.replace(folder / name)


def _write(path: Path, raw: bytes, *, mode: int, sync: bool = True) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            if sync:
                os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _append(path: Path, line: bytes) -> None:
    """Append a line, on disk when this returns; nothing of it stays when that fails."""
    before = path.stat().st_size if path.exists() else 0
    try:
        with path.open("ab") as log:
            log.write(line)
            log.flush()
            os.fsync(log.fileno())
    except OSError:
        if path.exists():
            os.truncate(path, before)
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _as_bytes(content: Any) -> tuple[bytes, str]:
    if isinstance(content, Sealed):
        return bytes(content), SUFFIX
    if isinstance(content, bytes):
        return _masked_bytes(content), ".bin"
    if isinstance(content, str):
        return masked_text(content).encode(), ".txt"
    clean = masked(msgspec.to_builtins(content))
    text = msgspec.json.format(msgspec.json.encode(clean, order="sorted"), indent=2)
    return text + b"\n", ".json"


def _masked_bytes(raw: bytes) -> bytes:
    try:
        return masked_text(raw.decode()).encode()
    except UnicodeDecodeError:
        return raw


def _safe(name: str) -> str:
    """A file name from a name that may hold anything."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:80] or "artefact"


__all__ = ["Artefact", "Custody", "Vault", "Verification", "verify_folder"]
