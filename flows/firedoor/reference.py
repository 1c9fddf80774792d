"""The reference of runbooks and actions, in Markdown: what each does, needs, proves and leaves.

Made from the registry and the files alone, so that it says what is there; equal files give equal
pages. `make reference` writes it, a test says when it is stale.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import msgspec
from msgspec import inspect

from firedoor.actions.contract import Action, Permission
from firedoor.actions.registry import registry
from firedoor.check.sorts import sort_of
from firedoor.mermaid import mermaid
from firedoor.program import Program
from firedoor.runbook import Runbook, Step
from firedoor.shapes import type_of

RUNBOOKS = "runbooks/README.md"
ACTIONS = "flows/firedoor/actions/README.md"

PROOFS = {
    "denied": "in drills the attacker's own credentials are tried again, and are denied",
    "state": "the state is read back from AWS",
    "stubbed": "the simulator lacks the operation: tested against AWS's service model alone",
    "none": "it changes nothing, so there is nothing to prove",
}


class Shipped(Protocol):
    """What knows the files: `firedoor.library.Library`."""

    def runbooks(self) -> Mapping[str, object]: ...
    def load(self, name: str) -> Runbook: ...
    def program(self, name: str) -> Program: ...


def reference(library: Shipped, drilled: frozenset[str]) -> dict[str, str]:
    """Path → page. `drilled`: the runbooks that a scenario plays."""
    books = [library.load(name) for name in library.runbooks()]
    tried = {
        step.action
        for name in drilled
        for book in library.program(name).runbooks.values()
        for step in book.all_steps()
        if step.action and step.phase and step.phase.value == "contain"
    }
    return {
        RUNBOOKS: "\n".join(_runbooks(books, drilled)) + "\n",
        ACTIONS: "\n".join(_actions(books, tried)) + "\n",
    }


def proofs_of(action: Action, tried: bool) -> tuple[str, ...]:
    """The kinds of proof that an action has: `tried` when a scenario contains by it. An action
    whose operations the simulator lacks says `PROOF = "stubbed"`."""
    if not action.mutating:
        return ("none",)
    own = getattr(action.module, "PROOF", "state")
    return ("denied", own) if tried and own == "state" else (own,)


def permission_said(grant: Permission) -> str:
    """`iam:GetUser` on what, and only when."""
    only = f", only when {msgspec.json.encode(grant.condition).decode()}" if grant.condition else ""
    why = f" ({grant.why})" if grant.why else ""
    return f"`{grant.action}` on `{grant.resource}`{only}{why}"


def fields_of(struct: type[msgspec.Struct]) -> Iterator[tuple[str, str, str]]:
    """Name, kind and what else is to be said of each field of an action's input or output."""
    described = type_of(struct)
    assert isinstance(described, inspect.StructType)
    for each in described.fields:
        sort = sort_of(each.type)
        default = None if each.default is msgspec.NODEFAULT else each.default
        by_default = "" if default in (None, ()) else f", by default {default!r}"
        more = "" if each.required else f"optional{by_default}"
        yield each.encode_name, str(sort), more


def _runbooks(books: list[Runbook], drilled: frozenset[str]) -> Iterator[str]:
    yield "# Runbooks"
    yield ""
    yield "Made by `make reference` from the files beside it; do not edit it by hand. What an"
    yield "action does is in [the reference of actions](../flows/firedoor/actions/README.md)."
    yield ""
    yield from (f"- [{book.runbook}](#{book.runbook}): {book.title}" for book in books)
    for book in books:
        yield from ("", *_runbook(book, book.runbook in drilled))


def _runbook(book: Runbook, drilled: bool) -> Iterator[str]:
    actions = registry()
    yield from (f"## {book.runbook}", "", f"**{book.title}.** {book.summary.strip()}", "")
    if book.attack:
        yield f"- ATT&CK: {', '.join(book.attack)}"
    played = f"`firedoor drill`; {PROOFS['denied']}" if drilled else "by no scenario yet"
    yield f"- Played: {played}"
    yield ""
    if book.inputs:
        yield from ("| Input | Kind | | About |", "|---|---|---|---|")
        for name, spec in book.inputs.items():
            need = "" if spec.required and spec.default is None else "optional"
            default = f"by default {spec.default}" if spec.default is not None else need
            yield _row(f"`{name}`", spec.type, default, spec.about)
        yield ""
    yield from ("| Step | Phase | Does | | |", "|---|---|---|---|---|")
    for step in book.all_steps():
        action = actions.get(step.action or "")
        does = f"`{step.action}`" if step.action else f"runbook [{step.runbook}](#{step.runbook})"
        left = action.irreversible if action else ""
        yield _row(
            f"`{step.id}`",
            step.phase.value if step.phase else "",
            does,
            notes_of(step, "`"),
            f"cannot be undone: {left}" if left else "",
        )
    yield from ("", "```mermaid", mermaid(book), "```")


def notes_of(step: Step, mark: str = "") -> str:
    """When a step runs, for what and after whose yes; `mark` goes around what is code."""
    notes = []
    if step.when:
        notes.append(f"when {mark}{step.when}{mark}")
    if step.for_each:
        notes.append(f"for each of {mark}{step.for_each}{mark}, at most {step.limit}")
    if step.approve:
        notes.append(f"asks {step.approve.by}, within {step.approve.within}")
    return "; ".join(notes)


def _actions(books: list[Runbook], tried: set[str]) -> Iterator[str]:
    actions = {name: each for name, each in registry().items() if _is_own(each)}
    users: dict[str, list[str]] = {}
    for book in books:
        for step in book.all_steps():
            if step.action:
                users.setdefault(step.action, []).append(book.runbook)
    yield "# Actions"
    yield ""
    yield "Made by `make reference` from the modules below; do not edit it by hand. Proofs:"
    yield ""
    yield from (f"- **{kind}**: {words}." for kind, words in PROOFS.items())
    yield ""
    yield from ("| Action | | Proof | Undo |", "|---|---|---|---|")
    for name, action in actions.items():
        proof = ", ".join(proofs_of(action, name in tried))
        yield _row(f"[{name}](#{_anchor(name)})", action.summary, proof, _undo(action, short=True))
    for name, action in actions.items():
        yield from ("", *_action(action, name in tried, users.get(name, [])))


def _action(action: Action, tried: bool, users: list[str]) -> Iterator[str]:
    yield from (f"## {action.name}", "", *action.about.splitlines(), "")
    for title, struct in (("Input", action.Input), ("Output", action.Output)):
        rows = list(fields_of(struct)) if struct else []
        if rows:
            yield from (f"| {title} | Kind | |", "|---|---|---|")
            yield from (_row(f"`{name}`", kind, more) for name, kind, more in rows)
            yield ""
    yield "Permissions:"
    yield ""
    yield from (f"- {permission_said(grant)}" for grant in action.permissions)
    yield ""
    proof = ", ".join(f"{kind} ({PROOFS[kind]})" for kind in proofs_of(action, tried))
    yield f"- Proof: {proof}"
    yield f"- Undo: {_undo(action, short=False)}"
    if action.keeps:
        yield f"- Keeps: {', '.join(action.keeps)}"
    if action.destroys:
        yield f"- Destroys: {', '.join(action.destroys)}"
    used = ", ".join(dict.fromkeys(users))
    yield f"- Used by: {used or 'no shipped runbook'}"


def _undo(action: Action, *, short: bool) -> str:
    if not action.mutating:
        return "–" if short else "nothing to undo"
    if action.irreversible:
        return "no" if short else f"cannot be undone: {action.irreversible}"
    if action.reopens.why:
        return "with `--reopen`" if short else f"only with `--reopen`: {action.reopens.why}"
    return "yes" if short else "puts back exactly the state before"


def _is_own(action: Action) -> bool:
    return action.module.__name__.startswith("firedoor.actions.")


def _anchor(heading: str) -> str:
    return heading.replace(".", "").lower()


def _row(*cells: str) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"
