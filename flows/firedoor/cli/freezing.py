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
    before = frozen(home())
    state = freeze(home(), by=whoami(), at=RealClock().now(), reason=reason)
    if before and not as_json:
        changed = state.reason != before.reason
        was = f" (it was: {before.reason or 'none'})" if changed else ""
        print(f"It was frozen already; the reason {'is new' if changed else 'stays'}{was}.")
    _tell(state, as_json)


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
