"""Which changes are meant by a step's name: `deny`, `r2/deny`, `r1.spread.0/deny`, `spread`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from firedoor.chain import Entry
from firedoor.errors import BadInput, NotFound


def named(entries: Sequence[Entry], names: Collection[str]) -> set[str]:
    """The places (`r1/deny`) of the steps with these names, whether their changes stand or not.

    A name without its run means the step of the incident's own runs; where only runs inside those
    have it, it has to be theirs alone: BadInput when several do. NotFound when nobody has it.
    """
    places = list(
        dict.fromkeys(
            (entry.run or "", entry.step or "")
            for entry in entries
            if entry.kind == "step.intended"
        )
    )
    found: set[str] = set()
    for name in names:
        found |= {f"{run}/{step}" for run, step in _one(places, name)}
    return found


def _one(places: Sequence[tuple[str, str]], name: str) -> list[tuple[str, str]]:
    run, slash, step = name.rpartition("/")
    if slash:
        meant = [place for place in places if place[0] == run and _is(place[1], step)]
        meant += [place for place in places if _inside(place[0], f"{run}.{step}")]
    else:
        meant = [place for place in places if "." not in place[0] and _is(place[1], step)]
        meant += [place for place in places if _inside(place[0].partition(".")[2], step)]
        if not meant:
            meant = [place for place in places if _is(place[1], step)]
            runs = sorted({each for each, _ in meant})
            if len(runs) > 1:
                told = ", ".join(f"{each}/{step}" for each in runs)
                raise BadInput(f"several runs have a step {step!r}: say which one, {told}")
    if not meant:
        known = ", ".join(dict.fromkeys(f"{each}/{step}" for each, step in places)) or "none"
        raise NotFound(f"no step {name!r} that changed anything; there are: {known}")
    return meant


def _is(step: str, name: str) -> bool:
    """Whether a step is the one that is named, or an item of the loop that is."""
    return step == name or step.startswith(f"{name}.")


def _inside(run: str, name: str) -> bool:
    """Whether a run (or the rest of its id) is that of a called runbook, or one inside it."""
    return run == name or run.startswith(f"{name}.")
