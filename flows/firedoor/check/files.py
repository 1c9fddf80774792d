"""Checks files of every kind, and loads runbooks that have no mistakes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from firedoor.actions.contract import Action
from firedoor.actions.registry import registry
from firedoor.check.known import Known
from firedoor.check.playbooks import check_plan, check_playbook
from firedoor.check.runbooks import check_runbook
from firedoor.errors import CheckFailed, FiredoorError, Problem
from firedoor.rulefiles import SUFFIXES, is_playbook, runbooks_in
from firedoor.runbook import Runbook
from firedoor.yamlio import Document, shown
from firedoor.yamlio import load as load_document
from firedoor.yamltree import MAX_BYTES

PLAN = "plan.yaml"


def load(
    path: Path,
    *,
    actions: Mapping[str, Action] | None = None,
    runbooks: Mapping[str, Path] | None = None,
) -> Runbook:
    """A runbook that has no mistakes; CheckFailed lists all that it has.

    `runbooks` are those that it may call; without them those beside it.
    """
    beside = runbooks if runbooks is not None else runbooks_in(path.parent)
    known = Known(registry() if actions is None else actions, beside)
    book, problems = check_runbook(load_document(path), known)
    if book is None:
        raise CheckFailed.of(problems)
    return book


def files_in(paths: Iterable[Path]) -> list[Path]:
    """The files to check: those named, and those of ours in folders that are named."""
    found: dict[Path, None] = {}
    for path in paths:
        if not path.is_dir():
            found[path] = None
            continue
        for each in sorted(path.rglob("*")):
            hidden = any(part.startswith(".") for part in each.relative_to(path).parts)
            if each.is_file() and not hidden and _is_ours(each):
                found[each] = None
    return list(found)


_OWN_FOLDERS = ("runbooks", "playbooks", "exercises")
_OWN_LINE = re.compile(rb"^(runbook:|apiVersion: *exercise/)", re.MULTILINE)
_PLAYBOOK_LINE = re.compile(rb"^playbook:", re.MULTILINE)


def _is_ours(path: Path) -> bool:
    """Whether a file in a folder is to be checked: `firedoor check .` meets other tools' YAML."""
    if path.suffix not in SUFFIXES and not is_playbook(path):
        return False
    if path.absolute().parent.name in _OWN_FOLDERS:
        return True
    try:
        with path.open("rb") as file:
            line = _PLAYBOOK_LINE if path.suffix == ".md" else _OWN_LINE
            return bool(line.search(file.read(MAX_BYTES)))
    except OSError:
        return True


def check_paths(
    paths: Sequence[Path],
    *,
    runbooks: Mapping[str, Path] | None = None,
    roles: Mapping[str, int] | None = None,
    actions: Mapping[str, Action] | None = None,
) -> list[Problem]:
    """All problems of all files, in order of file and position; [] when there are none.

    A runbook finds those that it calls in its own folder, then among `runbooks`. A file that cannot
    be read is a problem of its own. `roles`: see `Known`.
    """
    problems: list[Problem] = []
    for path in files_in(paths):
        try:
            problems += _check(path, runbooks or {}, roles, actions)
        except CheckFailed as error:
            problems += error.problems or [Problem(shown(path), 0, 0, error.message)]
        except FiredoorError as error:
            problems.append(Problem(error.where or shown(path), 0, 0, error.message))
    return sorted(set(problems))


def _check(
    path: Path,
    runbooks: Mapping[str, Path],
    roles: Mapping[str, int] | None,
    actions: Mapping[str, Action] | None,
) -> list[Problem]:
    near = {**runbooks, **runbooks_in(path.parent), **runbooks_in(path.parent.parent / "runbooks")}
    if path.suffix == ".md":
        return _check_playbook(path, Known(registry() if actions is None else actions, near))
    document = load_document(path)
    if document.root.get("kind") == "Scenario" or "apiVersion" in document.root:
        # Scenarios are looked at only when there are some: their models take a while to import.
        from firedoor.scenario import check_scenario

        return check_scenario(document)[1]
    if path.name == PLAN:
        return check_plan(document, Known(registry() if actions is None else actions, near))
    beside = {**runbooks, **runbooks_in(path.parent)}
    known = Known(registry() if actions is None else actions, beside, roles)
    return [*_named_like(path, document), *check_runbook(document, known)[1]]


def _named_like(path: Path, document: Document) -> list[Problem]:
    """In a folder of runbooks a file is found by its name, so it has to be the runbook's."""
    name = document.root.get("runbook")
    if path.absolute().parent.name != "runbooks" or not isinstance(name, str):
        return []
    if name == path.stem:
        return []
    message = f"the file is called {path.name}, so the runbook has to be called {path.stem!r}"
    return [document.problem(("runbook",), message)]


def _check_playbook(path: Path, known: Known) -> list[Problem]:
    beside = {each.stem: each for each in sorted(path.parent.glob("*.md")) if is_playbook(each)}
    return check_playbook(path, known, beside, _roles(path.parent / PLAN))


def _roles(plan: Path) -> frozenset[str] | None:
    """The roles of a plan; None when there is none, or when its own check says what is wrong."""
    if not plan.is_file():
        return None
    try:
        people = load_document(plan).root.get("people")
    except FiredoorError:
        return None
    return frozenset(people) if isinstance(people, dict) else None
