"""`role`, `severity`, `close`, `split` and `merge`: what people decide of an incident itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypedDict, cast

import click

from firedoor.cli.terminal import clean, console, json_option, print_json
from firedoor.engine.case import office_of
from firedoor.engine.casework import ROLES, Why, assign, close, merge, rate, roles_of, split
from firedoor.engine.desk import Office
from firedoor.engine.door import whoami
from firedoor.errors import Refused
from firedoor.finding import LABELS
from firedoor.kinds import mask_key_id

reason_option = click.option(
    "--reason", metavar="TEXT", default="", help="Why; the report keeps it."
)


@click.command("role")
@click.argument("incident")
@click.argument("role", required=False, type=click.Choice(ROLES))
@click.argument("person", required=False)
@json_option
def role_command(incident: str, role: str | None, person: str | None, as_json: bool) -> None:
    """Who does what in an incident: commander, deputy, scribe, liaison.

    `firedoor role INC-2026-0001 scribe os:alex` gives a role, `""` takes it away; without one, all
    are listed. These say who does the work; who may approve stands in playbooks/plan.yaml.
    """
    office = office_of(incident)
    if role is not None:
        assign(office, incident, role, whoami() if person is None else person, **_mine())
    found = roles_of(office.journal.entries(incident))
    if as_json:
        print_json({"incident": incident, "roles": found})
        return
    shown = console()
    for name in ROLES:
        shown.print(f"{name:<10} {clean(found.get(name, 'nobody'))}")


@click.command("severity")
@click.argument("incident")
@click.argument("level", type=click.Choice(LABELS))
@reason_option
@json_option
def severity_command(incident: str, level: str, reason: str, as_json: bool) -> None:
    """Set how bad an incident is. What playbooks preauthorise does not change with it."""
    before = rate(office_of(incident), incident, level, reason, **_mine())
    if as_json:
        print_json({"incident": incident, "from": before, "severity": level})
    else:
        print(f"{incident} is {level} now; it was {before or 'not set'}.")


@click.command("close")
@click.argument("incident")
@click.option(
    "--as",
    "how",
    type=click.Choice(["resolved", "false_positive", "exercise", "accepted"]),
    default="resolved",
    show_default=True,
    help="What it turned out to be.",
)
@click.option("--reason", metavar="TEXT", required=True, help="Why it is over.")
@click.option("--anyway", is_flag=True, help="Although something waits or is not contained.")
@json_option
def close_command(incident: str, how: str, reason: str, anyway: bool, as_json: bool) -> None:
    """Close an incident: findings that come later open another one.

    Refused (exit 3) while something waits for an answer or is not proven to be contained.
    """
    office = office_of(incident)
    problems = office.journal.verify(incident)
    if not problems.holds:
        raise Refused(
            f"{incident} is not closed: its journal does not hold: {problems.problems[0]}"
        )
    close(office, incident, cast(Why, how), reason, anyway=anyway, **_mine())
    if as_json:
        print_json({"incident": incident, "status": "closed", "as": how})
    else:
        print(f"{incident} is closed ({how.replace('_', ' ')}).")


@click.command("split")
@click.argument("incident")
@click.argument("findings", nargs=-1, required=True)
@reason_option
@json_option
def split_command(incident: str, findings: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Give findings of an incident (ids, or how they begin) an incident of their own."""
    new = split(office_of(incident), incident, findings, reason, **_mine())
    if as_json:
        print_json({"incident": incident, "opened": new})
    else:
        print(f"{new} is opened for what was split from {incident}.")


@click.command("merge")
@click.argument("incident")
@click.argument("into")
@reason_option
@json_option
def merge_command(incident: str, into: str, reason: str, as_json: bool) -> None:
    """Let INCIDENT's findings belong to INTO, and end it; what it did stays in its journal."""
    office: Office = office_of(incident)
    if office.home != office_of(into).home:
        raise Refused(mask_key_id(f"{incident} and {into} are of different worlds"))
    merge(office, incident, into, reason, **_mine())
    if as_json:
        print_json({"incident": incident, "into": into, "status": "merged"})
    else:
        print(f"{incident} is merged into {into}.")


class _Mine(TypedDict):
    by: str
    at: datetime


def _mine() -> _Mine:
    return {"by": whoami(), "at": datetime.now(UTC)}
