"""`approvals`, `approve` and `deny`: answers go to the journal, and runs find them there."""

from __future__ import annotations

import click

from firedoor.approval import Answer, asked_of, open_questions
from firedoor.cli.handed import standing_of
from firedoor.cli.progress import change_lines
from firedoor.cli.terminal import clean, console, json_option, print_json, tell
from firedoor.clock import RealClock
from firedoor.engine.case import home_of, office_of
from firedoor.engine.desk import Office
from firedoor.engine.door import answer
from firedoor.engine.identity import who_answers
from firedoor.engine.recorder import Recorder
from firedoor.errors import NotFound
from firedoor.kinds import mask_key_id, parse_time
from firedoor.library import Library


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
    now = RealClock().now()
    late = {entry.data["id"] for _, entry in waiting if parse_time(entry.data["expires"]) <= now}
    if as_json:
        told = [
            {
                "incident": incident,
                "run": entry.run,
                "asked": entry.at,
                "expired": entry.data["id"] in late,
                **entry.data,
            }
            for incident, entry in waiting
        ]
        print_json({"approvals": told})
        return
    shown = console()
    if not waiting:
        shown.print("Nothing waits for a person.")
    for incident, entry in waiting:
        id_ = entry.data["id"]
        ends = f"[quiet]expires {entry.data['expires']}[/]"
        if id_ in late:
            ends = (
                f"[warn]expired at {entry.data['expires']}: nobody can answer it any more; "
                f"`firedoor resume {incident}` goes on ({entry.data['on_timeout']})[/]"
            )
        tell(shown, f"[name]{id_}[/]  [quiet]{incident}[/]  {ends}")
        shown.print(f"  {clean(mask_key_id(entry.data['question']))}")
        if len(entry.data["steps"]) > 1:
            tell(
                shown, f"[quiet]one answer for {clean(', '.join(entry.data['steps']))}[/]", indent=4
            )
        for change in entry.data["changes"]:
            for line in change_lines(change):
                tell(shown, line, indent=4)


@click.command("approve")
@click.argument("approval")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@click.option(
    "--mfa", default="", metavar="CODE", help="What your MFA device shows; AWS checks it."
)
@json_option
def approve_command(approval: str, reason: str, mfa: str, as_json: bool) -> None:
    """Say yes to what waits. It covers the steps it names, on the targets that were shown."""
    _answer(approval, True, reason, as_json, mfa)


@click.command("deny")
@click.argument("approval")
@click.option("--reason", default="", metavar="TEXT", help="Why, for everybody else.")
@json_option
def deny_command(approval: str, reason: str, as_json: bool) -> None:
    """Say no to what waits. One no ends it."""
    _answer(approval, False, reason, as_json)


def _answer(approval: str, yes: bool, reason: str, as_json: bool, mfa: str = "") -> None:
    incident = approval.rpartition("-A")[0]
    if not incident:
        raise NotFound(f"no approval {approval!r}; `firedoor approvals` lists what waits")
    office = office_of(incident)
    entries = office.journal.entries(incident)
    clock = RealClock()
    plan = Library.open().rules()
    who = who_answers(plan, entries, mfa=mfa)
    recorder = Recorder(office.journal, office.vault, incident, now=clock.now, by=who.by)
    answer(
        recorder,
        approval,
        Answer(yes=yes, by=who.by, how="terminal", reason=reason),
        who=who,
        plan=plan,
        now=clock.now(),
    )
    still = next(each for each in asked_of(recorder.entries()) if each.id == approval)
    next_ = f"firedoor resume {incident}"
    by_itself = standing_of(home_of(incident)).answers
    if as_json:
        print_json(
            {
                "approval": approval,
                "incident": incident,
                "decision": "approved" if yes else "denied",
                "waits_for": max(0, still.quorum - len(still.yes)) if still.open else 0,
                "next": "" if by_itself else next_,
                "goes_on_by_itself": by_itself,
            }
        )
    elif still.open:
        print(
            f"Recorded. {still.quorum - len(still.yes)} more of its {still.quorum} have to agree."
        )
    elif by_itself:
        print(f"Recorded. The resident goes on with it by itself: `firedoor status {incident}`")
    else:
        print(f"Recorded. Go on with: {next_}")
