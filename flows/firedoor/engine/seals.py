"""What one incident seals: state that undo needs and that may hold secrets, and its fingerprints.

The journal has such a change masked, with a fingerprint (`Change.seal`); the whole of it lies
encrypted in the vault, beside the state before, and the journal has that document's hash.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from firedoor.actions.contract import Change, State
from firedoor.chain import Entry
from firedoor.custody import digest
from firedoor.errors import NotFound, StoreUnavailable
from firedoor.evidence import Vault
from firedoor.masking import masked
from firedoor.runbook import Json
from firedoor.sealing import Envelope, HouseKey, Seal, Sealed, WrappedKey

if TYPE_CHECKING:
    from firedoor.engine.recorder import Recorder

KEY = "sealing-key"
"""The name of the artefact that is the incident's own key, wrapped."""


def holds_secrets(change: Change) -> bool:
    """Whether a change must not be written down as it is."""
    return change.secret or change.shown() != change


class Seals:
    """Seals and opens for one incident. Safe for threads."""

    def __init__(self, recorder: Recorder, house: HouseKey) -> None:
        self._recorder = recorder
        self._house = house
        self._lock = threading.Lock()
        self._open: dict[str, Seal] = {}

    def recordable(self, change: Change) -> Change:
        """A change as the journal will have it: masked, and with its fingerprint, where what stands
        there holds a secret."""
        return _masked(change, self._first()) if holds_secrets(change) else change

    def close(self, before: State, changes: Sequence[Change], about: str) -> Json | Sealed:
        """The state before as it is kept; sealed, with the changes, where either holds a secret."""
        told = msgspec.to_builtins(before)
        if masked(told) == told and not any(holds_secrets(each) for each in changes):
            return told
        whole = {"before": told, "changes": msgspec.to_builtins(list(changes))}
        return self._first().close(whole, about)

    def intended(self, entry: Entry) -> Change:
        """The change of a `step.intended` entry as it was meant.

        StoreUnavailable when it was sealed and cannot be opened, or is not what was sealed.
        """
        change = msgspec.convert(entry.data["change"], Change)
        if not change.seal:
            return change
        kept = entry.data["before"]
        try:
            found = msgspec.json.decode(self._read(kept), type=Envelope)
        except msgspec.DecodeError:
            raise StoreUnavailable(f"{kept['artefact']} is no sealed document") from None
        seal = self._named(found.key)
        opened: Any = seal.open(found, f"{entry.run}/{entry.step}")
        for each in msgspec.convert(opened["changes"], list[Change]):
            if each.resource == change.resource and _masked(each, seal) == change:
                return each
        raise StoreUnavailable(f"{kept['artefact']} does not hold the change of {change.resource}")

    def _read(self, kept: Mapping[str, str]) -> bytes:
        raw = self._artefact(kept["artefact"])
        if digest(raw) != kept["sha256"]:
            raise StoreUnavailable(
                f"{kept['artefact']} of {self._recorder.incident} is not what the journal says was "
                "kept: nothing of it is put back"
            )
        return raw

    def _artefact(self, number: str) -> bytes:
        problem: Exception | None = None
        for vault in self._vaults():
            try:
                return vault.read(self._recorder.incident, number)
            except (NotFound, OSError) as error:
                problem = problem or error
        raise StoreUnavailable(
            f"{number}, where the state before lies sealed, cannot be read: {problem}"
        )

    def _first(self) -> Seal:
        """What this incident is sealed with; made, and its wrapped key kept, when there is none."""
        with self._lock:
            if not self._open:
                if not self._kept():
                    self._make()
                # Read back: another process may have been first.
                first = self._kept()[0]
                self._open[first.name] = Seal.kept(self._recorder.incident, self._house, first)
            return next(iter(self._open.values()))

    def _named(self, name: str) -> Seal:
        with self._lock:
            if name not in self._open:
                wrapped = next((each for each in self._kept() if each.name == name), None)
                if wrapped is None:
                    raise StoreUnavailable(f"the sealing key {name} is not in the evidence")
                opened = Seal.kept(self._recorder.incident, self._house, wrapped)
                self._open[name] = opened
            return self._open[name]

    def _kept(self) -> list[WrappedKey]:
        """The incident's keys, oldest first: more than one where the vault was down for a time."""
        incident = self._recorder.incident
        return [
            msgspec.json.decode(vault.read(incident, record.artefact.id), type=WrappedKey)
            for vault in self._vaults()
            for record in vault.list(incident)
            if record.artefact.name == KEY
        ]

    def _vaults(self) -> list[Vault]:
        spool = self._recorder.spool
        return [self._recorder.vault, *([spool.vault] if spool else [])]

    def _make(self) -> None:
        _, wrapped = Seal.made(self._recorder.incident, self._house)
        self._recorder.keep(
            KEY,
            Sealed(msgspec.json.encode(wrapped)),
            about="The key under which this incident's secrets are sealed, itself encrypted",
            source={"key": wrapped.by},
        )


def _masked(change: Change, seal: Seal) -> Change:
    return msgspec.structs.replace(change.shown(), seal=seal.mark(change.from_))
