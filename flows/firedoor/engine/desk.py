"""A desk: everything one incident's work needs, opened once and used by every run of it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from firedoor import settings
from firedoor.actions.contract import Action, Aws, Case
from firedoor.actions.registry import registry
from firedoor.approval import Nobody, People
from firedoor.chain import Entry
from firedoor.engine.door import whoami
from firedoor.engine.gate import Gate
from firedoor.engine.merging import merge
from firedoor.engine.reach import at_home, renamed
from firedoor.engine.recorder import Listener, Recorder
from firedoor.engine.spool import Spool
from firedoor.errors import StoreUnavailable
from firedoor.evidence import Vault
from firedoor.keyring import house_key
from firedoor.kinds import parse_time
from firedoor.ledger import Ledger, LocalLedger, Unopened
from firedoor.library import Library
from firedoor.response_plan import ResponsePlan
from firedoor.runbook import Json

if TYPE_CHECKING:
    from firedoor.journal import Journal


@dataclass(frozen=True)
class Office:
    """The state of one home: journal and vault, and in break-glass the spool behind them."""

    home: Path
    journal: Journal
    vault: Vault
    spool: Spool | None = None

    @classmethod
    def open(cls, home: Path | None = None, *, break_glass: bool = False) -> Office:
        """The office of FIREDOOR_HOME; made when it is not there. What was spooled is merged.

        The settings of the store and the vault are about the home itself: drills and exercises,
        which have homes of their own in it, keep all they have in there.
        """
        from firedoor.journal import Journal  # lazy: commands that only check need none

        base = home or settings.home()
        own = base == settings.home()
        try:
            store = open_ledger(base, settings.database_url() if own else None)
        except StoreUnavailable as error:
            if not break_glass:
                raise
            store = Unopened(base, error)
        journal = Journal(store)
        vault = Vault(settings.vault(base) if own else base / "vault")
        spool = Spool.of(base)
        # Not yet possible is no error: what the command needs will say what is wrong.
        with contextlib.suppress(StoreUnavailable):
            merge(journal, vault, spool)
        return cls(base, journal, vault, spool if break_glass else None)

    def known(self, incident: str) -> list[Entry]:
        """The entries of an incident, also where they lie in the spool alone."""
        if self.spool is None or not self.spool.holds(incident):
            return self.journal.entries(incident)
        return self.spool.behind(self.journal.remembered(incident), incident)


@dataclass(frozen=True)
class Desk:
    """One incident at work: where it writes, which AWS it speaks to, who can be asked.

    `plan` is what people agreed beforehand: who has which role, what is protected. `shared`: the
    process works for several people, so AWS's principal says nothing of whoever answers. `gate`:
    what steps go through one by one; whoever ends the process shuts it first. `under_way`: the
    sub-runbooks at work, by runbook and inputs, and as which run. `turn`: one question at a time.
    """

    recorder: Recorder
    aws: Aws
    target: Mapping[str, str]
    people: People = field(default_factory=Nobody)
    actions: Mapping[str, Action] = field(default_factory=registry)
    plan: ResponsePlan = field(default_factory=ResponsePlan)
    shared: bool = False
    gate: Gate = field(default_factory=Gate)
    under_way: dict[tuple[str, str], str] = field(default_factory=dict)
    turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def incident(self) -> str:
        """The incident's id."""
        return self.recorder.incident

    def case(self) -> Case:
        """The incident as actions see it."""
        return Case(
            incident=self.incident,
            account=self.aws.account,
            now=self.aws.now(),
            partition=self.aws.partition,
            changed=last_change(self.recorder.entries()),
            write_report=self.write_report,
        )

    def write_report(self) -> str:
        """Write the report of the incident so far; its path."""
        from firedoor.engine.reporting import write_report

        return str(write_report(self.recorder, self.recorder.journal.home))


def open_ledger(home: Path, url: str | None) -> Ledger:
    """The ledger of a home: its own file, or the database that FIREDOOR_DATABASE_URL names."""
    if url is None:
        return LocalLedger.open(home)
    from firedoor.store import Store  # lazy: SQLAlchemy takes as long as all the rest

    return Store.open(home, url)


def last_change(entries: Sequence[Entry]) -> datetime | None:
    """When the last change of an incident was made; None when nothing was changed."""
    for entry in reversed(entries):
        if entry.kind == "step.receipt":
            return parse_time(entry.at)
    return None


def open_desk(
    office: Office,
    aws: Aws,
    target: Mapping[str, str],
    *,
    incident: str,
    people: People | None = None,
    listeners: Sequence[Listener] = (),
    by: str | None = None,
) -> Desk:
    """A desk for an incident that is in the journal. In another account, AWS's session is named
    after the incident."""
    aws = renamed(aws, incident)
    recorder = Recorder(
        office.journal,
        office.vault,
        incident,
        now=aws.now,
        by=by or whoami(),
        listeners=listeners,
        spool=office.spool,
        house=house_key(
            settings.vault_key(),
            at_home(aws),
            [office.home, *([office.spool.folder] if office.spool else [])],
            spare=office.spool is not None,
        ),
    )
    return Desk(
        recorder=recorder,
        aws=aws,
        target=target,
        people=people or Nobody(),
        plan=Library.open().rules(),
    )


def opened(
    office: Office,
    aws: Aws,
    target: Mapping[str, str],
    *,
    title: str,
    severity: str,
    prefix: str = "INC",
    policy: Mapping[str, Json] | None = None,
    by: str | None = None,
    **more: Json,
) -> str:
    """Open an incident; its id. The world and the target stand in its first entry."""
    data: dict[str, Json] = {
        "title": title,
        "severity": severity,
        "world": target.get("world", "aws"),
        "target": dict(target),
        "status": "open",
        "policy": msgspec.to_builtins(policy or {}),
        **more,
    }
    who = by or whoami()
    try:
        return office.journal.open_incident(prefix, at=aws.now(), by=who, **data)
    except StoreUnavailable:
        if office.spool is None:
            raise
        return office.spool.open_incident(prefix, at=aws.now(), by=who, **data)
