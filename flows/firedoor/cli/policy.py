"""`policy`: what the responder's role may do, and no more."""

from __future__ import annotations

import click

from firedoor.cli.terminal import json_option, print_json


@click.command("policy")
@click.argument("runbooks", nargs=-1, required=True, metavar="RUNBOOK…")
@click.option("--account", metavar="ID", default="*", help="The account; without it any.")
@click.option("--partition", default="aws", help="aws, aws-cn or aws-us-gov.")
@json_option
def policy_command(runbooks: tuple[str, ...], account: str, partition: str, as_json: bool) -> None:
    """The least-privilege IAM policy for these runbooks, undo included: a document on stdout.

    What only a finding names (a user, a role) stands as '*' in it.
    """
    from firedoor.actions.policy import policy_for
    from firedoor.actions.registry import registry
    from firedoor.errors import BadInput
    from firedoor.kinds import convert
    from firedoor.library import Library

    if account != "*":
        try:
            convert("account_id", account)
        except ValueError as error:
            raise BadInput(f"--account: {error}") from None
    library = Library.open()
    actions = registry()
    wanted = {
        step.action: actions[step.action]
        for name in runbooks
        for book in library.program(name).runbooks.values()
        for step in book.all_steps()
        if step.action
    }
    given = [(action, dict[str, str]()) for _, action in sorted(wanted.items())]
    print_json(policy_for(given, account=account, partition=partition))
