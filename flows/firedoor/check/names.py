"""The names that a value, a condition or a text may use at its place in a runbook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from firedoor.check.sorts import Sort
from firedoor.conditions import conjuncts, present
from firedoor.expressions import Expression, without_places
from firedoor.scalars import meant

PathOf = tuple[str, ...]


class UnusableName(Exception):
    """A name that cannot be used here; the message says why."""


@dataclass(frozen=True)
class Meaning:
    """What a name stands for; `only_if` is the condition under which it is there at all.

    `said` is what messages call it: `iam.resolve_user`, `the finding`.
    """

    sort: Sort
    said: str
    only_if: Expression | None = None
    may_not_have_run: bool = False


@dataclass(frozen=True)
class Names:
    """`known` can be used; `later`, `beside` and `inside_loop` cannot, and messages say why.

    `later` maps the ids of later steps to their lines; `beside` holds the steps of the same group.
    `holding` is the condition of the step itself, under which its values are used.
    """

    known: Mapping[str, Meaning]
    later: Mapping[str, int] = field(default_factory=dict)
    beside: frozenset[str] = frozenset()
    inside_loop: frozenset[str] = frozenset()
    own: str = ""
    holding: Expression | None = None

    def given(self, condition: Expression | None) -> Names:
        """The same names where a condition holds."""
        return replace(self, holding=condition)

    def with_item(self, name: str, sort: Sort) -> Names:
        """The same names and a loop's variable."""
        item = Meaning(sort, f"an item of {name!r}")
        return replace(self, known={**self.known, name: item}, inside_loop=frozenset())

    def sort(self, path: PathOf) -> Sort:
        """The sort of what a path yields; UnusableName says why it cannot be used."""
        known = self.known.get(path[0])
        if known is None:
            raise UnusableName(self._unknown(path[0]))
        there = present(self.holding) if self.holding else set()
        sort = known.sort
        absent = (sort.optional or bool(self.unsure(path[0]))) and path[:1] not in there
        for length in range(2, len(path) + 1):
            name = path[length - 1]
            found = sort.attribute(name)
            if found is None:
                said = known.said if length == 2 else repr(".".join(path[: length - 1]))
                raise UnusableName(_no_attribute(said, name, sort))
            absent = (absent or found.optional) and path[:length] not in there
            sort = found
        return replace(sort, optional=absent)

    def unsure(self, name: str) -> str:
        """Why a name may not be there although it is declared; "" when it is, or is guarded."""
        known = self.known.get(name)
        if known is None:
            return ""
        held = {without_places(each) for each in conjuncts(self.holding)} if self.holding else set()
        if self.holding and (name,) in present(self.holding):
            return ""
        if known.may_not_have_run:
            return f"{name!r} may not have run when finally: does"
        if known.only_if is None:
            return ""
        if {without_places(each) for each in conjuncts(known.only_if)} <= held:
            return ""
        return f"{name!r} has a 'when' and may be skipped"

    def _unknown(self, name: str) -> str:
        if name == self.own:
            return f"the step {name!r} refers to itself"
        if name in self.beside:
            return f"{name!r} runs beside this step; a reference points backwards only"
        if name in self.later:
            line = self.later[name]
            return f"{name!r} comes later (line {line}); a reference points backwards only"
        if name in self.inside_loop:
            return f"{name!r} is one item of the loop; only the values under 'with' know it"
        return f"nothing is called {name!r} here{meant(name, self.known)}"


def _no_attribute(said: str, name: str, sort: Sort) -> str:
    if sort.known():
        return f"{said} has no {name!r}{meant(name, sort.known())}"
    if sort.item is not None:
        return f"{said} is a list and has no {name!r}; use for_each, or the filter first"
    return (
        f"{said} has no {name!r}; it yields nothing"
        if sort.attributes == {}
        else (f"{said} has no {name!r}; it is {sort}")
    )
