"""What a runbook is checked against: the actions, the other runbooks, the roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import inspect

from firedoor.actions.contract import Action
from firedoor.check.names import Meaning, UnusableName
from firedoor.check.outline import Place, looped, names_after, outline
from firedoor.check.sorts import ANYTHING, Sort, made_of, sort_of, type_of_kind
from firedoor.errors import FiredoorError
from firedoor.references import path_of
from firedoor.shapes import type_of
from firedoor.yamlio import Document, load


@dataclass(frozen=True)
class Parameter:
    """What `with:` may give: a field of an action's Input or a runbook's input."""

    name: str
    wanted: inspect.Type
    required: bool
    about: str = ""


@dataclass(frozen=True)
class Signature:
    """What is known of something that a step runs: what it takes, what it yields.

    `one_of`: at least one of these has to be given.
    """

    said: str
    takes: Mapping[str, Parameter]
    yields: Sort
    mutating: bool
    one_of: tuple[str, ...] = ()


@dataclass
class Known:
    """The surroundings of a check; documents of other runbooks are read once.

    `runbooks` maps names to files. `roles` maps roles to the number of people that have them; None
    when they are not known, which nothing is said about then.
    """

    actions: Mapping[str, Action]
    runbooks: Mapping[str, Path] = field(default_factory=dict)
    roles: Mapping[str, int] | None = None
    _documents: dict[str, Document | None] = field(default_factory=dict)
    _signatures: dict[str, Signature] = field(default_factory=dict)

    def add(self, document: Document) -> None:
        """Make a document known under the name it gives itself, so that it can call itself."""
        name = _name_of(document)
        if name:
            self._documents[name] = document
            self._signatures.pop(name, None)

    def runbook_names(self) -> set[str]:
        """The names of all runbooks."""
        return set(self.runbooks) | {name for name, found in self._documents.items() if found}

    def document(self, name: str) -> Document | None:
        """A runbook's document; None when it cannot be read (its own check says why)."""
        if name not in self._documents:
            try:
                self._documents[name] = load(self.runbooks[name])
            except (FiredoorError, KeyError):
                self._documents[name] = None
        return self._documents[name]

    def action(self, name: str) -> Signature | None:
        """The signature of an action; None when there is none of that name."""
        action = self.actions.get(name)
        if action is None:
            return None
        struct: Any = type_of(action.Input)
        takes = {
            each.encode_name: Parameter(
                each.encode_name, each.type, each.required, _about(each.type)
            )
            for each in struct.fields
        }
        yields = _yields(action.Output) if action.Output else made_of({})
        return Signature(name, takes, yields, action.mutating)

    def runbook(self, name: str) -> Signature | None:
        """The signature of a runbook; None when it is not there or cannot be read."""
        if name in self._signatures:
            return self._signatures[name]
        document = self.document(name)
        if document is None or not document.root:
            return None
        # A runbook that calls itself meets this unfinished signature: its outputs go everywhere.
        takes = _inputs(document)
        one_of: Any = document.root.get("one_of")
        listed = tuple(map(str, one_of)) if isinstance(one_of, list) else ()
        said = f"runbook {name!r}"
        self._signatures[name] = Signature(said, takes, ANYTHING, False, listed)
        places = outline(document)
        found = Signature(
            said, takes, self._outputs(document, places), self._mutates(places), listed
        )
        self._signatures[name] = found
        return found

    def signature(self, place: Place) -> Signature | None:
        """The signature of what a step runs; None when that is not known."""
        if place.step.action:
            return self.action(place.step.action)
        return self.runbook(place.step.runbook) if place.step.runbook else None

    def yields(self, place: Place) -> Meaning:
        """What a step's name stands for in later steps."""
        signature = self.signature(place)
        sort = signature.yields if signature else ANYTHING
        said = signature.said if signature else repr(place.name)
        return Meaning(looped(sort, place), said, place.condition)

    def _mutates(self, places: list[Place]) -> bool:
        signatures = [self.signature(place) for place in places]
        return any(each.mutating for each in signatures if each)

    def _outputs(self, document: Document, places: list[Place]) -> Sort:
        outputs = document.root.get("outputs")
        names = names_after(document, places, self.yields)
        sorts = {}
        for name, text in (outputs if isinstance(outputs, dict) else {}).items():
            path = path_of(text)
            try:
                sorts[name] = names.sort(path) if path else ANYTHING
            except UnusableName:
                sorts[name] = ANYTHING
        return made_of(sorts)


def _yields(output: type[Any]) -> Sort:
    sort = sort_of(type_of(output))
    # What an action keeps as evidence goes to the vault, not to later steps.
    kept = {name: sort.attribute(name) or ANYTHING for name in sort.known() if name != "keep"}
    return Sort(sort.core, attributes=kept)


def _name_of(document: Document) -> str:
    found = document.root.get("runbook")
    return found if isinstance(found, str) else ""


def _inputs(document: Document) -> dict[str, Parameter]:
    declared = document.root.get("inputs")
    takes = {}
    for name, spec in (declared if isinstance(declared, dict) else {}).items():
        text = spec.get("type") if isinstance(spec, dict) else None
        wanted = type_of_kind(text) if isinstance(text, str) else None
        needed = isinstance(spec, dict) and not (
            spec.get("required") == "false" or "default" in spec
        )
        about = spec.get("about", "") if isinstance(spec, dict) else ""
        takes[name] = Parameter(name, wanted or inspect.AnyType(), needed, str(about))
    return takes


def _about(wanted: inspect.Type) -> str:
    if isinstance(wanted, inspect.Metadata):
        return str((wanted.extra_json_schema or {}).get("description", ""))
    return ""
