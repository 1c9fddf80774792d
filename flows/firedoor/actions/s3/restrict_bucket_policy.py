"""Take out of a bucket's policy what lets everybody in, and the accounts that are named.

Of each statement that allows something to everybody (as S3 itself defines public) only everybody is
taken out; principals that it names besides stay, and so does every other statement, word for word.
`accounts` are other accounts whose access ends too: Block Public Access has no effect on those.
The statement that is taken out stands in the journal, and undo puts it back in its place.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

import msgspec

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Reopens
from firedoor.actions.s3 import _statements
from firedoor.actions.s3._bucket import BucketState, gone_check
from firedoor.actions.s3._policy import Statement, is_public, outsiders, statements, without
from firedoor.actions.s3._statements import READS, WRITES, found, place, resource, write
from firedoor.kinds import AccountId, BucketName

PERMISSIONS = (*READS, *WRITES)
EXAMPLE = {"bucket": "example-bucket"}
REOPENS = Reopens("whom the statements let in, everybody or the other account, would be in again")
DESTROYS = ("s3.policy",)
commands = _statements.commands


class Input(Given, frozen=True, kw_only=True):
    """The bucket. `public`: everybody's access ends; `accounts`: that of these accounts ends."""

    bucket: BucketName
    public: bool = True
    accounts: list[AccountId] = msgspec.field(default_factory=list)


def observe(aws: Aws, given: Input, case: Case) -> BucketState:
    """The statements of the policy."""
    return found(aws, case, given.bucket)[0]


def changes(given: Input, before: BucketState, case: Case) -> list[Change]:
    """Each statement that lets in too many goes, and what is left of it comes. The public ones go
    first: while public policies are blocked, S3 takes none that is public still."""
    made: list[Change] = []
    every = [(index, *each) for index, each in enumerate(before.parts.items())]
    for index, name, whole in sorted(every, key=lambda it: not is_public(statements(it[2])[0])):
        (statement,) = statements(whole)
        left = _left(given, statement)
        if left == statement:
            continue
        made.append(Change(resource=name, what=place(index), from_=whole, to=None))
        if left is not None:
            rest = {**whole, "Statement": [left]}
            other = resource(case, given.bucket, left)
            if other not in before.parts:
                made.append(Change(resource=other, what=place(index), from_=None, to=rest))
    return made


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Take out, or put back, one statement. What is left of one takes its place in the same call,
    so that whoever it names is never locked out in between."""
    instead = None
    if change.to is None:
        (statement,) = statements(change.from_)
        left = _left(given, statement)
        instead = None if left == statement else left
    write(aws, case, given.bucket, change, instead=instead)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """No statement of the policy lets everybody, or one of the accounts, in."""
    state, document = found(aws, case, given.bucket)
    if state.gone:
        return [gone_check(given.bucket, "nobody is let in")]
    every = statements(document or {})
    checks = []
    if given.public:
        count = sum(map(is_public, every))
        checks.append(
            Check(
                what=f"no statement of the policy of {given.bucket} is public",
                holds=not count,
                seen=f"{count} of {len(every)} statements are public" if count else "none is",
            )
        )
    for account in given.accounts:
        count = sum(account in outsiders(each, case.account) for each in every)
        checks.append(
            Check(
                what=f"the policy of {given.bucket} does not let account {account} in",
                holds=not count,
                seen=f"{count} statements let it in" if count else "no statement does",
            )
        )
    return checks


def _left(given: Input, statement: Statement) -> Statement | None:
    return without(statement, public=given.public, accounts=given.accounts)
