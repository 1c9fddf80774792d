"""The time axis of the picture: stretches where nothing happens are drawn shortened.

An attack takes days and its containment seconds; on a straight axis one of them is a single dot.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

UNIT = 0.2
"""Seconds. Shorter gaps are drawn about as long as they are, longer ones by their logarithm."""


@dataclass(frozen=True)
class Scale:
    """Places in time, in seconds from the detection, and where they are drawn."""

    seconds: tuple[float, ...]
    places: tuple[float, ...]

    def x(self, second: float) -> float:
        """Where a moment is drawn; between two places in proportion."""
        after = bisect_right(self.seconds, second)
        if after == 0:
            return self.places[0]
        if after == len(self.seconds):
            return self.places[-1]
        begin, end = self.seconds[after - 1], self.seconds[after]
        share = (second - begin) / (end - begin)
        return self.places[after - 1] + share * (self.places[after] - self.places[after - 1])


def scale(seconds: Iterable[float], left: float, right: float) -> Scale:
    """The scale from `left` to `right` on which all these moments have their place."""
    known = sorted(set(seconds)) or [0.0]
    sizes = [math.log1p((later - sooner) / UNIT) for sooner, later in pairwise(known)]
    whole = sum(sizes)
    if not whole:
        return Scale((known[0],), ((left + right) / 2,))
    places = [left]
    for size in sizes:
        places.append(places[-1] + size / whole * (right - left))
    return Scale(tuple(known), tuple(places))


def ticks(axis: Scale, first: Sequence[float], apart: float) -> list[float]:
    """Moments to write on the axis, at least `apart` from each other; `first` have precedence."""
    chosen: list[float] = []
    for second in (*first, axis.seconds[0], axis.seconds[-1], *axis.seconds):
        if all(abs(axis.x(second) - axis.x(other)) >= apart for other in chosen):
            chosen.append(second)
    return sorted(chosen)
