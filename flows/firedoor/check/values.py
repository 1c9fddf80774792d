"""Checks the values under `with:`: literals by their type, references by their sort."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import inspect

from firedoor.check.names import Names, UnusableName
from firedoor.check.sorts import mismatch, sort_of
from firedoor.references import path_of, wrong
from firedoor.shapes import BAD, Shaper
from firedoor.yamlio import Document, Path_, Tree


class Values(Shaper):
    """A shaper that knows references; what they stand for is checked, and they stay as written."""

    def __init__(self, document: Document, names: Names) -> None:
        super().__init__(document)
        self.names = names
        self.may_be_absent = False

    def another(self) -> Values:
        """The same names, nothing found yet."""
        fresh = Values(self.document, self.names)
        fresh.may_be_absent = self.may_be_absent
        return fresh

    def given(self, value: Tree, wanted: inspect.Type, path: Path_, *, required: bool) -> Any:
        """One value of `with:` as JSON, references as written; BAD with problems otherwise.

        What is not `required` may be absent, and so may what is referred to.
        """
        self.may_be_absent = not required
        if isinstance(value, str) and self.document.is_null(path):
            if not required:
                return None
            return self._problem(path, f"{path[-1]!r} needs a value; 'null' as text is in quotes")
        made = self.value(value, wanted, path)
        return BAD if self.problems else msgspec.to_builtins(made)

    def value(self, value: Tree, wanted: inspect.Type, path: Path_) -> Any:
        """A reference is compared with what is wanted; everything else is a literal."""
        if not isinstance(value, str):
            outer, self.may_be_absent = self.may_be_absent, False
            made = super().value(value, wanted, path)
            self.may_be_absent = outer
            return made
        mistake = wrong(value)
        if mistake:
            return self._problem(path, mistake)
        reference = path_of(value)
        if reference is not None:
            return self._reference(value, reference, wanted, path)
        if isinstance(wanted, inspect.AnyType):
            return self._untyped(value, path)
        if value.startswith("$$"):
            # Checked as what it will be, kept as it is written: a run takes the first `$` away.
            made = super().value(value[1:], wanted, path)
            return value if isinstance(made, str) else made
        return super().value(value, wanted, path)

    def _reference(
        self, text: str, reference: tuple[str, ...], wanted: inspect.Type, path: Path_
    ) -> Any:
        try:
            found = self.names.sort(reference)
        except UnusableName as error:
            return self._problem(path, str(error))
        unsure = self.names.unsure(reference[0])
        if unsure:
            return self._problem(path, f"{unsure}; {_guard(reference[:1])}")
        target = sort_of(wanted)
        different = mismatch(found, target)
        if different:
            return self._problem(path, f"{text} {different}")
        if found.optional and not (target.optional or target.anything or self.may_be_absent):
            return self._problem(path, f"{text} may be absent; {_guard(reference)}")
        return text

    def _untyped(self, text: str, path: Path_) -> Any:
        if not self.document.mark(path).plain:
            return text
        if self.document.is_null(path):
            return None
        if text in ("true", "false"):
            return text == "true"
        return int(text) if re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text) else text

    def _problem(self, path: Path_, message: str) -> Any:
        self.problems.append(self.document.problem(path, message))
        return BAD


def _guard(reference: tuple[str, ...]) -> str:
    return f"guard this step with 'when: {'.'.join(reference)}'"
