"""Checks one step: what it runs, what it is given, when, for what, and who has to agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import inspect

from firedoor.check.known import Known, Parameter, Signature
from firedoor.check.names import Names, UnusableName
from firedoor.check.outline import Place
from firedoor.check.sorts import ANYTHING, Sort, sort_of
from firedoor.check.texts import condition, text_template
from firedoor.check.values import Values
from firedoor.errors import Problem
from firedoor.references import path_of
from firedoor.scalars import meant
from firedoor.shapes import BAD
from firedoor.yamlio import Document, Path_

DOES = ("action", "runbook", "parallel")
DEFAULT_APPROVER = "responder"


@dataclass
class StepCheck:
    """The check of one step; `given` is its `with:` with literals as their types want them."""

    document: Document
    place: Place
    names: Names
    known: Known

    def __post_init__(self) -> None:
        self.problems: list[Problem] = []
        self.given: dict[str, Any] = {}

    def run(self) -> None:
        """Find everything."""
        raw = self.place.raw
        for key in ("id", "phase"):
            if key not in raw:
                self._say((), f"{key!r} is missing")
        does = [key for key in DOES if key in raw]
        if not does:
            self._say((), "a step needs one of action, runbook or parallel")
        elif len(does) > 1:
            self._say((does[1],), f"a step has either {does[0]} or {does[1]}", at="key")
        signature = self._signature()
        self._when()
        item = self._loop()
        self._with(signature, item)
        self._texts()
        self._approval(signature)

    def _say(self, key: Path_, message: str, *, at: Literal["key", "value"] = "value") -> None:
        self.problems.append(self.document.problem((*self.place.path, *key), message, at=at))

    def _at(self, path: Path_, message: str) -> None:
        self.problems.append(self.document.problem(path, message))

    def _signature(self) -> Signature | None:
        step = self.place.step
        if step.action:
            found = self.known.action(step.action)
            if found is None:
                hint = meant(step.action, self.known.actions, listed=False)
                self._say(("action",), f"no action {step.action!r}{hint}")
            return found
        if not step.runbook:
            return None
        found = self.known.runbook(step.runbook)
        if found is None:
            names = self.known.runbook_names()
            if step.runbook in names or step.runbook in self.known.runbooks:
                self._say(("runbook",), f"the runbook {step.runbook!r} has errors of its own")
            else:
                self._say(("runbook",), f"no runbook {step.runbook!r}{meant(step.runbook, names)}")
        return found

    def _when(self) -> None:
        text = self.place.step.when
        if text is None:
            return
        path = (*self.place.path, "when")
        expression, problems = condition(self.document, path, text, self.names)
        self.problems += problems
        self.names = self.names.given(expression)

    def _loop(self) -> Sort | None:
        """The sort of a loop's items; None when the step is no loop."""
        raw, step = self.place.raw, self.place.step
        if "for_each" not in raw:
            for key in ("as", "limit"):
                if key in raw:
                    self._say((key,), f"{key!r} goes with for_each, which is not here", at="key")
            return None
        for key, why in (
            ("limit", "more items than that are asked about"),
            ("as", "the name of one item"),
        ):
            if key not in raw:
                self._say(("for_each",), f"for_each needs {key!r}: {why}", at="key")
        path = path_of(step.for_each)
        if path is None:
            if isinstance(raw["for_each"], str) and raw["for_each"]:
                self._say(
                    ("for_each",), "for_each wants a reference to a list, such as $who.groups"
                )
            return ANYTHING
        try:
            found = self.names.sort(path)
        except UnusableName as error:
            self._say(("for_each",), str(error))
            return ANYTHING
        unsure = self.names.unsure(path[0])
        if unsure:
            self._say(("for_each",), f"{unsure}; guard this step with 'when: {path[0]}'")
        if found.item is None:
            self._say(("for_each",), f"{step.for_each} is {found}; for_each wants a list")
            return ANYTHING
        return found.item

    def _with(self, signature: Signature | None, item: Sort | None) -> None:
        given = self.place.raw.get("with", {})
        if not isinstance(given, dict):
            return
        names = self.names
        variable = self.place.raw.get("as")
        if item is not None and isinstance(variable, str):
            names = names.with_item(variable, item)
        for key, value in given.items():
            parameter = signature.takes.get(key) if signature else None
            if signature and parameter is None:
                hint = meant(key, signature.takes) or "; it takes nothing"
                self._say(("with", key), f"{signature.said} takes no {key!r}{hint}", at="key")
            wanted = parameter or Parameter(key, inspect.AnyType(), False)
            values = Values(self.document, names)
            made = values.given(
                value, wanted.wanted, (*self.place.path, "with", key), required=wanted.required
            )
            self.problems += values.problems
            if made is not BAD:
                self.given[key] = made
        if signature:
            self._missing(signature, given)

    def _missing(self, signature: Signature, given: dict[str, Any]) -> None:
        key: Path_ = ("with",) if "with" in self.place.raw else (_does(self.place),)
        for name, parameter in signature.takes.items():
            if parameter.required and name not in given:
                about = f": {parameter.about}" if parameter.about else ""
                sort = sort_of(parameter.wanted)
                self._say(key, f"{signature.said} needs {name!r} ({sort}{about})", at="key")
        if signature.one_of and not set(signature.one_of) & given.keys():
            self._say(key, f"{signature.said} needs {' or '.join(signature.one_of)}", at="key")

    def _texts(self) -> None:
        step = self.place.step
        texts: list[tuple[Path_, str]] = [((*self.place.path, "title"), step.title)]
        if step.approve:
            texts.append(((*self.place.approve, "ask"), step.approve.ask))
        for path, text in texts:
            self.problems += text_template(self.document, path, text, self.names)

    def _approval(self, signature: Signature | None) -> None:
        step, roles = self.place.step, self.known.roles
        asked = step.approve is not None or bool(signature and signature.mutating)
        if self.place.last:
            if signature and signature.mutating:
                key = _does(self.place)
                message = f"{signature.said} changes things; nobody can approve that in finally:"
                self._say((key,), message)
            elif step.approve:
                self._say(("approve",), "nobody can approve a step in finally:", at="key")
            return
        if roles is None or not asked:
            return
        by = step.approve.by if step.approve else DEFAULT_APPROVER
        path = (
            (*self.place.approve, "by") if step.approve else (*self.place.path, _does(self.place))
        )
        quorum = step.approve.quorum if step.approve else 1
        if by not in roles:
            self._at(path, f"nobody can approve this: no role {by!r}{meant(by, roles)}")
        elif roles[by] < quorum:
            message = f"nobody can approve this: {quorum} have to agree, {roles[by]} have the role"
            self._at(path, f"{message} {by!r}")


def _does(place: Place) -> str:
    return next((key for key in DOES if key in place.raw), "id")


def group_problems(document: Document, path: Path_, raw: dict[str, Any]) -> Iterator[Problem]:
    """What is wrong with a `parallel` group itself, its steps apart."""
    for key in raw:
        if key not in ("parallel", "title", "approve"):
            message = f"a parallel group takes no {key!r}; put it on its steps"
            yield document.problem((*path, key), message, at="key")
    group = raw["parallel"]
    if path[0] == "finally":
        message = "finally: runs its steps one after the other; it takes no parallel group"
        yield document.problem((*path, "parallel"), message, at="key")
    if group == []:
        yield document.problem((*path, "parallel"), "a parallel group needs steps")
    for index, each in enumerate(group if isinstance(group, list) else []):
        if isinstance(each, dict) and "parallel" in each:
            inner = (*path, "parallel", index, "parallel")
            yield document.problem(inner, "a parallel group cannot hold another", at="key")
