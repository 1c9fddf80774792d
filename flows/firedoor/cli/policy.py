"""`policy`: what the responder's role may do, and no more."""

from __future__ import annotations

import sys

import click

from firedoor.cli.terminal import json_option, print_json


@click.command("policy")
@click.argument("runbooks", nargs=-1, required=True, metavar="RUNBOOK…")
@click.option("--account", metavar="ID", default="*", help="The account; without it any.")
@click.option("--partition", default="aws", help="aws, aws-cn or aws-us-gov.")
@click.option("--role", metavar="NAME", help="The responder's own role, which it may not change.")
@click.option("--recovery", is_flag=True, help="With what recovery needs: to attach any policy.")
@json_option
def policy_command(
    runbooks: tuple[str, ...],
    account: str,
    partition: str,
    role: str | None,
    recovery: bool,
    as_json: bool,
) -> None:
    """The least-privilege IAM policy for these runbooks, undo included: a document on stdout.

    What only a finding names (a user, a role) stands as '*' in it. Where it is larger than a
    managed policy may be, it is a list of documents, each to be attached; that is said. The
    responder may attach AWSDenyAll and nothing else; --recovery is for a role of its own.
    """
    from firedoor.actions.policy import MANAGED, RESPONDER, size, split
    from firedoor.errors import BadInput
    from firedoor.kinds import convert
    from firedoor.library import Library
    from firedoor.scoping import needed_by

    if account != "*":
        try:
            convert("account_id", account)
        except ValueError as error:
            raise BadInput(f"--account: {error}") from None
    library = Library.open()
    nothing: dict[str, str] = {}
    programs = [(library.program(name), nothing) for name in runbooks]
    document = needed_by(
        programs,
        account=account,
        partition=partition,
        itself=role or RESPONDER,
        recovery=recovery,
    )
    documents = split(document)
    if len(documents) > 1:
        print(
            f"{size(document)} characters, and a managed policy may have {MANAGED}: printed as "
            f"{len(documents)} documents in a list, all of them to be attached to the role",
            file=sys.stderr,
        )
    print_json(documents[0] if len(documents) == 1 else documents)
