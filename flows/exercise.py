"""Plays a drill scenario against simulated AWS: `flows/exercise.py:exercise`."""

from firedoor.engine.deployed import exercise_flow
from firedoor.exercise.drill import play

exercise = exercise_flow(play)

__all__ = ["exercise"]
