"""Finds the actions: every module below `firedoor.actions`, and entry points `firedoor.actions`."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType
from typing import TypeVar, get_type_hints

import msgspec

import firedoor.actions as package
from firedoor.actions.contract import NEVER, Action, Given, Output
from firedoor.errors import BadInput

_Struct = TypeVar("_Struct", bound=msgspec.Struct)


@cache
def registry() -> Mapping[str, Action]:
    """All actions by name. A broken one is an error here, not in the middle of a run."""
    found: dict[str, Action] = {}
    for service in sorted(pkgutil.iter_modules(package.__path__), key=lambda item: item.name):
        if not service.ispkg:
            continue
        parent = importlib.import_module(f"{package.__name__}.{service.name}")
        for module in sorted(pkgutil.iter_modules(parent.__path__), key=lambda item: item.name):
            if module.name.startswith("_"):
                continue
            name = f"{service.name}.{module.name}"
            found[name] = read(name, importlib.import_module(f"{parent.__name__}.{module.name}"))
    for entry in entry_points(group="firedoor.actions"):
        if entry.name in found:
            raise BadInput(
                f"the plug-in action {entry.name!r} has the name of one of firedoor's own"
            )
        found[entry.name] = read(entry.name, entry.load())
    return found


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
    get_type_hints(found)
    return found
