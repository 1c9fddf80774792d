"""What the tests of Prefect share: a look into the database of an embedded server."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from firedoor.engine.server_settings import database_of


class Seen:
    """The database of a home's Prefect server, read as it is."""

    def __init__(self, home: Path) -> None:
        self._path = database_of(home)

    def rows(self, sql: str, *given: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as database:
            return database.execute(sql, given).fetchall()

    def flow_runs(self) -> dict[str, tuple[str, str]]:
        """Flow runs by name: (type, name) of their state."""
        found = self.rows("select name, state_type, state_name from flow_run")
        return {name: (kind, state) for name, kind, state in found}

    def states(self, flow_run: str) -> list[str]:
        """The names of the states a flow run went through, in order."""
        return [
            name
            for (name,) in self.rows(
                "select s.name from flow_run_state s join flow_run f on f.id = s.flow_run_id"
                " where f.name = ? order by s.timestamp",
                flow_run,
            )
        ]

    def task_runs(self, flow_run: str) -> list[tuple[str, str, int]]:
        """(name, state's name, how often it ran) of a flow run's task runs, in order."""
        return self.rows(
            "select t.name, t.state_name, t.run_count from task_run t"
            " join flow_run f on f.id = t.flow_run_id where f.name = ? order by t.created",
            flow_run,
        )

    def tags(self, table: str, name: str) -> set[str]:
        """The tags of a flow run or task run."""
        return set(json.loads(self.rows(f"select tags from {table} where name = ?", name)[0][0]))
