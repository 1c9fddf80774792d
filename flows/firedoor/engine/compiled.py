"""Compiles a program to a Prefect flow: async, with a signature that Prefect shows as a form.

What the flow does is its `body`'s business; here is what it looks like: its name, its words, and
its typed parameters, which Prefect checks before a run and writes into a deployment's schema.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from prefect import Flow
from pydantic import Field

from firedoor.kinds import KINDS, parse_kind
from firedoor.program import Program
from firedoor.runbook import Input, Json

Body = Callable[[dict[str, Json]], Awaitable[Any]]
"""Gets the inputs that were given (none that is None)."""

_BASES: Mapping[str, Any] = {"string": str, "integer": int, "boolean": bool}


def compiled(program: Program, body: Body) -> Flow[..., Any]:
    """The flow of a program's main runbook. Prefect passes its parameters by keyword."""
    book = program.main
    parameters = [parameter(name, spec) for name, spec in book.inputs.items()]
    words = f"{book.title}\n\n{book.summary}"
    if book.one_of:
        words += f"\n\nOne of {' or '.join(book.one_of)} is needed."
    return typed_flow(program.name, words, parameters, body, version=program.digest[:12])


def typed_flow(
    name: str, words: str, parameters: list[inspect.Parameter], body: Body, *, version: str
) -> Flow[..., Any]:
    """A flow around `body` with these parameters."""

    async def run(**given: Json) -> Any:
        return await body({key: value for key, value in given.items() if value is not None})

    # Prefect reads these when the flow is made: they have to be there before.
    run.__name__ = run.__qualname__ = name.replace("-", "_")
    run.__doc__ = words
    run.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": Any}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return Flow(run, name=name, description=words, version=version, persist_result=False, retries=0)


def parameter(name: str, spec: Input) -> inspect.Parameter:
    """A runbook's input as a parameter: required where the file says so, else its default."""
    annotation, default = annotation_of(spec.type, spec.about), spec.default
    if default is None and not spec.required:
        annotation = annotation | None
    return inspect.Parameter(
        name,
        # Otherwise Prefect passes the values by position.
        inspect.Parameter.KEYWORD_ONLY,
        annotation=annotation,
        default=inspect.Parameter.empty if default is None and spec.required else default,
    )


def annotation_of(kind_text: str, about: str = "") -> Any:
    """The type of a kind (`region`, `list[region]`) as pydantic checks it and Prefect shows it."""
    parsed = parse_kind(kind_text)
    if parsed is None:
        raise ValueError(f"no kind {kind_text!r}")
    kind = KINDS[parsed[0]]
    words = " ".join(text for text in (about, kind.about) if text)
    examples = [kind.example] if kind.example else None
    one = _BASES[kind.base]
    if parsed[1]:
        item = Annotated[one, Field(pattern=kind.pattern)] if kind.pattern else one
        return Annotated[list[item], Field(description=words)]  # type: ignore[valid-type]
    return Annotated[one, Field(pattern=kind.pattern, description=words, examples=examples)]
