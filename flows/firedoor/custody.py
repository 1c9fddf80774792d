"""The chain of custody of an evidence folder: its records, how they are read and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from firedoor.errors import BadInput, StoreUnavailable

START = "0" * 64
"""What stands as `prev` in the first record."""

LOG = "custody.jsonl"
DRAFT = ".writing-"
"""How the name of a file begins that is not whole yet, or not recorded yet."""

_OURS = frozenset({LOG, "manifest.json", "SHA256SUMS", ".lock"})


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
    """Whether the evidence of an incident holds; `problems` says what does not.

    `notes` tell of what a crash left unfinished and nobody has touched.
    """

    incident: str
    holds: bool
    artefacts: int
    head: str
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def verify_folder(
    folder: Path, incident: str = "", journalled: Sequence[dict[str, Any]] | None = None
) -> Verification:
    """Check a folder of evidence by itself; BadInput when it is none."""
    if not (folder / LOG).is_file():
        if journalled or not incident:
            raise BadInput("holds no evidence (no custody.jsonl)", where=str(folder))
        return Verification(incident=incident, holds=True, artefacts=0, head=START)
    problems: list[str] = []
    notes: list[str] = []
    chain, torn = read_chain(folder, problems)
    if torn:
        notes.append("custody.jsonl ends in half a record: a crash while something was being kept")
    prev = START
    for number, record in enumerate(chain, start=1):
        if record.seq != number or record.prev != prev:
            problems.append(f"custody record {record.seq} does not follow the one before it")
        if hash_of(record) != record.hash:
            problems.append(f"custody record {record.seq} was changed after it was written")
        prev = record.hash
        _look(folder, record.artefact, problems, notes)
    known = {record.artefact.path for record in chain} | _OURS
    problems.extend(
        f"{path.name} is in the folder without a custody record"
        for path in sorted(folder.iterdir())
        if path.name not in known and not path.name.startswith(DRAFT)
    )
    _look_at_index(folder, chain, problems, notes)
    _compare(chain, journalled, problems, notes)
    return Verification(
        incident=incident or folder.name,
        holds=not problems,
        artefacts=len(chain),
        head=chain[-1].hash if chain else START,
        problems=tuple(problems),
        notes=tuple(notes),
    )


def _compare(
    chain: Sequence[Custody],
    journalled: Sequence[dict[str, Any]] | None,
    problems: list[str],
    notes: list[str],
) -> None:
    """What the journal says was kept must be there; what it does not know of is only told."""
    held = {record.artefact.id: record.artefact.sha256 for record in chain}
    told = {each["artefact"]: each["sha256"] for each in journalled or ()}
    problems.extend(
        f"{artefact} is not what the journal says was kept"
        for artefact, sha256 in told.items()
        if held.get(artefact) != sha256
    )
    notes.extend(
        f"{artefact} was kept and the journal does not know of it: a crash between the two"
        for artefact in held
        if journalled is not None and artefact not in told
    )


def _look(folder: Path, artefact: Artefact, problems: list[str], notes: list[str]) -> None:
    path = folder / artefact.path
    if path.parent != folder or path.is_symlink():
        problems.append(f"{artefact.id} does not lie in the evidence folder")
        return
    try:
        raw = path.read_bytes()
    except OSError:
        if holds(draft_of(path), artefact):
            notes.append(f"{artefact.path} is whole, but named {draft_of(path).name}: a crash")
        else:
            problems.append(f"{artefact.path} is gone")
        return
    if digest(raw) != artefact.sha256:
        problems.append(f"{artefact.path} was changed")


def _look_at_index(
    folder: Path, chain: Sequence[Custody], problems: list[str], notes: list[str]
) -> None:
    """SHA256SUMS follows from the chain; a crash can leave it behind by what was kept last."""
    try:
        lines = (folder / "SHA256SUMS").read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    wanted = [sum_line(record.artefact) for record in chain]
    if lines != wanted[: len(lines)]:
        problems.append("SHA256SUMS was changed: it is not what follows from custody.jsonl")
    elif len(lines) < len(wanted):
        notes.append(
            f"SHA256SUMS lacks {len(wanted) - len(lines)} of the artefacts: a crash, or it was "
            "removed; the next artefact that is kept writes it anew"
        )


def holds(path: Path, artefact: Artefact) -> bool:
    """Whether a file is this artefact."""
    try:
        return not path.is_symlink() and digest(path.read_bytes()) == artefact.sha256
    except OSError:
        return False


def read_chain(folder: Path, problems: list[str] | None = None) -> tuple[list[Custody], bytes]:
    """The records of custody, and the torn one at the end that a crash has left (b"": none)."""
    path = folder / LOG
    if not path.is_file():
        return [], b""
    *lines, torn = path.read_bytes().split(b"\n")
    records: list[Custody] = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(msgspec.json.decode(line, type=Custody))
        except (msgspec.DecodeError, UnicodeDecodeError):
            if problems is None:
                raise StoreUnavailable(f"{path}:{number} is not a custody record") from None
            problems.append(f"{LOG}:{number} is not a custody record")
    return records, torn


def sum_line(artefact: Artefact) -> str:
    """Its line in SHA256SUMS."""
    return f"{artefact.sha256}  {artefact.path}"


def draft_of(path: Path) -> Path:
    """Where a file is written before it gets its name."""
    return path.with_name(f"{DRAFT}{path.name}")


def digest(raw: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(raw).hexdigest()


def hash_of(record: Custody) -> str:
    """SHA-256 over the canonical JSON of all but `hash`."""
    told = msgspec.to_builtins(record)
    del told["hash"]
    return digest(msgspec.json.encode(told, order="sorted"))
