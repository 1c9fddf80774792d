"""The environment in which the embedded Prefect server and its client run. Imports no Prefect."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

QUIET = {
    # Our server speaks plain HTTP on loopback; a TLS context for each client costs 50 ms.
    "PREFECT_API_TLS_INSECURE_SKIP_VERIFY": "true",
    # A server that hangs or is gone is given up on within seconds, not minutes.
    "PREFECT_API_REQUEST_TIMEOUT": "10",
    "PREFECT_CLIENT_MAX_RETRIES": "1",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
}
"""For server and client: no telemetry, no prompt, and no log lines between ours: the journal is the
record."""


def prefect_home(home: Path) -> Path:
    """Prefect's own folder, inside ours: a user's ~/.prefect is not touched."""
    return home / "prefect"


def database_of(home: Path) -> Path:
    """The database of a home's server; one for each version of Prefect, since none is migrated.

    What an older one showed stays in its file: the record of an incident is the journal.
    """
    return prefect_home(home) / f"prefect-{version('prefect')}.db"


def for_server(home: Path, database: Path, auth: str) -> dict[str, str]:
    """The environment of the server process. The database is prepared, so nothing is migrated."""
    return {
        **_without_prefect(),
        **QUIET,
        "PREFECT_HOME": str(prefect_home(home)),
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{database}",
        "PREFECT_API_DATABASE_MIGRATE_ON_START": "false",
        "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
        "PREFECT_SERVER_API_AUTH_STRING": auth,
    }


def for_client(home: Path, api_url: str, auth: str) -> dict[str, str]:
    """What a process that runs flows adds to its environment."""
    return {
        **QUIET,
        "PREFECT_HOME": str(prefect_home(home)),
        "PREFECT_API_URL": api_url,
        "PREFECT_API_AUTH_STRING": auth,
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    }


def _without_prefect() -> dict[str, str]:
    """This process's environment without settings of some other Prefect."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
