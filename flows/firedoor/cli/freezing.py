"""`freeze` and `thaw`: the brake on everything automatic."""

from __future__ import annotations

import click

from firedoor.cli.terminal import json_option, print_json
from firedoor.clock import RealClock
from firedoor.engine.door import whoami
from firedoor.freezing import Frozen, freeze, frozen, thaw
from firedoor.settings import home

_reason = click.option("--reason", default="", metavar="TEXT", help="Why, for everybody else.")


@click.command("freeze")
@_reason
@json_option
def freeze_command(reason: str, as_json: bool) -> None:
    """Stop all automatic change: what was preauthorised asks instead. People can still approve."""
    _tell(freeze(home(), by=whoami(), at=RealClock().now(), reason=reason), as_json)


@click.command("thaw")
@_reason
@json_option
def thaw_command(reason: str, as_json: bool) -> None:
    """Allow automatic change again. Nothing that waits for a person starts by itself."""
    thaw(home(), by=whoami(), at=RealClock().now(), reason=reason)
    _tell(frozen(home()), as_json)


def _tell(state: Frozen | None, as_json: bool) -> None:
    if as_json:
        print_json({"frozen": state})
    elif state:
        print(f"Automatic change is frozen, {state}. `firedoor thaw` allows it again.")
    else:
        print("Automatic change is allowed, as far as playbooks preauthorise it.")
