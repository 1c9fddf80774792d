"""`incidents`, `status` and `note`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from firedoor.cli.handed import NO_RESIDENT, standing_of
from firedoor.cli.terminal import clean, console, json_option, print_json, tell
from firedoor.cli.touched import warn_if_touched
from firedoor.cli.words import MARKS, VERDICTS
from firedoor.engine.case import HOMES, home_of, office_of
from firedoor.engine.desk import Office
from firedoor.engine.door import whoami
from firedoor.kinds import mask_key_id, parse_time
from firedoor.settings import home
from firedoor.summary import Summary, summarize

if TYPE_CHECKING:
    from rich.console import Console

SECTIONS = (
    "summary",
    "impact",
    "detection",
    "factors",
    "well",
    "badly",
    "luck",
    "lessons",
    "actions",
    "notifications",
    "residual",
    "people",
    "timeline",
)


@click.command("incidents")
@click.option("--drills", is_flag=True, help="The drills instead.")
@json_option
def incidents_command(drills: bool, as_json: bool) -> None:
    """List the incidents, newest first."""
    base = home() / HOMES["DRILL"] if drills else home()
    found: list[Summary] = []
    if (base / "firedoor.db").exists() or not drills:
        journal = Office.open(base).journal
        found = [summarize(journal.entries(incident)) for incident in journal.incidents()]
    found.reverse()
    if as_json:
        told = [
            {
                "id": each.id,
                "status": each.status,
                "severity": each.severity,
                "title": each.title,
                "findings": each.findings,
                "opened": each.opened,
                "world": each.world,
            }
            for each in found
        ]
        print_json({"incidents": told})
        return
    shown = console()
    if not found:
        shown.print("No incidents. `firedoor run` and `firedoor ingest` open one.")
    for each in found:
        style = VERDICTS.get(each.status, ("warn", ""))[0]
        shown.print(
            f"[name]{each.id}[/]  [{style}]{each.status:<13}[/] {clean(each.severity):<8} "
            f"[quiet]{each.opened[:16].replace('T', ' ')}[/]  {clean(mask_key_id(each.title))}",
            soft_wrap=True,
        )


@click.command("status")
@click.argument("incident", required=False)
@json_option
def status_command(incident: str | None, as_json: bool) -> None:
    """Where an incident stands; without one, the newest."""
    if incident is None:
        known = Office.open().journal.incidents()
        if not known:
            if as_json:
                print_json({"incident": None})
            else:
                print("No incidents.")
            return
        incident = known[-1]
    office = office_of(incident)
    found = summarize(office.journal.entries(incident))
    holds = warn_if_touched(office, incident)
    resident = standing_of(home_of(incident))
    if as_json:
        journal = {"holds": holds.holds, "problems": list(holds.problems)}
        print_json({**msgspec.to_builtins(found), "journal": journal, "resident": resident})
        return
    shown = console()
    style, words = VERDICTS.get(found.status, ("warn", found.status))
    shown.print(f"[head]{found.id}[/]  {clean(mask_key_id(found.title))}", soft_wrap=True)
    shown.print(f"[{style}]{words}[/]")
    for run in found.runs:
        shown.print(f"\n[head]{run['run']}[/] {run['runbook']}  [quiet]{run['status']}[/]")
        for step in run.get("steps", ()):
            _show_step(shown, step)
    for asked in found.waiting:
        shown.print(f"\n[warn]waits:[/] {clean(asked['question'])}")
        shown.print(f"  firedoor approve {asked['id']}   or   firedoor deny {asked['id']}")
    if found.contained_at:
        shown.print(f"[quiet]contained at {clean(found.contained_at)}[/]")
    if found.last_success:
        success = found.last_success
        told = f"{success['event']} at {success['when']} from {success['source_ip']}"
        shown.print(f"[bad]last success of theirs seen after it:[/] {clean(told)}", soft_wrap=True)
    elif found.watched_until:
        until = clean(found.watched_until)
        shown.print(f"[quiet]no success of theirs seen after it, as of {until}[/]")
    for place in found.broken if found.status != "undone" else ():
        shown.print(f"[bad]does not hold:[/] {clean(place)}: firedoor verify {found.id} --reapply")
    for note in found.unknown:
        shown.print(f"[warn]not known:[/] {clean(mask_key_id(note))}", soft_wrap=True)
    now = datetime.now(UTC)
    for each in found.due:
        late = "overdue since" if parse_time(each["at"]) <= now else "due"
        shown.print(f"[quiet]{late} {each['at']}: {each['what']}: firedoor verify {found.id}[/]")
    if resident.answers:
        warm = "" if resident.ready else ", Prefect is not warm yet"
        shown.print(f"[quiet]a resident answers here (pid {resident.pid}{warm})[/]")
    elif resident.why != NO_RESIDENT:
        shown.print(f"[warn]the resident does not answer: {clean(resident.why)}[/]")
    if found.report:
        shown.print(f"[quiet]report: {clean(found.report)}[/]", soft_wrap=True)


def _show_step(shown: Console, step: Mapping[str, Any], indent: int = 2) -> None:
    """A step, why it failed or was refused, and below it what it called that did not go well."""
    mark, colour = MARKS.get(step["status"], ("·", "quiet"))
    proof = step["proof"] if step["proof"] != "none" else ""
    if step.get("superseded"):
        proof = f"[bad]{proof} then, NOT at a later look[/]"
    shown.print(
        f"{' ' * indent}[{colour}]{mark}[/] {clean(step['id']):<18} {step['phase']:<9} {proof}"
    )
    if step["status"] in ("failed", "refused") and step.get("why"):
        tell(shown, f"[warn]{clean(mask_key_id(step['why']))}[/]", indent=indent + 4)
    for inner in step.get("steps", ()):
        if inner["status"] in ("failed", "refused"):
            _show_step(shown, inner, indent + 3)


@click.command("note")
@click.argument("incident")
@click.argument("text", required=False)
@click.option(
    "--section",
    type=click.Choice(SECTIONS),
    default="timeline",
    show_default=True,
    help="Where in the report it stands.",
)
@click.option("--when", metavar="TIME", help="When it happened (UTC, ISO 8601), for the timeline.")
@click.option("--by", "author", metavar="NAME", help="Who says it, if not you.")
@json_option
def note_command(
    incident: str,
    text: str | None,
    section: str,
    when: str | None,
    author: str | None,
    as_json: bool,
) -> None:
    """Write down what only people know; `-` or no text reads it from stdin.

    Example: firedoor note INC-2026-0001 --section impact "No customer data was read."
    """
    said = sys.stdin.read() if text in (None, "-") else text
    if not (said or "").strip():
        raise click.UsageError("a note needs a text")
    data = {"section": section, "text": (said or "").strip(), "author": author or whoami()}
    if when:
        try:
            data["when"] = parse_time(when).astimezone(UTC).isoformat().replace("+00:00", "Z")
        except ValueError:
            raise click.UsageError(
                f"--when {when!r} is not a time such as 2026-03-01T04:05Z"
            ) from None
    office = office_of(incident)
    journal = office.journal
    journal.entries(incident)
    warn_if_touched(office, incident)
    entry = journal.append(incident, "note.added", data, by=whoami(), at=datetime.now(UTC))
    if as_json:
        print_json({"incident": incident, "seq": entry.seq, **data})
    else:
        print(f"Noted as #{entry.seq}. `firedoor report {incident}` writes the report with it.")
