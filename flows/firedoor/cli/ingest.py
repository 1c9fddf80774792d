"""`ingest`: a finding, taken in by hand."""

from __future__ import annotations

import sys
from typing import Any

import click
import msgspec

from firedoor.cli.asking import Terminal
from firedoor.cli.ending import EXIT, tell_next
from firedoor.cli.options import account_option, break_glass_option, region_option
from firedoor.cli.prepared import read_program
from firedoor.cli.progress import Progress
from firedoor.cli.terminal import can_ask, console, json_option, print_json
from firedoor.engine.case import home_of
from firedoor.engine.desk import Office
from firedoor.engine.policy import policy_in_force
from firedoor.engine.running import start, warm


@click.command("ingest")
@click.argument("file", metavar="FILE|-")
@break_glass_option
@account_option
@region_option
@json_option
def ingest_command(
    file: str, break_glass: bool, account: str | None, region: str | None, as_json: bool
) -> None:
    """Take a finding in as if it had come by webhook. Nothing is changed without asking."""
    from firedoor.cli.route import read_findings, show_route  # lazy: parsers
    from firedoor.engine.intake import take_in
    from firedoor.routing import route_json

    shown = console(stderr=True)
    asks = can_ask() and not as_json
    results: list[dict[str, Any]] = []
    code = 0
    for raw, finding, routed in read_findings(file):
        if routed.ignored or not routed.runbook:
            show_route(shown, routed)
            status = "ignored" if routed.ignored else "no_route"
            results.append({"route": route_json(routed), "incident": None, "status": status})
            code = code if routed.ignored else max(code, 1)
            continue
        from firedoor.aws import connect

        if not break_glass:
            warm(home_of(""))
        program, given = read_program(routed.runbook, [], routed.inputs)
        aws = connect(
            account=account or finding.account or None, region=region or finding.region or None
        )
        desk = take_in(
            Office.open(break_glass=break_glass),
            aws,
            aws.target,
            finding,
            routed,
            raw,
            policy=policy_in_force(aws.target),
            people=Terminal(shown) if asks else None,
            listeners=(Progress(shown),),
        )
        show_route(shown, routed)
        done = start(desk, program, given, break_glass=break_glass, on_progress=Progress(shown).say)
        results.append({"route": route_json(routed), **msgspec.to_builtins(done)})
        code = max(code, EXIT.get(done.status, 3))
        if not as_json:
            tell_next(done)
    if as_json:
        print_json(results[0] if len(results) == 1 else results)
    sys.exit(code)
