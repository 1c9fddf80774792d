"""`plan`, `run`, `ingest` and `resume`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
import msgspec

from firedoor.approval import Answer, Question
from firedoor.cli.last_resort import last_resort
from firedoor.cli.planned import commands, plan_json, show_plan
from firedoor.cli.progress import Progress
from firedoor.cli.terminal import can_ask, clean, console, json_option, print_json
from firedoor.engine.case import connect_for, desk_of, home_of
from firedoor.engine.desk import Desk, Office, open_desk, opened
from firedoor.engine.door import whoami
from firedoor.engine.policy import policy_in_force
from firedoor.engine.running import Outcome, alone, next_run, resume, start, warm
from firedoor.errors import BadInput, NotFound, Refused
from firedoor.inputs import pairs, read_inputs
from firedoor.plan import NEW_INCIDENT, PLANNED_RUN, Plan
from firedoor.planning import make_plan
from firedoor.program import Program
from firedoor.response_plan import ResponsePlan, load_plan

if TYPE_CHECKING:
    from rich.console import Console

EXIT = {"contained": 0, "done": 0, "waiting": 4}
"""The exit code of a run's status; everything else is 3."""

_break_glass = click.option(
    "--break-glass", is_flag=True, help="Without Prefect: the same program, guardrails and journal."
)
_account = click.option("--account", metavar="ID", help="Refuse any other AWS account.")
_region = click.option("--region", metavar="R", help="The Region to work in.")


class Terminal:
    """Asks whoever sits at the terminal; their answer is journalled with their name."""

    def __init__(self, shown: Console) -> None:
        self._console = shown

    def ask(self, question: Question) -> Answer | None:
        """yes, no, or later (the approval stays open)."""
        answer = click.prompt(
            click.style(f"  {question.id}", bold=True) + " (yes, no, later)",
            type=click.Choice(["yes", "no", "later"]),
            default="later",
            show_default=True,
            show_choices=False,
            err=True,
        )
        if answer == "later":
            return None
        reason = (
            click.prompt("  why", default="", show_default=False, err=True)
            if answer == "no"
            else ""
        )
        return Answer(yes=answer == "yes", by=whoami(), how="terminal", reason=reason)


@click.command("plan")
@click.argument("runbook")
@click.argument("inputs", nargs=-1, metavar="key=value…")
@click.option("--commands", "as_commands", is_flag=True, help="Print AWS CLI commands instead.")
@_account
@_region
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
    if as_commands:
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
@_break_glass
@click.option("--incident", metavar="ID", help="Work in this incident instead of a new one.")
@_account
@_region
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
    program, given = read_program(runbook, inputs)
    if not break_glass:
        warm(home_of(incident or ""))
    with last_resort(lambda: planned(program, given, account, region)[1], break_glass=break_glass):
        if incident:
            office = Office.open(home_of(incident), break_glass=break_glass)
            aws, target = connect_for(office.known(incident), account=account, region=region)
            plan = make_plan(program, given, aws, _registry(), target, rules=_rules(), hunt=False)
        else:
            office = Office.open(break_glass=break_glass)
            aws, plan = planned(program, given, account, region, hunt=False)
            target = plan.target
        if digest and len(digest) < 8:
            raise BadInput("a plan's digest is given with at least 8 of its characters")
        if digest and not plan.digest.startswith(digest):
            raise Refused(
                f"the plan is {plan.digest[:12]} now, not {digest[:12]}: something has changed "
                f"since; look again with `firedoor plan {runbook} …`"
            )
        policy = policy_in_force(target)
        show_plan(shown, plan)
        agreed = yes or (asks and _confirmed(plan))
        if asks and not agreed:
            raise Refused("nothing was changed: the plan was not confirmed")
        if incident is None:
            incident = opened(
                office,
                aws,
                target,
                title=f"{program.main.title}: {_about(given)}",
                severity="high",
                policy=policy,
            )
        desk = open_desk(
            office,
            aws,
            target,
            incident=incident,
            people=Terminal(shown) if asks else None,
            listeners=() if as_json and not sys.stderr.isatty() else (Progress(shown),),
        )
        with alone(desk):
            # From the run's number on: another run must not take it, and its approvals with it.
            _journal_plan(
                desk,
                plan,
                next_run(desk.recorder.entries()),
                "--yes" if yes else "terminal",
                agreed,
            )
            done = start(
                desk, program, given, break_glass=break_glass, on_progress=Progress(shown).say
            )
    _end(done, as_json)


@click.command("ingest")
@click.argument("file", metavar="FILE|-")
@_break_glass
@_account
@_region
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
            _next(done)
    if as_json:
        print_json(results[0] if len(results) == 1 else results)
    sys.exit(code)


@click.command("resume")
@click.argument("incident")
@click.option("--yes", is_flag=True, help="Answer the open confirmation of changes with yes.")
@_break_glass
@json_option
def resume_command(incident: str, yes: bool, break_glass: bool, as_json: bool) -> None:
    """Go on with what was cut off or waited, from the program that the journal keeps."""
    shown = console(stderr=True)
    asks = can_ask() and not as_json
    if not break_glass:
        warm(home_of(incident))
    desk = desk_of(
        incident,
        people=_YesToChanges() if yes else (Terminal(shown) if asks else None),
        listeners=(Progress(shown),),
        break_glass=break_glass,
    )
    done = resume(desk, break_glass=break_glass, on_progress=Progress(shown).say)
    if not done:
        raise NotFound(f"nothing of {incident} was cut off or waits; `firedoor status {incident}`")
    _end(done[-1], as_json)


class _YesToChanges:
    """`resume --yes`: the confirmation that `run` would have asked; no step's own approval."""

    def ask(self, question: Question) -> Answer | None:
        if question.by != "responder" or not question.changes:
            return None
        return Answer(yes=True, by=whoami(), how="--yes")


def read_program(runbook: str, words: Any, given: Any = None) -> tuple[Program, dict[str, Any]]:
    """The checked program of a runbook and its inputs."""
    from firedoor.library import Library

    library = Library.open()
    program = library.program(runbook)
    return program, read_inputs(program.main, given if given is not None else pairs(words))


def planned(
    program: Program,
    given: dict[str, Any],
    account: str | None,
    region: str | None,
    *,
    hunt: bool = True,
) -> tuple[Any, Plan]:
    """AWS and the plan of a run in it."""
    from firedoor.aws import connect

    aws = connect(account=account, region=region)
    return aws, make_plan(program, given, aws, _registry(), aws.target, rules=_rules(), hunt=hunt)


def _rules() -> ResponsePlan:
    from firedoor.library import Library

    return load_plan(Library.open())


def _registry() -> Any:
    from firedoor.actions.registry import registry

    return registry()


def _confirmed(plan: Plan) -> bool:
    if not plan.changes:
        return True
    answer = click.prompt(
        click.style("\nMake these changes?", bold=True) + " Only 'yes' does",
        default="no",
        show_default=False,
        err=True,
    )
    return bool(answer == "yes")


def _journal_plan(desk: Desk, plan: Plan, run: str, how: str, agreed: bool) -> None:
    """The plan as it was shown, and the yes to it: it covers the run's steps without their own
    `approve:`."""
    told = plan_json(plan)
    text = msgspec.json.encode(told["steps"]).decode().replace(NEW_INCIDENT, desk.incident)
    steps = msgspec.json.decode(text)
    for step in steps:
        # A plan is made before the run has its number.
        step["run"] = run + step["run"].removeprefix(PLANNED_RUN)
    desk.recorder.write(
        "plan.made",
        {
            "run": run,
            "runbook": plan.runbook,
            "digest": plan.digest,
            "steps": steps,
        },
        run=run,
    )
    if agreed:
        desk.recorder.write(
            "approval.given",
            {
                "id": f"{desk.incident}-plan-{run}",
                "steps": ["*"],
                "reason": f"plan {plan.digest[:12]}",
                "how": how,
                "waited_seconds": 0.0,
            },
            run=run,
        )


def _about(given: dict[str, Any]) -> str:
    return ", ".join(str(each) for key, each in given.items() if key != "lookback") or "no inputs"


def _end(done: Outcome, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        _next(done)
    sys.exit(EXIT.get(done.status, 3))


def _next(done: Outcome) -> None:
    """What to type next."""
    shown = console()
    rows = [("Incident", done.incident)]
    if done.report:
        rows.append(("Report", done.report))
    if done.status == "waiting":
        rows.append(("Next", "firedoor approvals, then firedoor approve ID"))
        rows.append(("Then", f"firedoor resume {done.incident}"))
    elif done.status == "contained":
        rows.append(("Next", f"firedoor verify {done.incident}   at {_later(done)}"))
        rows.append(("Undo", f"firedoor undo {done.incident}"))
    else:
        rows.append(("Look", f"firedoor status {done.incident}"))
    for name, text in rows:
        shown.print(f"[head]{name:<9}[/] {clean(text)}", soft_wrap=True)


def _later(done: Outcome) -> str:
    return ", ".join(each["at"][11:19] for each in done.due) + " UTC"
