"""The vault: evidence in a folder per incident, with a chain of custody.

    <vault>/<incident>/E001-before-deny.json   the artefacts, read-only
    <vault>/<incident>/custody.jsonl           who kept what, when, from where: hash-chained
    <vault>/<incident>/manifest.json           what there is, with sizes and SHA-256
    <vault>/<incident>/SHA256SUMS              the same for `sha256sum --check`

An artefact is written to a temporary name, synced, renamed and read back before its custody record
is written. Secrets are masked on the way in. The fields follow NIST SP 800-86 and ISO/IEC 27037:
identification, time and place of collection, who collected, and integrity.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from firedoor.errors import BadInput, NotFound, StoreUnavailable
from firedoor.kinds import time_text
from firedoor.masking import masked

START = "0" * 64
_OURS = frozenset({"custody.jsonl", "manifest.json", "SHA256SUMS", ".lock"})


class Artefact(msgspec.Struct, frozen=True, kw_only=True):
    """One kept document. `path` is relative to the incident's folder, `size` in bytes."""

    id: str
    name: str
    path: str
    sha256: str
    size: int
    about: str


class Custody(msgspec.Struct, frozen=True, kw_only=True):
    """One record of the chain of custody; `hash` is over all else, `prev` the one before."""

    seq: int
    event: str
    wall: str
    by: str
    artefact: Artefact
    source: dict[str, str]
    collected: dict[str, str]
    requests: tuple[str, ...]
    prev: str
    hash: str = ""


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the evidence of an incident holds; `problems` says what does not."""

    incident: str
    holds: bool
    artefacts: int
    head: str
    problems: tuple[str, ...] = ()


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
    ) -> Artefact:
        """Keep a document (bytes, text, or JSON); StoreUnavailable when it cannot be written.

        JSON is written with sorted keys and two spaces, so that equal content has equal hashes.
        """
        raw, suffix = _as_bytes(content)
        folder = self.root / incident
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _locked(folder):
                chain = _chain(folder)
                number = f"E{len(chain) + 1:03d}"
                safe = _safe(name)
                file = f"{number}-{safe}" + ("" if "." in safe else suffix)
                _write(folder / file, raw, mode=0o400)
                artefact = Artefact(
                    id=number,
                    name=name,
                    path=file,
                    sha256=_digest((folder / file).read_bytes()),
                    size=len(raw),
                    about=about,
                )
                if artefact.sha256 != _digest(raw):
                    raise StoreUnavailable(f"{folder / file} did not come back as it was written")
                record = Custody(
                    seq=len(chain) + 1,
                    event="kept",
                    wall=time_text(datetime.now(UTC)),
                    by=by,
                    artefact=artefact,
                    source=source,
                    collected=collected,
                    requests=tuple(requests),
                    prev=chain[-1].hash if chain else START,
                )
                record = msgspec.structs.replace(record, hash=_hash(record))
                with (folder / "custody.jsonl").open("ab") as log:
                    log.write(msgspec.json.encode(record, order="deterministic") + b"\n")
                    log.flush()
                    os.fsync(log.fileno())
                _index(folder, incident, [*chain, record])
        except OSError as error:
            raise StoreUnavailable(
                f"the evidence folder {folder} cannot be written: {error.strerror}"
            ) from None
        return artefact

    def list(self, incident: str) -> list[Custody]:
        """The chain of custody of an incident, oldest first; empty when nothing was kept."""
        return _chain(self.root / incident)

    def folder(self, incident: str) -> Path:
        """Where an incident's evidence lies."""
        return self.root / incident

    def read(self, incident: str, artefact: str) -> bytes:
        """An artefact's content, its hash checked; VerificationFailed is raised by `verify`."""
        for record in self.list(incident):
            if record.artefact.id == artefact:
                raw = (self.root / incident / record.artefact.path).read_bytes()
                if _digest(raw) != record.artefact.sha256:
                    raise StoreUnavailable(
                        f"{artefact} of {incident} was changed since it was kept"
                    )
                return raw
        raise NotFound(f"no artefact {artefact!r} in the evidence of {incident}")

    def verify(self, incident: str, journalled: Sequence[dict[str, Any]] = ()) -> Verification:
        """Check the files against the chain, and against what the journal says was kept.

        `journalled` is the data of the journal's `evidence.kept` entries.
        """
        return verify_folder(self.root / incident, incident, journalled)


def verify_folder(
    folder: Path, incident: str = "", journalled: Sequence[dict[str, Any]] = ()
) -> Verification:
    """Check a folder of evidence by itself; BadInput when it is none."""
    if not (folder / "custody.jsonl").is_file():
        if journalled or not incident:
            raise BadInput("holds no evidence (no custody.jsonl)", where=str(folder))
        return Verification(incident=incident, holds=True, artefacts=0, head=START)
    problems: list[str] = []
    chain = _chain(folder, problems)
    prev = START
    for number, record in enumerate(chain, start=1):
        if record.seq != number or record.prev != prev:
            problems.append(f"custody record {record.seq} does not follow the one before it")
        if _hash(record) != record.hash:
            problems.append(f"custody record {record.seq} was changed after it was written")
        prev = record.hash
        problems.extend(_file_problems(folder, record.artefact))
    known = {record.artefact.path for record in chain} | _OURS
    problems.extend(
        f"{path.name} is in the folder without a custody record"
        for path in sorted(folder.iterdir())
        if path.name not in known and not path.name.startswith(".writing-")
    )
    held = {record.artefact.id: record.artefact.sha256 for record in chain}
    for told in journalled:
        if held.get(told["artefact"]) != told["sha256"]:
            problems.append(f"{told['artefact']} is not what the journal says was kept")
    return Verification(
        incident=incident or folder.name,
        holds=not problems,
        artefacts=len(chain),
        head=chain[-1].hash if chain else START,
        problems=tuple(problems),
    )


def _file_problems(folder: Path, artefact: Artefact) -> list[str]:
    path = folder / artefact.path
    if path.parent != folder or path.is_symlink():
        return [f"{artefact.id} does not lie in the evidence folder"]
    try:
        raw = path.read_bytes()
    except OSError:
        return [f"{artefact.path} is gone"]
    return [] if _digest(raw) == artefact.sha256 else [f"{artefact.path} was changed"]


def _chain(folder: Path, problems: list[str] | None = None) -> list[Custody]:
    path = folder / "custody.jsonl"
    if not path.is_file():
        return []
    records: list[Custody] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            records.append(msgspec.json.decode(line, type=Custody))
        except (msgspec.DecodeError, UnicodeDecodeError):
            if problems is None:
                raise StoreUnavailable(f"{path}:{number} is not a custody record") from None
            problems.append(f"custody.jsonl:{number} is not a custody record")
    return records


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
    _write(folder / "manifest.json", encoded + b"\n", mode=0o600)
    sums = "".join(f"{each.sha256}  {each.path}\n" for each in artefacts)
    _write(folder / "SHA256SUMS", sums.encode(), mode=0o600)


def _write(path: Path, raw: bytes, *, mode: int) -> None:
    draft = path.with_name(f".writing-{path.name}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _as_bytes(content: Any) -> tuple[bytes, str]:
    if isinstance(content, bytes):
        return content, ".bin"
    if isinstance(content, str):
        return str(masked(content)).encode(), ".txt"
    clean = masked(msgspec.to_builtins(content))
    text = msgspec.json.format(msgspec.json.encode(clean, order="sorted"), indent=2)
    return text + b"\n", ".json"


def _safe(name: str) -> str:
    """A file name from a name that may hold anything."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:80] or "artefact"


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _hash(record: Custody) -> str:
    told = msgspec.to_builtins(record)
    del told["hash"]
    return _digest(msgspec.json.encode(told, order="sorted"))
