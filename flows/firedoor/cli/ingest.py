"""`ingest`: a finding, taken in by hand."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import msgspec

from firedoor.cli.asking import Terminal
from firedoor.cli.ending import EXIT, tell_next
from firedoor.cli.handed import resident_of, take_in_there
from firedoor.cli.last_resort import last_resort
from firedoor.cli.options import account_option, break_glass_option, region_option
from firedoor.cli.planned import show_target
from firedoor.cli.prepared import plan_in, read_program
from firedoor.cli.progress import Progress
from firedoor.cli.terminal import can_ask, clean, console, json_option, print_json, tell
from firedoor.engine.case import home_of
from firedoor.engine.desk import Office
from firedoor.engine.policy import policy_in_force
from firedoor.engine.running import outcome, start, warm
from firedoor.kinds import mask_key_id
from firedoor.library import Library

if TYPE_CHECKING:
    from rich.console import Console

    from firedoor.approval import People
    from firedoor.aws import BotoAws
    from firedoor.engine.placing import Place
    from firedoor.engine.running import Outcome
    from firedoor.finding import Finding
    from firedoor.plan import Plan
    from firedoor.program import Program
    from firedoor.routing import Route


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
    from firedoor.routing import route_json

    shown = console(stderr=True)
    people = Terminal(shown) if can_ask() and not as_json else None
    results: list[dict[str, Any]] = []
    code = 0
    for raw, finding, routed in read_findings(file):
        if routed.ignored or not routed.runbook:
            show_route(shown, routed)
            status = "ignored" if routed.ignored else "no_route"
            results.append({"route": route_json(routed), "incident": None, "status": status})
            code = code if routed.ignored else max(code, 1)
            continue
        show_route(shown, routed)
        with resident_of(home_of(""), shown, break_glass=break_glass) as resident:
            if resident:
                left = partial(_left, finding, routed, account, region)
                with last_resort(left, break_glass=break_glass):
                    done = take_in_there(
                        resident,
                        shown,
                        home_of(""),
                        document=raw,
                        account=account,
                        region=region,
                        people=people,
                    )
            else:
                done = _here(shown, raw, finding, routed, account, region, people, break_glass)
        results.append({"route": route_json(routed), **msgspec.to_builtins(done)})
        code = max(code, EXIT.get(done.status, 3))
        if not as_json:
            tell_next(done)
    if as_json:
        print_json(results[0] if len(results) == 1 else results)
    sys.exit(code)


def _here(
    shown: Console,
    raw: Any,
    finding: Finding,
    routed: Route,
    account: str | None,
    region: str | None,
    people: People | None,
    break_glass: bool,
) -> Outcome:
    """Take a routed finding in and run its runbook in this process."""
    from firedoor.engine.intake import ran_already, take_in
    from firedoor.engine.placing import place

    if not break_glass:
        warm(home_of(""))
    aws, program, given = _reached(finding, routed, account, region)
    plans = partial(_plans, aws, program, given)
    with last_resort(plans, break_glass=break_glass):
        office = Office.open(break_glass=break_glass)
        joins = None
        if office.spool is None:
            joins = place(office, finding, Library.open().rules(), aws.now())
        desk = take_in(
            office,
            aws,
            aws.target,
            finding,
            routed,
            raw,
            policy=policy_in_force(aws.target),
            people=people,
            listeners=(Progress(shown),),
            joins=joins,
        )
        show_target(shown, desk.target)
        if joins:
            tell_joined(shown, joins)
            done = ran_already(desk.recorder.entries(), program.name, given)
            if done and done["status"] != "running":
                return outcome(desk, done["run"])
        return start(desk, program, given, break_glass=break_glass, on_progress=Progress(shown).say)


def tell_joined(shown: Console, joins: Place) -> None:
    """That a finding belongs to an incident which is there already."""
    tell(shown, f"[name]{joins.incident}[/] has it already: {clean(mask_key_id(joins.why))}")


def _reached(
    finding: Finding, routed: Route, account: str | None, region: str | None
) -> tuple[BotoAws, Program, dict[str, Any]]:
    """The account that a finding is about, and what is to be run there."""
    from firedoor.engine.reach import reach  # lazy: botocore

    program, given = read_program(routed.runbook or "", [], routed.inputs)
    aws = reach(
        account or finding.account or None,
        region or finding.region or None,
        doing=[(program, given)],
    )
    return aws, program, given


def _left(finding: Finding, routed: Route, account: str | None, region: str | None) -> list[Plan]:
    """What there is to do by hand when the resident's store has failed."""
    return _plans(*_reached(finding, routed, account, region))


def _plans(aws: BotoAws, program: Program, given: dict[str, Any]) -> list[Plan]:
    """What the runbook of a finding would do now."""
    return [plan_in(aws, aws.target, program, given, hunt=True)]
