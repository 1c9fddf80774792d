"""The state that undo needs holds no secrets: it lies in the journal as it was."""

from __future__ import annotations

import msgspec
import pytest

from firedoor.masking import masked
from tests.actions.all_worlds import WORLDS
from tests.actions.conftest import Doors
from tests.actions.worlds import World
from tests.simulator.conftest import Bench


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.id)
def test_no_state_before_and_no_change_is_altered_by_masking(
    world: World, bench: Bench, door: Doors
) -> None:
    at = door(world.action, **world.prepare(bench, "ci-deployer"))

    told = msgspec.to_builtins([at.observe(), at.changes()])

    assert masked(told) == told
