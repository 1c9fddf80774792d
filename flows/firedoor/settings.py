"""Where things live, from the environment: every setting of ours is `FIREDOOR_*`."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """The state folder: FIREDOOR_HOME, or ~/.firedoor."""
    return Path(os.environ.get("FIREDOOR_HOME") or Path.home() / ".firedoor").expanduser()


def database_url() -> str | None:
    """FIREDOOR_DATABASE_URL: an SQLAlchemy URL; None means SQLite in the home."""
    return os.environ.get("FIREDOOR_DATABASE_URL") or None


def vault(base: Path) -> Path:
    """FIREDOOR_VAULT: the evidence folder; the home's `vault` by default."""
    return Path(os.environ.get("FIREDOOR_VAULT") or base / "vault").expanduser()
