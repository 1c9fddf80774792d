"""`plan` and `run`."""

from __future__ import annotations

import sys

import click

from firedoor.cli.asking import Terminal, agree, refuse_other_plan
from firedoor.cli.ending import end
from firedoor.cli.handed import resident_of, run_there
from firedoor.cli.last_resort import last_resort
from firedoor.cli.options import account_option, break_glass_option, region_option
from firedoor.cli.planned import commands, plan_json, show_plan
from firedoor.cli.prepared import plan_in, planned, read_program
from firedoor.cli.progress import Progress
from firedoor.cli.terminal import can_ask, console, json_option, print_json
from firedoor.engine.agreed import journal_plan, title_of
from firedoor.engine.case import connect_for, home_of
from firedoor.engine.desk import Office, open_desk, opened
from firedoor.engine.door import CONFIRMS, Who, may_confirm, whoami
from firedoor.engine.policy import policy_in_force
from firedoor.engine.running import alone, next_run, start, warm
from firedoor.library import Library
from firedoor.plan import Plan


@click.command("plan")
@click.argument("runbook")
@click.argument("inputs", nargs=-1, metavar="key=value…")
@click.option("--commands", "as_commands", is_flag=True, help="Print AWS CLI commands instead.")
@account_option
@region_option
@json_option
def plan_command(
    runbook: str,
    inputs: tuple[str, ...],
    as_commands: bool,
    account: str | None,
    region: str | None,
    as_json: bool,
) -> None:
    """Show what a runbook would change now. Reads AWS, changes nothing.

    Example: firedoor plan compromised-credentials user=ci-deployer
    """
    program, given = read_program(runbook, inputs)
    _, plan = planned(program, given, account, region)
    if as_commands and as_json:
        print_json({"commands": commands(plan)})
    elif as_commands:
        print("\n".join(commands(plan)))
    elif as_json:
        print_json(plan_json(plan))
    else:
        show_plan(console(), plan)
    if any(step.status == "failed" for step in plan.steps):
        sys.exit(3)


@click.command("run")
@click.argument("runbook")
@click.argument("inputs", nargs=-1, metavar="key=value…")
@click.option("--yes", is_flag=True, help="Answer the plan's question; no step's own approval.")
@click.option("--plan", "digest", metavar="DIGEST", help="Run only if the plan still is this one.")
@break_glass_option
@click.option("--incident", metavar="ID", help="Work in this incident instead of a new one.")
@account_option
@region_option
@json_option
def run_command(
    runbook: str,
    inputs: tuple[str, ...],
    yes: bool,
    digest: str | None,
    break_glass: bool,
    incident: str | None,
    account: str | None,
    region: str | None,
    as_json: bool,
) -> None:
    """Run a runbook: show the plan, ask, contain, prove, report.

    Example: firedoor run compromised-credentials user=ci-deployer

    Without a terminal, or with --json and without --yes, nothing is asked: what changes something
    waits for `firedoor approve`, and the exit code is 4.
    """
    shown = console(stderr=True)
    asks = can_ask() and not as_json
    home = home_of(incident or "")
    people = Terminal(shown) if asks else None
    quiet = as_json and not sys.stderr.isatty()

    def left() -> list[Plan]:
        """What there is to do by hand when the store fails."""
        program, given = read_program(runbook, inputs)
        return [planned(program, given, account, region)[1]]

    with (
        last_resort(left, break_glass=break_glass),
        resident_of(home, shown, break_glass=break_glass) as resident,
    ):
        if resident:
            done = run_there(
                resident,
                shown,
                home,
                runbook=runbook,
                inputs=inputs,
                incident=incident,
                account=account,
                region=region,
                yes=yes,
                digest=digest,
                people=people,
                quiet=quiet,
            )
            end(done, as_json)
    program, given = read_program(runbook, inputs)
    if not break_glass:
        warm(home)
    with last_resort(left, break_glass=break_glass):
        if incident:
            office = Office.open(home, break_glass=break_glass)
            aws, target = connect_for(office.known(incident), account=account, region=region)
            plan = plan_in(aws, target, program, given, hunt=False)
        else:
            office = Office.open(break_glass=break_glass)
            aws, plan = planned(program, given, account, region, hunt=False)
            target = plan.target
        refuse_other_plan(plan, digest)
        policy = policy_in_force(target)
        how = agree(shown, plan, new=incident is None, yes=yes, asks=asks)
        if how and plan.changes:
            me = Who(ids=(whoami(), aws.principal))
            may_confirm(Library.open().rules(), me, CONFIRMS)
        if incident is None:
            incident = opened(
                office,
                aws,
                target,
                title=title_of(program, given),
                severity="high",
                policy=policy,
            )
        desk = open_desk(
            office,
            aws,
            target,
            incident=incident,
            people=people,
            listeners=() if quiet else (Progress(shown),),
        )
        with alone(desk):
            # From the run's number on: another run must not take it, and its approvals with it.
            run = next_run(desk.recorder.entries())
            journal_plan(desk, plan, run, how)
            done = start(
                desk, program, given, break_glass=break_glass, on_progress=Progress(shown).say
            )
    end(done, as_json)
