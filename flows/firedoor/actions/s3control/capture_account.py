"""Keep the account's own public access block, before it is changed.

The four switches as they are, or that they were never set. What they would shut is not looked for:
that would ask for every bucket of the account; Access Analyzer lists what is public.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/configuring-block-public-access-account.html
"""

from __future__ import annotations

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.actions.s3control._block import missing
from firedoor.actions.s3control._points import account_block

PERMISSIONS = (Permission("s3:GetAccountPublicAccessBlock"),)
EXAMPLE: dict[str, str] = {}
KEEPS = ("s3.account_public_access_block",)


class Input(Given, frozen=True, kw_only=True):
    """Nothing: it is about the account."""


class Output(contract.Output, frozen=True, kw_only=True):
    """`blocked`: all four switches are on; `off`: those that are not."""

    blocked: bool
    off: list[str]
    keep: tuple[Artefact, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Read it."""
    found = account_block(aws, case)
    off = missing(found)
    return Output(
        blocked=not off,
        off=off,
        keep=(
            Artefact(
                name="s3-account-public-access-block",
                content=found,
                about=f"Block Public Access of account {case.account} before containment",
            ),
        ),
    )
