"""`show`: what a runbook, an action, a playbook or a scenario is, for people and for tools."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click
import msgspec

from firedoor.cli.terminal import columns, json_option, print_json
from firedoor.errors import BadInput, CheckFailed, NotFound
from firedoor.library import Library
from firedoor.mermaid import mermaid
from firedoor.reference import fields_of, notes_of
from firedoor.runbook import Runbook
from firedoor.scalars import meant

if TYPE_CHECKING:
    from firedoor.actions.contract import Action
    from firedoor.playbook import Match


WHAT = ("runbook", "action", "playbook", "scenario")


@click.command("show")
@click.argument("name", metavar="[KIND/]NAME")
@click.option("--graph", is_flag=True, help="Print a runbook's steps as a Mermaid graph.")
@json_option
def show_command(name: str, graph: bool, as_json: bool) -> None:
    """What a runbook, an action, a playbook or a scenario is.

    Where several have one name, it is the first of these; playbook/NAME means the other. Of a
    scenario only what those who will play it may know.
    """
    library = Library.open()
    found = _named(name, library)
    kind, name = found[0]
    if graph and kind != "runbook":
        raise BadInput(f"--graph draws runbooks, and {name!r} is {_article(kind)}")
    if graph:
        drawn = mermaid(library.load(name))
        print_json({"name": name, "mermaid": drawn}) if as_json else print(drawn)
        return
    shown = {
        "runbook": _show_runbook,
        "action": _show_action,
        "playbook": _show_playbook,
        "scenario": _show_scenario,
    }
    shown[kind](name, library, as_json)
    if not as_json:
        for other, _ in found[1:]:
            print(f"\nThere is {_article(other)} of this name too: firedoor show {other}/{name}")


def _named(said: str, library: Library) -> list[tuple[str, str]]:
    """What has this name: kind and name, in the order of `WHAT`; NotFound when nothing has."""
    from firedoor.actions.registry import registry

    asked, slash, rest = said.partition("/")
    kinds, name = ((asked,), rest) if slash and asked in WHAT else (WHAT, said)
    there: dict[str, Callable[[], Iterable[str]]] = {
        "runbook": library.runbooks,
        "action": registry,
        "playbook": library.playbooks,
        "scenario": library.scenarios,
    }
    known = {kind: list(there[kind]()) for kind in kinds}
    found = [(kind, name) for kind in kinds if name in known[kind]]
    if not found:
        names = sorted({each for names in known.values() for each in names})
        words = " or ".join(", ".join(kinds).rsplit(", ", 1))
        raise NotFound(f"no {words} {name!r}{meant(name, names, listed=False)}")
    return found


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _show_runbook(name: str, library: Library, as_json: bool) -> None:
    book = library.load(name)
    told = _shown(book, library)
    if as_json:
        print_json(told)
        return
    print(f"{book.runbook}: {book.title}\n\n{book.summary.strip()}\n")
    if book.attack:
        print(f"ATT&CK       {', '.join(book.attack)}")
    print("Inputs")
    rows = [
        (key, each["type"], _need(each) + each["about"]) for key, each in told["inputs"].items()
    ]
    print(columns(rows))
    print("Steps")
    marks = [
        ("~" if each["changes"] else " ", each["id"], each["phase"], each["does"], each["note"])
        for each in told["steps"]
    ]
    print(columns(marks))
    print("  (~ changes something)")
    left = [(each["id"], each["irreversible"]) for each in told["steps"] if each["irreversible"]]
    if left:
        print(f"Cannot be undone\n{columns(left)}")
    print(f"Permissions\n{columns([(each,) for each in told['permissions']])}")


def _show_playbook(name: str, library: Library, as_json: bool) -> None:
    from firedoor.cli.route import duty_said
    from firedoor.findings.model import LABELS
    from firedoor.playbook import shape_playbook
    from firedoor.yamlio import load_front_matter

    path = library.playbooks()[name]
    document, prose = load_front_matter(path)
    book, problems = shape_playbook(document)
    if book is None:
        raise CheckFailed.of(problems)
    if as_json:
        duties = {label: msgspec.to_builtins(book.duties(label)) for label in LABELS}
        print_json(msgspec.to_builtins(book) | {"people": duties, "path": str(path)})
        return
    print(f"{book.playbook}: {book.title}\n\nRunbook      {book.runbook}\nFindings")
    print(columns([(each.type, _narrowed(each)) for each in book.findings]))
    if book.unasked:
        print("Unasked, in mode act")
        print(columns([(label, ", ".join(steps)) for label, steps in book.unasked.items()]))
    print(f"Approve      {', '.join(book.approve)}\nPeople, at severity critical")
    print(columns([(duty_said(each),) for each in book.duties("critical")]))
    if book.over_when:
        print(f"It is over when\n{columns([(each,) for each in book.over_when])}")
    print(f"\n{prose.strip()}")


def _narrowed(entry: Match) -> str:
    """What else has to hold for an entry of a playbook."""
    said = [
        f"{name} {', '.join(values)}"
        for name, values in (
            ("from", entry.sources),
            ("credentials of", entry.principals),
            ("about", entry.resources),
        )
        if values
    ]
    said += ["nothing else in it"] if entry.alone else []
    return "; ".join([*said, *([f"counts as {entry.severity}"] if entry.severity else [])])


def _show_scenario(name: str, library: Library, as_json: bool) -> None:
    """What players may know beforehand; everything else would tell them what is coming."""
    from firedoor.scenario import load_scenario

    scenario = load_scenario(library.scenarios()[name])
    about = scenario.metadata
    cast = {role: part.need for role, part in scenario.cast.items()}
    told = {
        "name": name,
        "title": about.title,
        "version": about.version,
        "minutes": about.minutes,
        "cast": cast,
        "speed": scenario.modes.live.speed,
        "fail_below": scenario.modes.ci.fail_below,
    }
    if as_json:
        print_json(told)
        return
    print(f"{name}: {about.title}\n\nMinutes      {about.minutes}\nCast")
    print(columns([(role, str(need)) for role, need in cast.items()]))
    print(
        f"\nPlay it by script: firedoor drill {name}. What happens in it is not shown: whoever "
        "plays it would know."
    )


def _show_action(name: str, library: Library, as_json: bool) -> None:
    from firedoor.actions.registry import registry

    action = registry()[name]
    if as_json:
        print_json(_action_told(action))
        return
    print(f"{name}\n\n{action.about}\n")
    if action.irreversible:
        print(f"Cannot be undone: {action.irreversible}")
    if action.reopens.why:
        print(f"Undo keeps shut: {action.reopens.why}")
    for title, struct in (("Takes", action.Input), ("Yields", action.Output)):
        rows = list(fields_of(struct)) if struct else []
        if rows:
            print(f"{title}\n{columns(rows)}")
    print("Permissions")
    print(columns([(grant.action, grant.resource, grant.why) for grant in action.permissions]))
    used = [
        book
        for book in library.runbooks()
        if any(step.action == name for step in library.load(book).all_steps())
    ]
    print(f"Used by      {', '.join(used) or 'no runbook'}")


def _action_told(action: Action) -> dict[str, Any]:
    return {
        "name": action.name,
        "title": action.summary,
        "changes": action.mutating,
        "reversible": not action.irreversible,
        "irreversible": action.irreversible,
        "reopens": bool(action.reopens.why),
        "permissions": [grant.action for grant in action.permissions],
        "grants": [
            {"action": grant.action, "resource": grant.resource, "condition": grant.condition}
            for grant in action.permissions
        ],
        "inputs": {name: kind for name, kind, _ in fields_of(action.Input)},
        "outputs": {name: kind for name, kind, _ in fields_of(action.Output)}
        if action.Output
        else {},
        "about": action.about,
        "example": dict(action.example),
    }


def _need(spec: dict[str, Any]) -> str:
    if spec["default"] is not None:
        return f"(default {spec['default']}) "
    return "" if spec["required"] else "(optional) "


def _shown(book: Runbook, library: Library) -> dict[str, Any]:
    from firedoor.actions.registry import registry

    actions = registry()
    steps = []
    # With those of the runbooks that it calls.
    grants = {
        grant.action
        for each in library.program(book.runbook).runbooks.values()
        for step in each.all_steps()
        if step.action
        for grant in actions[step.action].permissions
    }
    for step in book.all_steps():
        action = actions.get(step.action or "")
        steps.append(
            {
                "id": step.id,
                "title": step.title or (action.summary if action else ""),
                "phase": step.phase.value if step.phase else "",
                "does": step.action or f"runbook {step.runbook}",
                "changes": bool(step.runbook) or bool(action and action.mutating),
                "note": notes_of(step),
                "irreversible": action.irreversible if action else "",
                "reopens": action.reopens.why if action else "",
            }
        )
    return {
        "name": book.runbook,
        "title": book.title,
        "summary": book.summary,
        "attack": list(book.attack),
        "inputs": {
            key: {
                "type": spec.type,
                "required": spec.required and spec.default is None,
                "default": spec.default,
                "about": spec.about,
            }
            for key, spec in book.inputs.items()
        },
        "one_of": list(book.one_of),
        "steps": steps,
        "permissions": sorted(grants),
    }
