"""Plays a drill scenario against simulated AWS: `flows/exercise.py:exercise`."""

from typing import Any

from firedoor.engine.deployed import exercise_flow


def _play(scenario: str, **options: Any) -> Any:
    # Lazy: deploying needs no simulator, which is an extra.
    from firedoor.exercise.drill import play

    return play(scenario, **options)


exercise = exercise_flow(_play)

__all__ = ["exercise"]
