"""The outline of a runbook: its steps with their places, and the names that each may use.

Made from the document and not from the model, so that a file with mistakes is looked at as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from firedoor.check.names import Meaning, Names
from firedoor.check.sorts import ANYTHING, TEXT, Sort, list_of, made_of, sort_of, type_of_kind
from firedoor.expressions import Expression, parse
from firedoor.findings.model import Finding
from firedoor.runbook import Step
from firedoor.shapes import salvage, type_of
from firedoor.tokens import ExpressionError
from firedoor.yamlio import Document, Path_


@dataclass(frozen=True)
class Place:
    """A step that does something. `step` lacks the parts that could not be read; `raw` has all.

    `group` is the place of the `parallel` list around it; `last` whether it stands in `finally`;
    `approve` is where its `approve:` stands, which may be the group's.
    """

    path: Path_
    raw: dict[str, Any]
    step: Step
    line: int
    group: Path_ | None
    last: bool
    approve: Path_ = ()

    @property
    def name(self) -> str:
        """Its id as written; "" when it has none."""
        found = self.raw.get("id")
        return found if isinstance(found, str) else ""

    @property
    def condition(self) -> Expression | None:
        """Its `when`, when it has one that can be read."""
        try:
            return parse(self.step.when) if self.step.when else None
        except ExpressionError:
            return None


def entries(document: Document) -> Iterator[tuple[Path_, Any, bool]]:
    """Every entry of `steps` and `finally`: its path, what stands there, whether in `finally`."""
    for key in ("steps", "finally"):
        listed = document.root.get(key)
        for index, raw in enumerate(listed if isinstance(listed, list) else []):
            yield (key, index), raw, key == "finally"


def outline(document: Document) -> list[Place]:
    """The steps in file order, groups opened, `finally` last."""
    places: list[Place] = []
    for path, raw, last in entries(document):
        if not isinstance(raw, dict):
            continue
        group = raw.get("parallel")
        if not isinstance(group, list):
            places.append(_place(document, path, raw, None, last))
            continue
        inner = (*path, "parallel")
        shared = salvage(document, path, Step).approve if "approve" in raw else None
        for index, each in enumerate(group):
            if not isinstance(each, dict):
                continue
            place = _place(document, (*inner, index), each, inner, last)
            if shared and "approve" not in each:
                step = msgspec.structs.replace(place.step, approve=shared)
                place = replace(place, step=step, approve=(*path, "approve"))
            places.append(place)
    return places


def _place(
    document: Document, path: Path_, raw: dict[str, Any], group: Path_ | None, last: bool
) -> Place:
    line = document.mark(path).value.line
    step = salvage(document, path, Step)
    return Place(path, raw, step, line, group, last, (*path, "approve"))


def input_sorts(document: Document) -> Sort:
    """The sort of `inputs`."""
    declared: Any = document.root.get("inputs")
    sorts = {}
    for name, spec in (declared if isinstance(declared, dict) else {}).items():
        wanted = type_of_kind(spec["type"]) if _has_kind(spec) else None
        sort = sort_of(wanted) if wanted else ANYTHING
        absent = spec.get("required") == "false" and "default" not in spec if wanted else False
        sorts[name] = Sort(sort.core, sort.kind, optional=absent)
    return made_of(sorts)


def _has_kind(spec: Any) -> bool:
    return isinstance(spec, dict) and isinstance(spec.get("type"), str)


def base_names(document: Document) -> dict[str, Meaning]:
    """What every step knows: `inputs`, `run`, `finding`."""
    finding = sort_of(type_of(Finding))
    return {
        "inputs": Meaning(input_sorts(document), "this runbook"),
        "run": Meaning(made_of({"id": TEXT}), "the run"),
        "finding": Meaning(Sort(finding.core, optional=True), "the finding"),
    }


def names_at(
    place: Place, document: Document, places: Sequence[Place], yields: Callable[[Place], Meaning]
) -> Names:
    """The names that a step may use; `yields` says what another step's name stands for."""
    known = base_names(document)
    later: dict[str, int] = {}
    beside = set()
    before = True
    for other in places:
        if other.path == place.path:
            before = False
        elif place.group is not None and other.group == place.group:
            beside.add(other.name)
        elif before and other.name not in known:
            meaning = yields(other)
            # `finally` runs whatever happened before it.
            unsure = place.last and not other.last
            known[other.name] = replace(meaning, may_not_have_run=True) if unsure else meaning
        elif not before:
            later.setdefault(other.name, other.line)
    loop = {place.raw["as"]} if isinstance(place.raw.get("as"), str) else set()
    known.pop("", None)
    for name in later.keys() & known.keys():
        del later[name]
    return Names(known, later, frozenset(beside), frozenset(loop), place.name)


def names_after(
    document: Document, places: Sequence[Place], yields: Callable[[Place], Meaning]
) -> Names:
    """The names that a runbook's outputs may use: every step."""
    known = base_names(document)
    for place in places:
        if place.name:
            known.setdefault(place.name, yields(place))
    return Names(known)


def looped(sort: Sort, place: Place) -> Sort:
    """What a step's name stands for when it is run once, or for each item of a list."""
    return sort if "for_each" not in place.raw else ANYTHING if sort.anything else list_of(sort)
