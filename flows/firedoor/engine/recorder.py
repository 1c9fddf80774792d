"""What a run writes down, journal entries and evidence, told on to whoever watches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from firedoor.evidence import Artefact as Kept
from firedoor.evidence import Vault
from firedoor.journal import Entry, Journal
from firedoor.kinds import time_text
from firedoor.runbook import Json

Listener = Callable[[Entry], None]


class Recorder:
    """Appends to one incident's journal and vault, in the incident's own time."""

    def __init__(
        self,
        journal: Journal,
        vault: Vault,
        incident: str,
        *,
        now: Callable[[], datetime],
        by: str,
        listeners: Sequence[Listener] = (),
    ) -> None:
        self.journal = journal
        self.vault = vault
        self.incident = incident
        self.by = by
        self.now = now
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
        """Append an entry; it is on disk when this returns. Listeners hear it in order."""
        with self._lock:
            entry = self.journal.append(
                self.incident,
                kind,
                data,
                by=by or self.by,
                run=run,
                step=step,
                at=at or self.now(),
            )
            for listener in self._listeners:
                listener(entry)
        return entry

    def keep(
        self,
        name: str,
        content: Json,
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
        kept = self.vault.keep(
            self.incident,
            name,
            content,
            about=about,
            source=source,
            collected={"start": time_text(started or end), "end": time_text(end)},
            requests=list(requests),
            by=self.by,
        )
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
                "collected": {"start": time_text(started or end), "end": time_text(end)},
                "requests": list(requests),
            },
            run=run,
            step=step,
        )
        return kept

    def entries(self) -> list[Entry]:
        """The journal so far."""
        return self.journal.entries(self.incident)
