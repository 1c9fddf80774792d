"""The worlds of all mutating actions."""

from __future__ import annotations

from tests.actions import worlds
from tests.actions.put_back_worlds import PUT_BACK_WORLDS
from tests.actions.s3.worlds import S3_WORLDS
from tests.actions.worlds import World

WORLDS: tuple[World, ...] = (*worlds.WORLDS, *S3_WORLDS, *PUT_BACK_WORLDS)
