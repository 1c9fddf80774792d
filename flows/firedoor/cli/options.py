"""Options that several commands have."""

from __future__ import annotations

import click

from firedoor.kinds import convert

break_glass_option = click.option(
    "--break-glass", is_flag=True, help="Without Prefect: the same program, guardrails and journal."
)


def _account(context: click.Context, option: click.Parameter, said: str | None) -> str | None:
    try:
        return said if said is None else str(convert("account_id", said))
    except ValueError as error:
        raise click.BadParameter(str(error), context, option) from None


account_option = click.option(
    "--account", metavar="ID", callback=_account, help="Refuse any other AWS account."
)
region_option = click.option("--region", metavar="R", help="The Region to work in.")
