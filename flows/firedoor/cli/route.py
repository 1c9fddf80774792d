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
    """A route as plain text."""
    finding = routed.finding
    lines = [
        f"Finding   {finding['type']}  {finding['account']} {finding['region']}  "
        f"severity {routed.severity}",
    ]
    if routed.ignored:
        lines.append(f"Ignored   {routed.ignored}")
    elif not routed.runbook:
        lines.append(f"No route  {routed.why}")
    else:
        given = " ".join(f"{key}={value}" for key, value in routed.inputs.items())
        lines.append(f"Playbook  {routed.playbook}")
        lines.append(f"Runbook   {routed.runbook}  {given}")
        lines.append(f"Why       {routed.why}")
        unasked = [f"{each.step} ({each.action} on {each.target})" for each in routed.unasked]
        lines.append(f"Unasked   {', '.join(unasked) or 'nothing'}")
    return "\n".join(
        mask_key_id("".join(c if c.isprintable() else "�" for c in line)) for line in lines
    )


def show_route(shown: Console, routed: Route) -> None:
    """A route on the terminal."""
    for line in plain_route(routed).splitlines():
        head, _, rest = line.partition("  ")
        shown.print(f"[head]{head:<9}[/] {clean(rest.strip())}", soft_wrap=True)
