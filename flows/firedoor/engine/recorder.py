"""What a run writes down, journal entries and evidence, told on to whoever watches."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from firedoor.chain import Entry
from firedoor.engine.merging import merge
from firedoor.engine.seals import Seals
from firedoor.engine.spool import Spool
from firedoor.errors import StoreUnavailable
from firedoor.evidence import Artefact as Kept
from firedoor.evidence import Vault
from firedoor.keyring import FileKey
from firedoor.kinds import time_text
from firedoor.runbook import Json
from firedoor.sealing import HouseKey, Sealed

if TYPE_CHECKING:
    from firedoor.journal import Journal

Listener = Callable[[Entry], None]


class Draft(NamedTuple):
    """An entry that is to be written."""

    kind: str
    data: dict[str, Json]
    by: str
    at: datetime
    run: str | None
    step: str | None


class Recorder:
    """Appends to one incident's journal and vault, in the incident's own time.

    With a `spool` (break-glass alone has one) it writes there when they cannot be written. From
    then on all of the incident's entries go there, to stay in order, until `settle` merges it.
    `house`: the key under which its secrets are sealed; the home's own by default.
    """

    def __init__(
        self,
        journal: Journal,
        vault: Vault,
        incident: str,
        *,
        now: Callable[[], datetime],
        by: str,
        listeners: Sequence[Listener] = (),
        spool: Spool | None = None,
        house: HouseKey | None = None,
    ) -> None:
        self.journal = journal
        self.vault = vault
        self.incident = incident
        self.by = by
        self.now = now
        self.spool = spool
        self.seals = Seals(self, house or FileKey([journal.home]))
        self._listeners = list(listeners)
        self._lock = threading.Lock()

    def write(
        self,
        kind: str,
        data: dict[str, Json],
        *,
        run: str | None = None,
        step: str | None = None,
        by: str | None = None,
        at: datetime | None = None,
    ) -> Entry:
        """Append an entry; it is on disk when this returns. Listeners hear it in order.

        StoreUnavailable when it could not be written anywhere: then nothing may be changed.
        """
        given = Draft(kind, data, by or self.by, at or self.now(), run, step)
        with self._lock:
            entry = self._append(given)
            for listener in self._listeners:
                listener(entry)
        return entry

    def _append(self, given: Draft) -> Entry:
        if self.spool is None:
            return self._journalled(given)
        if not self.spool.holds(self.incident):
            try:
                return self._journalled(given)
            except StoreUnavailable as error:
                self._begin_spooling(error)
        return self._spooled(given)

    def _begin_spooling(self, error: StoreUnavailable) -> None:
        assert self.spool
        message = (
            f"{error}; going on in the spool {self.spool.folder}, which the next firedoor "
            "command for the incident merges"
        )
        told = {"where": "store", "kind": "spooling", "message": message}
        entry = self._spooled(Draft("error", told, self.by, self.now(), None, None))
        for listener in self._listeners:
            listener(entry)

    def _journalled(self, given: Draft) -> Entry:
        return self.journal.append(
            self.incident,
            given.kind,
            given.data,
            by=given.by,
            at=given.at,
            run=given.run,
            step=given.step,
        )

    def _spooled(self, given: Draft) -> Entry:
        assert self.spool
        return self.spool.append(
            self.incident,
            given.kind,
            given.data,
            by=given.by,
            at=given.at,
            run=given.run,
            step=given.step,
            after=self.journal.remembered(self.incident),
        )

    def settle(self) -> None:
        """Try to bring home what was spooled; when that cannot be done yet, it stays there."""
        if self.spool is None or self.incident not in self.spool.pending():
            return
        self.spool.close()
        with contextlib.suppress(StoreUnavailable):
            merge(self.journal, self.vault, self.spool)

    def keep(
        self,
        name: str,
        content: Json | Sealed,
        *,
        about: str,
        source: dict[str, str],
        requests: Sequence[str] = (),
        run: str | None = None,
        step: str | None = None,
        started: datetime | None = None,
    ) -> Kept:
        """Keep a document in the vault and journal its hash."""
        end = self.now()
        collected = {"start": time_text(started or end), "end": time_text(end)}

        def put(vault: Vault, number: str = "") -> Kept:
            return vault.keep(
                self.incident,
                name,
                content,
                about=about,
                source=source,
                collected=collected,
                requests=list(requests),
                by=self.by,
                number=number,
            )

        try:
            kept = put(self.vault)
        except StoreUnavailable as error:
            if self.spool is None:
                raise StoreUnavailable(
                    f"{error}; `firedoor resume {self.incident} --break-glass` keeps evidence in "
                    "a local spool instead"
                ) from None
            kept = put(self.spool.vault, self.spool.number())
        self.write(
            "evidence.kept",
            {
                "artefact": kept.id,
                "name": kept.name,
                "about": about,
                "sha256": kept.sha256,
                "size": kept.size,
                "path": kept.path,
                "source": source,
                "collected": dict(collected),
                "requests": list(requests),
            },
            run=run,
            step=step,
        )
        return kept

    def entries(self) -> list[Entry]:
        """The journal so far, and what is spooled behind it."""
        if self.spool is None or not self.spool.holds(self.incident):
            return self.journal.entries(self.incident)
        return self.spool.behind(self.journal.remembered(self.incident), self.incident)

    def spooled(self) -> list[Entry]:
        """What lies in the spool of this incident and is not in the journal yet."""
        if self.spool is None or not self.spool.holds(self.incident):
            return []
        journalled = self.journal.remembered(self.incident)
        return self.spool.behind(journalled, self.incident)[len(journalled) :]
