"""The JSON Schema of runbooks (draft 2020-12), made from the models and the registry.

Editors complete and check with it. It says what a file may look like; what refers to what, and
whether it fits, is said by `firedoor check`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import inspect

from firedoor.actions.contract import Action
from firedoor.actions.registry import registry
from firedoor.check.sorts import sort_of
from firedoor.kinds import KINDS
from firedoor.runbook import Runbook
from firedoor.scalars import choices_of
from firedoor.shapes import type_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = {"$ref": "#/$defs/reference"}


def schema(actions: Mapping[str, Action] | None = None) -> dict[str, Any]:
    """The schema as JSON data."""
    known = registry() if actions is None else actions
    (_, components) = msgspec.json.schema_components([Runbook], ref_template="#/$defs/{name}")
    defs: dict[str, Any] = dict(components)
    runbook = defs.pop("Runbook")
    defs["Step"] = _step(defs["Step"], known)
    defs["Input"]["properties"]["type"] = _kind_name()
    defs["reference"] = {
        "type": "string",
        "pattern": r"^\$[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$",
        "description": "A reference to what an earlier step yielded, such as $who.user.",
    }
    for name in sorted(KINDS):
        defs[f"kind.{name}"] = _kind(name)
    for name in sorted(known):
        defs[f"with.{name}"] = _with(known[name])
    title = {"title": "firedoor runbook"}
    return {
        "$schema": DIALECT,
        **title,
        **_plain(runbook),
        "$defs": _plain(dict(sorted(defs.items()))),
    }


def _step(step: dict[str, Any], actions: Mapping[str, Action]) -> dict[str, Any]:
    """A step: exactly one of action, runbook, parallel; each action with what it takes."""
    step["properties"]["action"] = {
        "description": "The action that the step does.",
        "oneOf": [
            {"const": name, "description": action.summary}
            for name, action in sorted(actions.items())
        ],
    }
    step["oneOf"] = [{"required": [key]} for key in ("action", "runbook", "parallel")]
    step["if"] = {"not": {"required": ["parallel"]}}
    step["then"] = {"required": ["id", "phase"]}
    step["else"] = {"propertyNames": {"enum": ["parallel", "title", "approve"]}}
    step["dependentRequired"] = {
        "for_each": ["as", "limit"],
        "as": ["for_each"],
        "limit": ["for_each"],
    }
    step["allOf"] = [
        {
            "if": {"properties": {"action": {"const": name}}, "required": ["action"]},
            "then": _takes(name, action),
        }
        for name, action in sorted(actions.items())
    ]
    return step


def _takes(name: str, action: Action) -> dict[str, Any]:
    then: dict[str, Any] = {"properties": {"with": {"$ref": f"#/$defs/with.{name}"}}}
    struct: Any = type_of(action.Input)
    if any(field.required for field in struct.fields):
        then["required"] = ["with"]
    return then


def _with(action: Action) -> dict[str, Any]:
    struct: Any = type_of(action.Input)
    return {
        "description": action.summary,
        "type": "object",
        "properties": {field.encode_name: _value(field) for field in struct.fields},
        "required": [field.encode_name for field in struct.fields if field.required],
        "additionalProperties": False,
    }


def _value(field: inspect.Field) -> dict[str, Any]:
    wanted = _type(field.type)
    optional = not field.required or sort_of(field.type).optional
    allowed = [_REFERENCE, wanted, *([{"type": "null"}] if optional else [])]
    value: dict[str, Any] = {"anyOf": allowed}
    if field.default is not msgspec.NODEFAULT and field.default is not None:
        value["default"] = msgspec.to_builtins(field.default)
    return value


def _type(wanted: inspect.Type) -> dict[str, Any]:
    sort = sort_of(wanted)
    if sort.kind:
        return {"$ref": f"#/$defs/kind.{sort.kind}"}
    if isinstance(sort.core, inspect.CollectionType):
        return {"type": "array", "items": {"anyOf": [_REFERENCE, _type(sort.core.item_type)]}}
    choices = choices_of(sort.core)
    if choices:
        return {"enum": choices}
    if isinstance(sort.core, inspect.StructType | inspect.DictType):
        return {"type": "object"}
    return dict(_SIMPLE.get(type(sort.core), {}))


# YAML reads an unquoted 012 as a number and `no` as false; firedoor takes both as the text that
# they are where text is wanted, and an editor has to accept them too.
_TEXT = {"type": ["string", "number", "boolean"]}
_SIMPLE: dict[type[inspect.Type], dict[str, Any]] = {
    inspect.StrType: _TEXT,
    inspect.IntType: {"type": "integer"},
    inspect.BoolType: {"type": "boolean"},
    inspect.FloatType: {"type": "number"},
}


def _kind(name: str) -> dict[str, Any]:
    kind = KINDS[name]
    made: dict[str, Any] = {"description": kind.about}
    if kind.base != "string":
        made["type"] = kind.base
    else:
        made |= _TEXT if kind.pattern is None else {"type": ["string", "number"]}
        if kind.pattern:
            made["pattern"] = kind.pattern
    if kind.example:
        made["examples"] = [kind.example]
    return made


def _kind_name() -> dict[str, Any]:
    names = sorted(KINDS)
    return {
        "description": "A kind, or list[kind].",
        "anyOf": [
            {"oneOf": [{"const": name, "description": KINDS[name].about} for name in names]},
            {"enum": [f"list[{name}]" for name in names]},
        ],
    }


def _plain(value: Any) -> Any:
    """JSON data with what msgspec leaves as tuples and enum members made plain."""
    return msgspec.to_builtins(value)
