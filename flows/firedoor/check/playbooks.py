"""Checks playbooks and the plan against the runbooks: names, kinds, what may run unasked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from firedoor.check.finding_sort import FINDING
from firedoor.check.known import Known, Parameter
from firedoor.check.outline import Place, outline
from firedoor.check.rivals import rivals
from firedoor.check.sorts import Sort, mismatch, sort_of
from firedoor.errors import Problem
from firedoor.kinds import convert
from firedoor.playbook import shape_playbook
from firedoor.references import path_of, wrong
from firedoor.response_plan import shape_plan
from firedoor.scalars import meant
from firedoor.yamlio import Document, Path_, load_front_matter


def check_playbook(
    path: Path, known: Known, beside: Mapping[str, Path], roles: frozenset[str] | None
) -> list[Problem]:
    """Everything that is wrong with a playbook; `beside`: the others of its folder, by name.

    `roles`: those of the plan beside it; None when there is no plan.
    """
    document, _ = load_front_matter(path)
    _, problems = shape_playbook(document)
    checker = _Checker(document, known)
    checker.name(path)
    checker.runbook()
    checker.inputs()
    checker.unasked()
    checker.told()
    if roles is not None:
        checker.roles(roles)
    problems += checker.problems
    problems += rivals(document, path, beside)
    return problems


def check_plan(document: Document, known: Known) -> list[Problem]:
    """Everything that is wrong with a plan."""
    problems = shape_plan(document)[1]
    listed = document.root.get("may_confirm_alone")
    for index, said in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(said, str) and "/" in said:
            problems += _step(document, ("may_confirm_alone", index), said, known, None)[1]
    return problems


class _Checker:
    """One walk over a front matter; what has the wrong shape is passed over here."""

    def __init__(self, document: Document, known: Known) -> None:
        self.document = document
        self.known = known
        self.problems: list[Problem] = []
        said = document.root.get("runbook")
        self._runbook = said if isinstance(said, str) else ""

    def name(self, path: Path) -> None:
        """The playbook is called as its file."""
        said = self.document.root.get("playbook")
        if isinstance(said, str) and said and said != path.stem:
            message = (
                f"the file is called {path.name}, so the playbook has to be called {path.stem!r}"
            )
            self._add(("playbook",), message)

    def runbook(self) -> None:
        """The runbook is there."""
        if self._runbook and self._runbook not in self.known.runbook_names():
            names = self.known.runbook_names()
            self._add(("runbook",), f"no runbook {self._runbook!r}{meant(self._runbook, names)}")

    def inputs(self) -> None:
        """The inputs are the runbook's, and what they are given is of their kind."""
        signature = self.known.runbook(self._runbook) if self._known_runbook() else None
        given = self._mapping("inputs")
        if signature is None:
            for name, said in given.items():
                self._reference(("inputs", name), said)
            return
        for name, said in given.items():
            wanted = signature.takes.get(name)
            if wanted is None:
                hint = meant(name, signature.takes)
                message = f"runbook {self._runbook!r} has no input {name!r}{hint}"
                self.problems.append(self.document.problem(("inputs", name), message, at="key"))
                self._reference(("inputs", name), said)
            else:
                self._given(("inputs", name), said, wanted)
        place = ("inputs",) if "inputs" in self.document.root else ("runbook",)
        for name, wanted in signature.takes.items():
            if wanted.required and name not in given:
                message = f"runbook {self._runbook!r} needs the input {name!r}"
                self.problems.append(self.document.problem(place, message, at="key"))
        if signature.one_of and not any(name in given for name in signature.one_of):
            message = f"runbook {self._runbook!r} needs one of {', '.join(signature.one_of)}"
            self.problems.append(self.document.problem(place, message, at="key"))

    def told(self) -> None:
        """Nobody is both told and decided not to be told."""
        tell, untold = (self.document.root.get(key) for key in ("tell", "not_told"))
        told = {each.get("whom") for _, each in _numbered(tell) if isinstance(each, dict)}
        for at, each in _numbered(untold):
            whom = each.get("whom") if isinstance(each, dict) else None
            if isinstance(whom, str) and whom in told:
                self._add(("not_told", at, "whom"), f"{whom!r} stands under 'tell' as well")

    def unasked(self) -> None:
        """What is preauthorised can be: steps of this runbook, with one thing each to change."""
        targets = self._mapping("targets")
        listed: dict[str, None] = {}
        for severity, names in self._mapping("unasked").items():
            for index, name in enumerate(names if isinstance(names, list) else []):
                if not isinstance(name, str) or "/" not in name:
                    continue
                place = ("unasked", severity, index)
                listed[name] = None
                found, problems = _step(self.document, place, name, self.known, self._runbook)
                self.problems += problems
                if found is None:
                    continue
                refused = self._not_unasked(found)
                if refused:
                    self._add(place, f"{name!r} {refused}")
                elif name not in targets:
                    self._add(place, f"'targets' does not say what {name!r} may change")
        for name, said in targets.items():
            sort = self._reference(("targets", name), said)
            step = self._place(name) if name in listed else None
            several = sort is not None and sort.item is not None
            if several and step is not None and not step.step.for_each:
                self._add(("targets", name), f"{said} is a list, and {name!r} is no loop")
            if name not in listed:
                message = f"{name!r} is not listed under 'unasked'{meant(name, listed)}"
                self.problems.append(self.document.problem(("targets", name), message, at="key"))
            elif isinstance(said, str) and not said.startswith("$finding."):
                self._add(
                    ("targets", name), "a target is a reference, such as $finding.resource.user"
                )

    def roles(self, known: frozenset[str]) -> None:
        """Each role is one of the plan's."""
        said: list[tuple[Path_, Any]] = [(("decide",), self.document.root.get("decide"))]
        approve = self.document.root.get("approve")
        said += [(("approve", at), each) for at, each in _numbered(approve)]
        for severity, names in self._mapping("notify").items():
            said += [(("notify", severity, at), each) for at, each in _numbered(names)]
        for key, field in (("escalate", "to"), ("tell", "by")):
            for at, rule in _numbered(self.document.root.get(key)):
                named = rule.get(field) if isinstance(rule, dict) else None
                several = isinstance(named, list)
                said += [
                    ((key, at, field, *((place,) if several else ())), each)
                    for place, each in _numbered(named if several else [named])
                ]
        for place, role in said:
            if isinstance(role, str) and role and role not in known:
                self._add(
                    place, f"the plan has no role {role!r} under 'people'{meant(role, known)}"
                )

    def _not_unasked(self, place: Place) -> str:
        if place.step.approve is not None:
            return "has an approve: of its own, so it always asks"
        if place.step.runbook or not place.step.action:
            return "is another runbook; only an action can run unasked"
        action = self.known.actions.get(place.step.action)
        if action is not None and not action.mutating:
            return "changes nothing: it runs in every mode and is not listed"
        return ""

    def _given(self, place: Path_, said: Any, wanted: Parameter) -> None:
        if not isinstance(said, str):
            return
        if path_of(said) is None and not wrong(said):
            kind = sort_of(wanted.wanted).kind
            try:
                convert(kind or "string", said)
            except ValueError as error:
                self._add(place, str(error))
            return
        found = self._reference(place, said)
        if found is None:
            return
        # What a finding does not say may still be required: it then goes to another playbook.
        different = mismatch(found, sort_of(wanted.wanted))
        if different:
            self._add(place, f"{said} {different}")

    def _reference(self, place: Path_, said: Any) -> Sort | None:
        """The sort of what a reference yields; None with a problem, or for a literal."""
        if not isinstance(said, str):
            return None
        mistake = wrong(said)
        if mistake:
            self._add(place, mistake)
            return None
        path = path_of(said)
        if path is None:
            return None
        if path[0] != "finding" or len(path) == 1:
            self._add(place, f"{said} is not of the finding, such as $finding.resource.user")
            return None
        sort = FINDING
        for length, name in enumerate(path[1:], start=2):
            found = sort.attribute(name)
            if found is None:
                whole = ".".join(path[: length - 1])
                there = [each for each in sort.known() if each != "raw"]
                self._add(place, f"{whole!r} has no {name!r}{meant(name, there)}")
                return None
            sort = found
        return sort

    def _place(self, name: str) -> Place | None:
        return _step(self.document, ("targets", name), name, self.known, self._runbook)[0]

    def _known_runbook(self) -> bool:
        return bool(self._runbook) and self._runbook in self.known.runbook_names()

    def _mapping(self, key: str) -> dict[str, Any]:
        found = self.document.root.get(key)
        return found if isinstance(found, dict) else {}

    def _add(self, place: Path_, message: str) -> None:
        self.problems.append(self.document.problem(place, message))


def _step(
    document: Document, place: Path_, said: str, known: Known, only: str | None
) -> tuple[Place | None, list[Problem]]:
    """The step that `runbook/step` names; `only`: it has to be of this runbook."""
    runbook, _, step = said.partition("/")
    if only and runbook != only:
        message = f"{said!r} is a step of another runbook; this playbook runs {only!r}"
        return None, [document.problem(place, message)]
    if runbook not in known.runbook_names():
        if only is not None:
            return None, []
        message = f"no runbook {runbook!r}{meant(runbook, known.runbook_names())}"
        return None, [document.problem(place, message)]
    found = known.document(runbook)
    places = {each.name: each for each in outline(found)} if found is not None else {}
    if found is None or step in places:
        return places.get(step), []
    message = f"runbook {runbook!r} has no step {step!r}{meant(step, places)}"
    return None, [document.problem(place, message)]


def _numbered(listed: Any) -> list[tuple[int, Any]]:
    return list(enumerate(listed)) if isinstance(listed, list) else []
