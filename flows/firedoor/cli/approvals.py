"""`approvals`, `approve` and `deny`: answers go to the journal, and runs find them there."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from firedoor.approval import open_questions
from firedoor.cli.progress import change_line
from firedoor.cli.terminal import clean, console, json_option, print_json
from firedoor.engine.case import office_of
from firedoor.engine.desk import Office, whoami
from firedoor.errors import NotFound, Refused
from firedoor.journal import Entry
from firedoor.kinds import mask_key_id, parse_time


@click.command("approvals")
@json_option
def approvals_command(as_json: bool) -> None:
    """What waits for a person, in all incidents."""
    journal = Office.open().journal
    waiting = [
        (incident, entry)
        for incident in journal.incidents()
        for entry in open_questions(journal.entries(incident))
    ]
    if as_json:
        told = [
            {"incident": incident, "run": entry.run, "asked": entry.at, **entry.data}
            for incident, entry in waiting
        ]
        print_json({"approvals": told})
        return
    shown = console()
    if not waiting:
        shown.print("Nothing waits for a person.")
    for incident, entry in waiting:
        shown.print(
            f"[name]{entry.data['id']}[/]  [quiet]{incident}, expires {entry.data['expires']}[/]"
        )
        shown.print(f"  {clean(mask_key_id(entry.data['question']))}")
        for change in entry.data["changes"]:
            shown.print("    " + change_line(change))


@click.command("approve")
@click.argument("approval")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@json_option
def approve_command(approval: str, reason: str, as_json: bool) -> None:
    """Say yes to what waits. It covers the steps it names, on the targets that were shown."""
    _answer(approval, "approval.given", reason, as_json)


@click.command("deny")
@click.argument("approval")
@click.option("--reason", default="", metavar="TEXT", help="Why, for everybody else.")
@json_option
def deny_command(approval: str, reason: str, as_json: bool) -> None:
    """Say no to what waits. One no ends it."""
    _answer(approval, "approval.denied", reason, as_json)


def _answer(approval: str, kind: str, reason: str, as_json: bool) -> None:
    incident = approval.rpartition("-A")[0]
    if not incident:
        raise NotFound(f"no approval {approval!r}; `firedoor approvals` lists what waits")
    journal = office_of(incident).journal
    asked = _find(journal.entries(incident), approval)
    now = datetime.now(UTC)
    if parse_time(asked.data["expires"]) < now and kind == "approval.given":
        raise Refused(
            f"{approval} expired at {asked.data['expires']}: it is not a yes any more. "
            f"`firedoor resume {incident}` asks anew"
        )
    journal.append(
        incident,
        kind,
        {
            "id": approval,
            "steps": asked.data["steps"],
            "reason": reason,
            "how": "terminal",
            "waited_seconds": round((now - parse_time(asked.at)).total_seconds(), 1),
        },
        by=whoami(),
        at=now,
        run=asked.run,
    )
    next_ = f"firedoor resume {incident}"
    if as_json:
        decision = "approved" if kind == "approval.given" else "denied"
        print_json(
            {"approval": approval, "incident": incident, "decision": decision, "next": next_}
        )
    else:
        print(f"Recorded. Go on with: {next_}")


def _find(entries: list[Entry], approval: str) -> Entry:
    for entry in open_questions(entries):
        if entry.data["id"] == approval:
            return entry
    for entry in entries:
        if entry.kind in ("approval.given", "approval.denied") and entry.data["id"] == approval:
            said = "approved" if entry.kind == "approval.given" else "denied"
            raise Refused(f"{approval} was {said} by {entry.by} at {entry.at} already")
    raise NotFound(f"no approval {approval!r}; `firedoor approvals` lists what waits")
