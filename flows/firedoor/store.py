"""The store: one database per home, through SQLAlchemy: PostgreSQL for several machines, or SQLite.

The journals of a home's own SQLite file are spoken to without it (`firedoor.ledger`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from firedoor.errors import BadInput, StoreUnavailable
from firedoor.ledger import BUSY_SECONDS, FILE, Collided, Row, Statements

metadata = MetaData()

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("prefix", String(10), nullable=False),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Index("incidents_numbered", "prefix", "year", "number", unique=True),
)

entries = Table(
    "entries",
    metadata,
    Column("incident", String(40), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String(40), nullable=False),
    Column("wall", String(40), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("by", String(200), nullable=False),
    Column("run", String(200)),
    Column("step", String(200)),
    Column("data", Text, nullable=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("entries_by_kind", "kind", "at"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("at", String(40), nullable=False),
    Column("door", String(20), nullable=False),
    Column("sender", String(300), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(10), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("incident", String(40)),
    Column("why", Text, nullable=False),
    Index("inbox_open", "state", "rank", "id"),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", String(40), nullable=False),
    Column("door", String(20), nullable=False),
    Column("remote", String(100), nullable=False),
    Column("sender", String(300), nullable=False),
    Column("code", Integer, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("why", Text, nullable=False),
    Column("key", String(64), nullable=False),
)

subjects = Table(
    "subjects",
    metadata,
    Column("subject", String(400), primary_key=True),
    Column("incident", String(40), primary_key=True),
    Column("at", String(40), nullable=False),
    Index("subjects_by_incident", "incident"),
)

letters = Table(
    "slack_letters",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("incident", String(40), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", String(40), nullable=False),
    Column("state", String(10), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("doubtful", Integer, nullable=False),
    Column("not_before", String(40), nullable=False),
    Column("token", String(64), nullable=False, unique=True),
    Column("ts", String(40), nullable=False),
    Column("why", Text, nullable=False),
    Index("slack_letters_open", "state", "incident", "id"),
)

rooms = Table(
    "slack_rooms",
    metadata,
    Column("incident", String(40), primary_key=True),
    Column("channel", String(40), nullable=False),
    Column("name", String(100), nullable=False),
    Column("read", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Index("slack_rooms_by_channel", "channel"),
)


class Store:
    """An open database. `shared`: it is not the home's own file, other machines may write to it."""

    def __init__(self, engine: Engine, home: Path, *, shared: bool = False) -> None:
        self.engine = engine
        self.home = home
        self.shared = shared

    @classmethod
    def open(cls, home: Path, url: str | None = None) -> Store:
        """Open the home's store, made when it is not there; StoreUnavailable says why not."""
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            if url is None:
                path = home / FILE
                fresh = not path.exists()
                path.touch(mode=0o600)
                engine = _sqlite(f"sqlite:///{path}")
            else:
                fresh = True
                engine = _sqlite(url) if url.startswith("sqlite") else create_engine(url)
            if fresh:
                metadata.create_all(engine)
        except ArgumentError as error:
            raise BadInput(f"FIREDOOR_DATABASE_URL is not a database URL: {error}") from None
        except (OSError, SQLAlchemyError) as error:
            raise StoreUnavailable(
                f"the store in {home} cannot be opened: {first_line(error)}"
            ) from None
        return cls(engine, home, shared=url is not None and not url.startswith("sqlite"))

    def need(self, *wanted: Table) -> None:
        """Make tables that a store of an older firedoor does not have yet."""
        with self._guarded("written"):
            metadata.create_all(self.engine, tables=wanted)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; on disk when the block ends."""
        with self._guarded("written"), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads."""
        with self._guarded("read"), self.engine.connect() as connection:
            yield connection.execution_options(reading=True)

    @contextmanager
    def entering(self) -> Iterator[Statements]:
        """See `firedoor.ledger.Ledger`."""
        with self.writing() as connection:
            yield _Text(connection)

    @contextmanager
    def looking(self) -> Iterator[Statements]:
        """See `firedoor.ledger.Ledger`."""
        with self.reading() as connection:
            yield _Text(connection)

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Whether no other machine is in such a block for `name`; PostgreSQL's advisory lock.

        Where one machine alone writes to the store it is always True.
        """
        if not self.shared or self.engine.dialect.name != "postgresql":
            yield True
            return
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        with self._guarded("locked"):
            connection = self.engine.connect()
            got = connection.execute(select(func.pg_try_advisory_lock(key))).scalar()
        try:
            yield bool(got)
        finally:
            # The lock is the session's: it must not go back into the pool with it.
            connection.invalidate()
            connection.close()

    @contextmanager
    def _guarded(self, what: str) -> Iterator[None]:
        try:
            yield
        except IntegrityError as error:
            raise Collided(f"the store in {self.home}: {first_line(error)}") from None
        except SQLAlchemyError as error:
            raise StoreUnavailable(
                f"the store in {self.home} cannot be {what}: {first_line(error)}"
            ) from None

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


class _Text:
    """Statements of one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, given: Mapping[str, Any]) -> list[Row]:
        found = self._connection.execute(text(statement), dict(given))
        return [tuple(row) for row in found] if found.returns_rows else []


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # We begin transactions ourselves: the driver would begin a deferred one.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def first_line(error: Exception) -> str:
    """The first line of an error, without the address of documentation that follows."""
    return (str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__])[0]
