"""Block all public access to every bucket of the account, also where a bucket's own block is off.

All four switches of the account go on; the buckets are not touched. Whoever may write a bucket's
settings can switch its own block off again, but not this one. It ends every public bucket of the
account, static websites included, in all Regions. Where an Organizations policy holds the setting,
AWS refuses: change it there. It is in force everywhere within minutes.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/configuring-block-public-access-account.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.s3control._block import OPEN, SHUT, cli_words, missing
from firedoor.actions.s3control._points import account_block
from firedoor.errors import AwsRefused, RunFailed

PERMISSIONS = (
    Permission("s3:GetAccountPublicAccessBlock", why="S3 knows no resource for it"),
    Permission("s3:PutAccountPublicAccessBlock", why="S3 knows no resource for it"),
)
EXAMPLE: dict[str, str] = {}
REOPENS = Reopens("every bucket of the account that is public by itself would be open again")


class Input(Given, frozen=True, kw_only=True):
    """Nothing: it is about the account."""


def observe(aws: Aws, given: Input, case: Case) -> State:
    """The account's block, if it has one."""
    found = account_block(aws, case)
    return State(parts={_resource(case): {**OPEN, **found}} if found else {})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """All four switches on."""
    found = before.parts.get(_resource(case))
    if found == SHUT:
        return []
    what = "public access block of the account"
    return [Change(resource=_resource(case), what=what, from_=found, to=dict(SHUT))]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set the switches, or take the block away.

    RunFailed when AWS refuses it: an Organizations policy may hold the setting.
    """
    try:
        if change.to is None:
            aws.call("s3control", "delete_public_access_block", AccountId=case.account)
        else:
            aws.call(
                "s3control",
                "put_public_access_block",
                AccountId=case.account,
                PublicAccessBlockConfiguration=change.to,
            )
    except AwsRefused as error:
        if "rganization" not in str(error):
            raise
        raise RunFailed(
            f"the account's Block Public Access is held by an Organizations policy: {error}. "
            "Change that S3 policy in the management account"
        ) from error


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """All four switches are on."""
    off = missing(observe(aws, given, case).parts.get(_resource(case)))
    return [
        Check(
            what=f"account {case.account} blocks all public access to its buckets",
            holds=not off,
            seen=f"off: {', '.join(off)}" if off else "all on",
        )
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    account = change.resource.split(":")[4]
    return [["s3control", *cli_words(change), "--account-id", account]]


def _resource(case: Case) -> str:
    return f"arn:{case.partition}:s3::{case.account}:account#public-access-block"
