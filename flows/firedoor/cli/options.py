"""Options that several commands have."""

from __future__ import annotations

import click

break_glass_option = click.option(
    "--break-glass", is_flag=True, help="Without Prefect: the same program, guardrails and journal."
)
account_option = click.option("--account", metavar="ID", help="Refuse any other AWS account.")
region_option = click.option("--region", metavar="R", help="The Region to work in.")
