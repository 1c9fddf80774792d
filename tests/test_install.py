"""A fresh install, from pyproject.toml alone and without the locked set, starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIMIT_SECONDS = 280

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a program of a new environment, in an empty folder with an empty home."""
    base = tmp_path_factory.mktemp("fresh")
    # Built from a copy: a build must not leave anything in the checkout.
    source = base / "source"
    names = ("pyproject.toml", "README.md", "LICENSE", "flows", "runbooks", "playbooks")
    for name in names:
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            source.mkdir(exist_ok=True)
            shutil.copy(place, source / name)
    environment = base / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    pip = [str(environment / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, f"{source}[exercise]"],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    home = base / "home"
    home.mkdir()
    variables = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("FIREDOOR_", "PREFECT_", "AWS_", "PYTHON"))
    }

    def run(program: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(environment / "bin" / program), *words],
            cwd=home,
            env={**variables, "HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_SECONDS,
        )

    return run


@pytest.mark.slow
def test_the_command_line_starts_with_what_is_shipped(fresh: Run) -> None:
    listed = fresh("firedoor", "list", "runbooks")
    checked = fresh("firedoor", "check")

    assert (listed.returncode, "compromised-credentials" in listed.stdout) == (0, True)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.slow
def test_prefect_s_server_can_be_imported(fresh: Run) -> None:
    # With fastapi 0.151 and later it cannot: that is why fastapi is bounded.
    done = fresh("python", "-c", "import prefect, prefect.server.api.server")

    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
def test_a_drill_is_played_without_a_checkout(fresh: Run) -> None:
    done = fresh("firedoor", "drill", "leaked-access-key", "--break-glass", "--json")

    assert done.returncode == 0, done.stderr[-2000:]
