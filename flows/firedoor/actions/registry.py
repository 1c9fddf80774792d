"""Finds the actions: every module below `firedoor.actions`, and entry points `firedoor.actions`."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

import msgspec

import firedoor.actions as package
from firedoor.actions.contract import NEVER, Action, Given, Output
from firedoor.errors import BadInput

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "firedoor.actions"
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class Registry(Mapping[str, Action]):
    """All actions by name; a module is imported when its action is asked for, since a run needs a
    few of them and must not wait for the rest."""

    def __init__(self) -> None:
        self._names = _shipped()
        self._read: dict[str, Action] = {}

    @cached_property
    def _points(self) -> Mapping[str, EntryPoint]:
        """The plug-ins: looked for when an action is not one of ours, or all are listed."""
        from importlib.metadata import entry_points  # lazy: as long as several actions

        points = {entry.name: entry for entry in entry_points(group=GROUP)}
        both = next((name for name in points if name in self._names), None)
        if both:
            raise BadInput(f"the plug-in action {both!r} has the name of one of firedoor's own")
        return points

    def __getitem__(self, name: str) -> Action:
        if name not in self._read:
            if name in self._names:
                module = importlib.import_module(f"{package.__name__}.{name}")
            elif name in self._points:
                module = self._points[name].load()
            else:
                raise KeyError(name)
            self._read[name] = read(name, module)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._names, *sorted(self._points)])

    def __len__(self) -> int:
        return len(self._names) + len(self._points)

    def __contains__(self, name: object) -> bool:
        return name in self._names or name in self._points

    def ours(self, name: str) -> bool:
        """Whether an action is shipped with firedoor itself, and no plug-in's."""
        return name in self._names


@cache
def registry() -> Registry:
    """The actions of this installation."""
    return Registry()


def _shipped() -> dict[str, None]:
    """The names of our own actions, in order, without importing any."""
    found: list[str] = []
    for folder in map(Path, package.__path__):
        found += [
            f"{path.parent.name}.{path.stem}"
            for path in folder.glob("*/*.py")
            if not path.name.startswith("_") and not path.parent.name.startswith("_")
        ]
    return dict.fromkeys(sorted(found))


def read(name: str, module: ModuleType) -> Action:
    """The module as an Action; BadInput says what is missing from the contract."""
    about = inspect.getdoc(module) or ""
    mutating = hasattr(module, "apply")
    wanted = ["Input", "observe", "PERMISSIONS", "EXAMPLE"]
    wanted += ["changes", "verify"] if mutating else ["Output"]
    missing = [part for part in wanted if not hasattr(module, part)]
    if not about:
        missing.insert(0, "docstring")
    if missing:
        raise BadInput(f"action {name!r} lacks {', '.join(missing)}", where=module.__file__)
    return Action(
        name=name,
        module=module,
        summary=about.splitlines()[0],
        about=about,
        Input=_struct(name, module, "Input", Given),
        Output=_struct(name, module, "Output", Output) if hasattr(module, "Output") else None,
        permissions=tuple(module.PERMISSIONS),
        example=dict(module.EXAMPLE),
        irreversible=getattr(module, "IRREVERSIBLE", ""),
        reopens=getattr(module, "REOPENS", NEVER),
        destroys=tuple(getattr(module, "DESTROYS", ())),
        keeps=tuple(getattr(module, "KEEPS", ())),
        observe=module.observe,
        changes=getattr(module, "changes", None),
        apply=getattr(module, "apply", None),
        verify=getattr(module, "verify", None),
        output=getattr(module, "output", None),
        commands=getattr(module, "commands", None),
    )


def _struct(name: str, module: ModuleType, part: str, base: type[_Struct]) -> type[_Struct]:
    found = getattr(module, part)
    if not (isinstance(found, type) and issubclass(found, base)):
        raise BadInput(f"action {name!r}: {part} is not a {base.__name__}", where=module.__file__)
    return found
