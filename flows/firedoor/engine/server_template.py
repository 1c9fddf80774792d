"""The prepared, empty database that every embedded Prefect server starts from. Imports no Prefect.

Migrating an empty database takes Prefect 5 to 25 s; it is done once for a version of Prefect, and
the file (1.3 MB) is copied from then on.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from firedoor.engine.server_settings import for_server
from firedoor.errors import PrefectUnavailable

PREPARE_SECONDS = 300.0


def template(on_progress: Callable[[str], None] = lambda _: None) -> Path:
    """The prepared, empty database of this version of Prefect; made when it is not there."""
    folder = _folder()
    path = folder / f"prefect-{version('prefect')}.db"
    if path.exists():
        return path
    with (folder / ".lock").open("a") as lock:
        # Another process may be preparing it just now.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            on_progress("preparing Prefect's database (once, up to half a minute)")
            _prepare(folder / ".preparing", path)
    return path


def copy_in_place(source: Path, target: Path) -> None:
    """Copy a file so that the target is there whole or not at all."""
    draft = target.with_name(f".{os.getpid()}.db")
    shutil.copyfile(source, draft)
    draft.chmod(0o600)
    try:
        # Never over a database that another process has begun to use meanwhile.
        target.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _prepare(folder: Path, path: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    draft = folder / "draft.db"
    try:
        done = subprocess.run(
            [sys.executable, "-m", "firedoor.engine.server_app", "prepare"],
            env=for_server(folder, draft, ""),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=PREPARE_SECONDS,
        )
        if done.returncode != 0 or not draft.exists():
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise PrefectUnavailable(f"its database could not be prepared: {' '.join(last)}")
        draft.replace(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    """Beside the installed packages, where it is shared; else in the user's cache."""
    for folder in (
        Path(sys.prefix) / "share" / "firedoor",
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "firedoor",
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise PrefectUnavailable("there is no folder to prepare its database in")
