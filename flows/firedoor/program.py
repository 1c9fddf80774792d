"""A program: a checked runbook with every runbook that it can call, and a digest over all of it.

A run stores its program in the journal: resume and undo do not depend on files edited since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import msgspec

from firedoor.runbook import Runbook

MAX_DEPTH = 3
"""How deep sub-runbooks go by themselves; deeper is asked about."""


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What a step destroys, and the earlier steps of which one has to have kept it."""

    thing: str
    kept_by: tuple[str, ...]


Needs = Mapping[str, tuple[Need, ...]]
"""By step id: see `firedoor.check.evidence_first`."""


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """`runbooks[name]` is what runs; the others are what it may call.

    `needs` by runbook: the evidence without which its destructive steps are held back.
    """

    name: str
    runbooks: Mapping[str, Runbook]
    digest: str
    needs: Mapping[str, Needs] = msgspec.field(default_factory=dict)

    @property
    def main(self) -> Runbook:
        """The runbook that this program runs."""
        return self.runbooks[self.name]

    def needs_of(self, step: str) -> tuple[Need, ...]:
        """The evidence that a step of the main runbook waits for."""
        return self.needs.get(self.name, {}).get(step, ())

    def sub(self, name: str) -> Program:
        """The program of a called runbook; it shares the set and the digest."""
        return msgspec.structs.replace(self, name=name)


def compile_program(
    name: str,
    find: Callable[[str], Runbook],
    *,
    needs: Callable[[Runbook], Needs] = lambda _: {},
) -> Program:
    """The program of a runbook; `find` yields a checked runbook by name, `needs` what its
    destructive steps need to have been kept."""
    runbooks: dict[str, Runbook] = {}
    wanted = [name]
    while wanted:
        current = wanted.pop()
        if current in runbooks:
            continue
        runbooks[current] = find(current)
        wanted.extend(step.runbook for step in runbooks[current].all_steps() if step.runbook)
    ordered = {key: runbooks[key] for key in sorted(runbooks)}
    return Program(
        name=name,
        runbooks=ordered,
        digest=hashlib.sha256(canonical([name, ordered])).hexdigest(),
        needs={key: found for key, book in ordered.items() if (found := needs(book))},
    )


def canonical(value: object) -> bytes:
    """Canonical JSON (sorted keys, no spaces, UTF-8): what every digest is taken over."""
    return msgspec.json.encode(value, order="sorted")
