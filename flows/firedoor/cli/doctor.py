"""`doctor`: what stands in the way, with the fix for each; `--readiness`: of an investigation."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from firedoor.cli.options import account_option, region_option
from firedoor.cli.terminal import clean, console, json_option, print_json, tell
from firedoor.doctor import account as in_account
from firedoor.doctor import chat, machine, readiness
from firedoor.doctor.model import Look, looked
from firedoor.errors import FiredoorError
from firedoor.library import Library

_MARKS = {
    "ok": ("✓", "good"),
    "warn": ("!", "warn"),
    "bad": ("✗", "bad"),
    "off": ("·", "quiet"),
    "unknown": ("?", "warn"),
}


@click.command("doctor")
@click.option("--readiness", "ready", is_flag=True, help="Could an incident be investigated here?")
@account_option
@region_option
@json_option
def doctor_command(ready: bool, account: str | None, region: str | None, as_json: bool) -> None:
    """Look at everything firedoor stands on, and say the fix for what is missing. Changes nothing.

    With --readiness, whether the account could be investigated and recovered at all: trails,
    GuardDuty, Config, data events, public access, MFA, keys, Access Analyzer, backups, evidence.
    Exit 1 when something is bad; what could not be looked at is said.
    """
    found: list[Look] = []
    shown = console()
    for look in _looks(ready, account, region):
        found.append(look)
        if not as_json:
            mark, colour = _MARKS[look.standing]
            tell(shown, f"[{colour}]{mark}[/] {look.name:<20} {clean(look.seen)}", hang=23)
            if look.fix and look.standing != "ok":
                tell(shown, f"[quiet]{clean(look.fix)}[/]", indent=23)
    if as_json:
        print_json({"looks": found, "ok": not any(each.standing == "bad" for each in found)})
    sys.exit(1 if any(each.standing == "bad" for each in found) else 0)


def _looks(ready: bool, account: str | None, region: str | None) -> Iterator[Look]:
    if not ready:
        for name, looking in (
            ("python", machine.python),
            ("rules", machine.rules),
            ("store", machine.keeping),
            ("prefect", machine.prefect),
            ("resident", machine.resident),
            ("Slack", chat.slack),
        ):
            yield from looked(name, looking)
    from firedoor.aws import connect  # lazy: botocore

    try:
        aws = connect(account=account, region=region)
        target = aws.target
    except FiredoorError as error:
        fix = "aws sts get-caller-identity, with the same environment"
        yield Look(name="aws", standing="bad", seen=str(error), fix=fix)
        return
    yield from looked("aws", lambda: in_account.identity(aws, target))
    if ready:
        for name, look in readiness.LOOKS.items():
            yield from looked(name, lambda look=look: look(aws))  # type: ignore[misc]
    else:
        yield from looked("permissions", lambda: in_account.permissions(aws, Library.open()))
