"""Reads that do not depend on each other, side by side; a refused one does not stop the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from firedoor.errors import AwsError, NoCredentials

WORKERS = 8


def side_by_side(
    reads: Mapping[str, Callable[[], Any]],
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What each read found, by its name, and (name, why) of those that AWS refused or failed.

    NoCredentials is raised: with them nothing can be read.
    """
    found: dict[str, Any] = {}
    refused: list[tuple[str, str]] = []
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        asked = {
            # With this context of ours, so that their request ids count as this step's.
            name: pool.submit(copy_context().run, read)
            for name, read in reads.items()
        }
        for name, answer in asked.items():
            try:
                found[name] = answer.result()
            except NoCredentials:
                raise
            except AwsError as error:
                refused.append((name, error.message))
    return found, refused
