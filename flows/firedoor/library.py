"""Where runbooks, playbooks and scenarios are: one folder of each kind is in force.

In this order: the folder that FIREDOOR_RUNBOOKS or FIREDOOR_PLAYBOOKS names; `./runbooks` or
`./playbooks` of the current folder when there are some in it; those that firedoor ships. A folder
is in force as a whole, so that the policy of a run is one folder with one digest and not a mixture.
Scenarios are in `exercises` below the playbooks.
"""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import firedoor
from firedoor.actions.registry import registry
from firedoor.errors import BadInput, CheckFailed, NotFound
from firedoor.program import Program, compile_program
from firedoor.programs import key_of, recalled, remember
from firedoor.response_plan import ResponsePlan, load_plan
from firedoor.rulefiles import SUFFIXES, is_playbook, runbooks_in
from firedoor.runbook import Runbook
from firedoor.scalars import meant
from firedoor.yamlio import shown

PLAN = "plan.yaml"


@dataclass(frozen=True)
class Folder:
    """A folder in force. `origin`: `environment`, `here` (the current folder) or `shipped`."""

    path: Path
    origin: str


class Library:
    """The runbooks, playbooks and scenarios in force, found once and read when asked for."""

    def __init__(self, runbooks: Folder, playbooks: Folder) -> None:
        self.runbook_folder = runbooks
        self.playbook_folder = playbooks
        self._loaded: dict[str, Runbook] = {}

    @classmethod
    def open(cls, start: Path | None = None) -> Library:
        """The library as seen from a folder (the current one by default)."""
        here = start if start is not None else Path.cwd()
        return cls(
            _in_force("FIREDOOR_RUNBOOKS", here / "runbooks", _has_runbooks),
            _in_force("FIREDOOR_PLAYBOOKS", here / "playbooks", _has_playbooks),
        )

    @cached_property
    def _runbooks(self) -> Mapping[str, Path]:
        return runbooks_in(self.runbook_folder.path)

    def runbooks(self) -> Mapping[str, Path]:
        """The files of all runbooks by name."""
        return self._runbooks

    def runbook(self, name: str) -> Path:
        """The file of a runbook; NotFound says what there is."""
        return _one(name, self.runbooks(), "runbook", self.runbook_folder)

    def load(self, name: str) -> Runbook:
        """A checked runbook; CheckFailed lists what is wrong with it."""
        from firedoor.check.files import load  # lazy: what is kept was checked when it was made

        if name not in self._loaded:
            path = self.runbook(name)
            book = load(path, runbooks=self.runbooks())
            if book.runbook != name:
                raise CheckFailed(
                    f"the file is called {path.name}, but the runbook in it {book.runbook!r};"
                    " give both the same name",
                    where=shown(path),
                )
            self._loaded[name] = book
        return self._loaded[name]

    def program(self, name: str) -> Program:
        """The program of a runbook: itself and all that it may call, checked.

        Kept in the home once it is made, so that a cold shell need not check it anew; but not with
        plug-ins in it, which may be others by then.
        """
        actions = registry()
        key = key_of(name, self.digest())
        known = recalled(key, Program)
        if known is None:
            from firedoor.check.evidence_first import needs  # lazy: see `load`

            self.runbook(name)
            known = compile_program(name, self.load, needs=lambda book: needs(book, actions))
            used = (step.action for book in known.runbooks.values() for step in book.all_steps())
            if all(actions.ours(action) for action in used if action):
                remember(key, known)
        return known

    def playbooks(self) -> Mapping[str, Path]:
        """The playbook files (Markdown with front matter) by name."""
        return {
            path.stem: path
            for path in sorted(self.playbook_folder.path.glob("*.md"))
            if is_playbook(path)
        }

    def plan(self) -> Path | None:
        """The file `plan.yaml`: accounts, people, what is protected; None when there is none."""
        path = self.playbook_folder.path / PLAN
        return path if path.is_file() else None

    def rules(self) -> ResponsePlan:
        """What the plan says; what is safe where there is none. Kept as programs are."""
        if self.plan() is None:
            return ResponsePlan()
        key = key_of(PLAN, self.digest())
        known = recalled(key, ResponsePlan)
        if known is None:
            known = load_plan(self)
            remember(key, known)
        return known

    def scenarios(self) -> Mapping[str, Path]:
        """The scenario files by name."""
        return runbooks_in(self.playbook_folder.path / "exercises")

    def scenario(self, name: str) -> Path:
        """The file of a scenario; NotFound says what there is."""
        return _one(name, self.scenarios(), "scenario", self.playbook_folder)

    def files(self) -> list[Path]:
        """Every file that `firedoor check` looks at: runbooks, plan, playbooks, scenarios."""
        plan = self.plan()
        return [
            *self.runbooks().values(),
            *([plan] if plan else []),
            *self.playbooks().values(),
            *self.scenarios().values(),
        ]

    def policy(self) -> dict[str, str]:
        """Which rules are in force: both folders, and a SHA-256 over all their files."""
        return {
            "runbooks": str(self.runbook_folder.path),
            "playbooks": str(self.playbook_folder.path),
            "digest": self.digest(),
        }

    def digest(self) -> str:
        """SHA-256 over the names and contents of what rules a run: runbooks, plan, playbooks."""
        plan = self.plan()
        total = hashlib.sha256()
        for kind, files in (
            ("runbooks", self.runbooks().values()),
            ("playbooks", [*([plan] if plan else []), *self.playbooks().values()]),
        ):
            for path in sorted(files):
                total.update(f"{kind}/{path.name}\0{_hash(path)}\n".encode())
        return total.hexdigest()

    def writable_by_others(self) -> list[Path]:
        """What others than the owner (and root) could change: folders, files, folders above.

        A run that changes AWS refuses rules that somebody else can write to. Empty: nobody can.
        """
        found: dict[Path, None] = {}
        for folder in (self.runbook_folder.path, self.playbook_folder.path):
            resolved = folder.resolve()
            for path in (*resolved.parents, resolved, *self._rules(resolved)):
                if _writable_by_others(path):
                    found[path] = None
        return list(found)

    @staticmethod
    def _rules(folder: Path) -> list[Path]:
        return [path for path in sorted(folder.glob("*")) if path.suffix in (*SUFFIXES, ".md")]


def shipped(kind: str) -> Path:
    """The folder of `runbooks` or `playbooks` that firedoor comes with."""
    package = Path(firedoor.__file__).resolve().parent
    bundled = package / "bundled" / kind
    # A wheel has them inside the package, a checkout beside `flows`.
    return bundled if bundled.is_dir() else package.parent.parent / kind


def _in_force(variable: str, here: Path, holds: Callable[[Path], bool]) -> Folder:
    named = os.environ.get(variable)
    if named:
        path = Path(named).expanduser()
        if not path.is_dir():
            raise BadInput(f"{variable} names a folder that is not there: {named}")
        return Folder(path.absolute(), "environment")
    if holds(here):
        return Folder(here.absolute(), "here")
    return Folder(shipped(here.name), "shipped")


_RUNBOOK_LINE = re.compile(rb"^runbook:", re.MULTILINE)


def _has_runbooks(folder: Path) -> bool:
    """Whether a folder holds runbooks of ours: other tools have runbooks too."""
    return any(_RUNBOOK_LINE.search(_content(path)) for path in runbooks_in(folder).values())


def _has_playbooks(folder: Path) -> bool:
    if (folder / PLAN).is_file():
        return True
    return any(is_playbook(path) for path in folder.glob("*.md"))


def _hash(path: Path) -> str:
    """SHA-256 of a file: taken once for each state of it, which nobody can go back to unseen."""
    try:
        found = path.stat()
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", where=shown(path)) from None
    return _hashed(path, found.st_ctime_ns, found.st_ino, found.st_size)


@lru_cache(maxsize=1024)
def _hashed(path: Path, changed: int, number: int, size: int) -> str:
    return hashlib.sha256(_content(path)).hexdigest()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", where=shown(path)) from None


def _one(name: str, files: Mapping[str, Path], what: str, folder: Folder) -> Path:
    if name in files:
        return files[name]
    hint = meant(name, files)
    if (
        folder.origin != "shipped"
        and what == "runbook"
        and name in runbooks_in(shipped("runbooks"))
    ):
        hint = (
            f"; firedoor ships one, but the folder {shown(folder.path)} is in force:"
            f" copy it there, or set FIREDOOR_RUNBOOKS={shipped('runbooks')}"
        )
    raise NotFound(f"no {what} {name!r} in {shown(folder.path)}{hint}")


def _writable_by_others(path: Path) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    if found.st_uid not in (0, os.geteuid()):
        return True
    mode = found.st_mode
    # In a folder with the sticky bit (/tmp) others can add files, but replace none of ours.
    if stat.S_ISDIR(mode) and mode & stat.S_ISVTX:
        return False
    by_group = bool(mode & stat.S_IWGRP) and not _own_group(found.st_gid)
    return by_group or bool(mode & stat.S_IWOTH)


def _own_group(number: int) -> bool:
    """Whether a group is one user's alone, which many systems make for each (umask 002)."""
    if number == 0:
        return True
    try:
        group, user = grp.getgrgid(number), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return user.pw_gid == number and set(group.gr_mem) <= {user.pw_name}
