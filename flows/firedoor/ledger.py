"""Where journals lie: a home's own SQLite file, spoken to plainly, or a shared store.

A journal needs two tables and a handful of statements. They are written as SQL here, so that a
command in a cold shell does without SQLAlchemy, which takes longer to import than a containment
takes; `firedoor.store` speaks the same statements to other databases. SQLite runs in WAL mode with
full synchronisation, and every writing transaction begins IMMEDIATE, so that two writers queue up
instead of failing half-way (https://sqlite.org/lang_transaction.html).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from firedoor.errors import StoreUnavailable

if TYPE_CHECKING:
    from firedoor.store import Store

BUSY_SECONDS = 30
"""How long a writer waits for another before it gives up."""

FILE = "firedoor.db"

TABLES = """
CREATE TABLE IF NOT EXISTS incidents (
  id VARCHAR(40) NOT NULL, prefix VARCHAR(10) NOT NULL, year INTEGER NOT NULL,
  number INTEGER NOT NULL, PRIMARY KEY (id)
);
CREATE UNIQUE INDEX IF NOT EXISTS incidents_numbered ON incidents (prefix, year, number);
CREATE TABLE IF NOT EXISTS entries (
  incident VARCHAR(40) NOT NULL, seq INTEGER NOT NULL, at VARCHAR(40) NOT NULL,
  wall VARCHAR(40) NOT NULL, kind VARCHAR(40) NOT NULL, "by" VARCHAR(200) NOT NULL,
  run VARCHAR(200), step VARCHAR(200), data TEXT NOT NULL, prev VARCHAR(64) NOT NULL,
  hash VARCHAR(64) NOT NULL, PRIMARY KEY (incident, seq)
);
CREATE INDEX IF NOT EXISTS entries_by_kind ON entries (kind, at);
"""
"""As `firedoor.store` makes them; a test compares the two."""

Row = tuple[Any, ...]


class Collided(StoreUnavailable):
    """Another machine has written the same entry's number first; nothing was written."""


class Statements(Protocol):
    """A transaction: SQL with `:names`, which both SQLite and SQLAlchemy read."""

    def rows(self, statement: str, given: Mapping[str, Any]) -> list[Row]:
        """Carry out a statement; the rows that it answers with."""
        ...


class Ledger(Protocol):
    """What a journal is kept in. `shared`: other machines may write to it."""

    home: Path
    shared: bool

    def entering(self) -> AbstractContextManager[Statements]:
        """A transaction that writes; on disk when the block ends."""
        ...

    def looking(self) -> AbstractContextManager[Statements]:
        """A transaction that reads."""
        ...

    def alone(self, name: str) -> AbstractContextManager[bool]:
        """Whether no other machine is in such a block for `name`."""
        ...

    def need(self, *wanted: Any) -> None:
        """Make tables of `firedoor.store`'s that are not a journal's."""
        ...

    def writing(self) -> AbstractContextManager[Any]:
        """A transaction of SQLAlchemy's that writes to them."""
        ...

    def reading(self) -> AbstractContextManager[Any]:
        """A transaction of SQLAlchemy's that reads them."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


class LocalLedger:
    """The home's own SQLite file. Safe for threads and after a fork."""

    shared = False

    def __init__(self, home: Path) -> None:
        self.home = home
        self.path = home / FILE
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._process = os.getpid()

    @classmethod
    def open(cls, home: Path) -> LocalLedger:
        """Open the home's store, made when it is not there; StoreUnavailable says why not."""
        ledger = cls(home)
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = not ledger.path.exists()
            ledger.path.touch(mode=0o600)
            if fresh:
                with ledger._using("written") as connection:
                    connection.executescript(TABLES)
        except OSError as error:
            raise StoreUnavailable(
                f"the store in {home} cannot be opened: {error.strerror}"
            ) from None
        return ledger

    @contextmanager
    def entering(self) -> Iterator[Statements]:
        """See `Ledger`."""
        with self._transaction("BEGIN IMMEDIATE", "written") as statements:
            yield statements

    @contextmanager
    def looking(self) -> Iterator[Statements]:
        """See `Ledger`."""
        with self._transaction("BEGIN", "read") as statements:
            yield statements

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """This machine alone writes to it."""
        yield True

    def need(self, *wanted: Any) -> None:
        """See `Ledger`."""
        self._store.need(*wanted)

    def writing(self) -> AbstractContextManager[Any]:
        """See `Ledger`."""
        return self._store.writing()

    def reading(self) -> AbstractContextManager[Any]:
        """See `Ledger`."""
        return self._store.reading()

    @cached_property
    def _store(self) -> Store:
        """The same file through SQLAlchemy."""
        from firedoor.store import Store  # lazy: see the module

        return Store.open(self.home)

    def close(self) -> None:
        """See `Ledger`."""
        with self._lock:
            idle, self._idle = self._idle, []
        for each in idle:
            each.close()

    @contextmanager
    def _transaction(self, begin: str, what: str) -> Iterator[Statements]:
        with self._using(what) as connection:
            connection.execute(begin)
            try:
                yield _Plain(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _using(self, what: str) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._taken()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
        except sqlite3.IntegrityError as error:
            raise Collided(f"the store in {self.home}: {error}") from None
        except sqlite3.Error as error:
            raise StoreUnavailable(f"the store in {self.home} cannot be {what}: {error}") from None
        with self._lock:
            self._idle.append(connection)

    def _taken(self) -> sqlite3.Connection:
        with self._lock:
            if self._process != os.getpid():
                # A connection must not be used on the other side of a fork.
                self._idle, self._process = [], os.getpid()
            if self._idle:
                return self._idle.pop()
        # Transactions are begun here: the driver would begin a deferred one.
        made = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            made.execute(f"PRAGMA {pragma}")
        return made


class _Plain:
    """Statements of one SQLite connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, given: Mapping[str, Any]) -> list[Row]:
        return self._connection.execute(statement, given).fetchall()


class Unopened:
    """A ledger that could not be opened: every use of it says why."""

    shared = False

    def __init__(self, home: Path, why: StoreUnavailable) -> None:
        self.home = home
        self._why = why

    def entering(self) -> AbstractContextManager[Statements]:
        """Raises StoreUnavailable."""
        raise self._why

    def looking(self) -> AbstractContextManager[Statements]:
        """Raises StoreUnavailable."""
        raise self._why

    def need(self, *wanted: Any) -> None:
        """Raises StoreUnavailable."""
        raise self._why

    def writing(self) -> AbstractContextManager[Any]:
        """Raises StoreUnavailable."""
        raise self._why

    def reading(self) -> AbstractContextManager[Any]:
        """Raises StoreUnavailable."""
        raise self._why

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """There is nothing to share."""
        yield True

    def close(self) -> None:
        """Nothing was opened."""
