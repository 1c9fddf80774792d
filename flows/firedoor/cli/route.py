"""`route`: which playbook and runbook a finding goes to, and what at most would run unasked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firedoor.cli.terminal import clean, json_option, print_json
from firedoor.errors import BadInput
from firedoor.kinds import mask_key_id

if TYPE_CHECKING:
    from rich.console import Console

    from firedoor.duties import Duty
    from firedoor.finding import Finding
    from firedoor.routing import Route

MAX_BYTES = 4 * 1024 * 1024


@click.command("route")
@click.argument("file", metavar="FILE|-")
@json_option
def route_command(file: str, as_json: bool) -> None:
    """Which playbook and runbook a finding goes to, and why. Reads no AWS.

    Exit 0: routed, or ignored for a stated reason; 1: no playbook takes it; 2: not a finding.
    """
    from firedoor.routing import route_json

    routes = [routed for _, _, routed in read_findings(file)]
    if as_json:
        told = [route_json(each) for each in routes]
        print_json(told[0] if len(told) == 1 else told)
    else:
        for each in routes:
            print(plain_route(each))
    sys.exit(0 if all(each.runbook or each.ignored for each in routes) else 1)


def read_findings(file: str) -> Iterator[tuple[Any, Finding, Route]]:
    """The findings in a file (or stdin) with their routes; BadInput when it cannot be read."""
    from firedoor.finding import parse
    from firedoor.library import Library
    from firedoor.routing import route

    raw = _read(file)
    library = Library.open()
    for finding in parse(raw):
        yield finding.raw, finding, route(finding, library)


def _read(file: str) -> bytes:
    try:
        if file == "-":
            raw = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(file).open("rb") as opened:
                raw = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", where=file) from None
    if len(raw) > MAX_BYTES:
        raise BadInput("larger than 4 MiB: no finding is", where=file)
    return raw


def plain_route(routed: Route) -> str:
    """A route as plain text: names and values from outside without control characters, key ids
    masked."""
    finding = routed.finding
    rows = [
        ("Finding", finding.type),
        ("Where", f"{finding.account or 'no account'} {finding.region or 'no Region'}"),
        ("Severity", f"{routed.severity} ({finding.source} says {finding.severity:g})"),
    ]
    if routed.ignored:
        rows.append(("Ignored", routed.ignored))
    if routed.runbook:
        given = " ".join(f"{key}={value}" for key, value in routed.inputs.items())
        would = "would be " if routed.ignored else ""
        rows.append(("Playbook", f"{would}{routed.playbook}"))
        rows.append(("Runbook", f"{would}{routed.runbook} {given}"))
        rows.append(("Why", routed.why))
        unasked = [f"{each.step} ({each.action} on {each.target})" for each in routed.unasked]
        rows.append(("Unasked", ", ".join(unasked) or "nothing"))
        rows += [("People", duty_said(each)) for each in routed.people]
        rows += [("Over when", each) for each in routed.over_when]
    elif not routed.ignored:
        rows.append(("No route", routed.why))
    return "\n".join(f"{head:<9} {_shown(said)}" for head, said in rows)


def duty_said(duty: Duty) -> str:
    """One thing that people do: who, what, by when and only when."""
    who = ", ".join(duty.who)
    within = f" (within {duty.within})" if duty.within else ""
    when = f", when: {duty.when}" if duty.when else ""
    return f"{f'{who}: ' if who else ''}{duty.what}{within}{when}"


def _shown(said: str) -> str:
    return mask_key_id("".join(each if each.isprintable() else "�" for each in said))


def show_route(shown: Console, routed: Route) -> None:
    """A route on the terminal."""
    for line in plain_route(routed).splitlines():
        shown.print(f"[head]{line[:9]}[/] {clean(line[10:])}", soft_wrap=True)
