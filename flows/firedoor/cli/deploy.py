"""`deploy`: what a team sets up around firedoor, printed."""

from __future__ import annotations

from typing import cast

import click

from firedoor.cli.terminal import json_option, print_json
from firedoor.errors import BadInput

PARTS = ("aws", "systemd", "container", "slack")


@click.command("deploy")
@click.argument("part", type=click.Choice(PARTS), default="aws", required=False)
@click.option(
    "--by",
    "way",
    type=click.Choice(["queue", "webhook"]),
    default="queue",
    show_default=True,
    help="How findings come: an SQS queue that firedoor polls, or HTTPS to it.",
)
@click.option("--runbook", "runbooks", multiple=True, help="For these alone; without it, all.")
@json_option
def deploy_command(part: str, way: str, runbooks: tuple[str, ...], as_json: bool) -> None:
    """Print what a team sets up: `aws` (a CloudFormation template), `systemd`, `container`,
    `slack` (the manifest of its app).

    The template wires GuardDuty and its likes through EventBridge to firedoor, and makes the
    responder's role with exactly what the runbooks need:

    firedoor deploy aws > firedoor.json; aws cloudformation deploy --template-file firedoor.json …
    """
    from firedoor.deploy import on_a_machine  # lazy: only what is printed
    from firedoor.deploy.chat_side import manifest

    if part != "aws":
        texts = {"systemd": on_a_machine.UNIT, "container": on_a_machine.CONTAINER}
        text = texts.get(part) or manifest()
        if as_json:
            print_json({"part": part, "text": text})
        else:
            print(text, end="")
        return
    from firedoor.actions.policy import RESPONDER, split
    from firedoor.deploy.aws_side import Way, template
    from firedoor.library import Library
    from firedoor.scoping import needed_by

    library = Library.open()
    known = library.runbooks()
    strange = [name for name in runbooks if name not in known]
    if strange:
        raise BadInput(f"no runbook {strange[0]!r}; `firedoor list runbooks`")
    nothing: dict[str, str] = {}
    programs = [(library.program(name), nothing) for name in runbooks or known]
    policies = split(needed_by(programs, account="*", partition="aws", itself=RESPONDER))
    print_json(template(cast(Way, way), policies, RESPONDER))
