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


def spool() -> Path:
    """Where is written what the store or the vault cannot take: FIREDOOR_SPOOL, a folder of ours in
    XDG_STATE_HOME, or one in the system's temporary folder. On another disk it is of most use."""
    named = os.environ.get("FIREDOOR_SPOOL")
    if named:
        return Path(named).expanduser()
    state = os.environ.get("XDG_STATE_HOME")
    if state:
        return Path(state) / "firedoor" / "spool"
    import tempfile  # lazy: light commands do without

    return Path(tempfile.gettempdir()) / f"firedoor-spool-{os.getuid()}"


def vault(base: Path) -> Path:
    """FIREDOOR_VAULT: the evidence folder; the home's `vault` by default."""
    return Path(os.environ.get("FIREDOOR_VAULT") or base / "vault").expanduser()


def vault_key() -> str:
    """FIREDOOR_VAULT_KEY: the ARN of a KMS key under which secrets are sealed; "": a file's."""
    return os.environ.get("FIREDOOR_VAULT_KEY") or ""
