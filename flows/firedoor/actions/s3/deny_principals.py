"""Deny principals and accounts everything on one bucket, whatever else lets them in.

A statement of ours is merged into the bucket's policy; the rest of it stays. Principals are matched
by `aws:PrincipalArn`: one who is deleted and made again stays shut out, and one who does not exist
is no error. A role's ARN covers all of its sessions; a session's ARN is taken for its role's.
Whoever acts for firedoor is refused as a target.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html
"""

from __future__ import annotations

import msgspec

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Reopens
from firedoor.actions.s3 import _statements
from firedoor.actions.s3._bucket import BucketState, gone_check
from firedoor.actions.s3._policy import Statement
from firedoor.actions.s3._statements import (
    READS,
    WRITES,
    adding,
    found,
    names,
    resource,
    resources,
    sid,
    who_acts,
    write,
)
from firedoor.errors import Refused
from firedoor.kinds import AccountId, Arn, BucketName

PERMISSIONS = (*READS, *WRITES)
EXAMPLE = {"bucket": "example-bucket", "accounts": ["444455556666"]}
REOPENS = Reopens("whoever it denies could reach the bucket again, by whatever still lets him in")
commands = _statements.commands


class Input(Given, frozen=True, kw_only=True):
    """The bucket, and whom it is shut for: ARNs of users and roles, or whole accounts."""

    bucket: BucketName
    principals: list[Arn] = msgspec.field(default_factory=list)
    accounts: list[AccountId] = msgspec.field(default_factory=list)


def observe(aws: Aws, given: Input, case: Case) -> BucketState:
    """The statements of the policy; Refused when firedoor would shut itself out."""
    own = set(who_acts(aws.principal))
    if own & {each for arn in given.principals for each in who_acts(arn)}:
        raise Refused(
            f"{aws.principal} is what firedoor acts as: denying it would end the response",
            rule="own principal",
            instead="Use other credentials for this",
        )
    if case.account in given.accounts:
        raise Refused(
            f"{case.account} is the bucket's own account: nobody could reach the bucket any more",
            rule="own account",
            instead="Name the principals that are to be shut out",
        )
    return found(aws, case, given.bucket)[0]


def changes(given: Input, before: BucketState, case: Case) -> list[Change]:
    """Our statements, where they are not there."""
    return [] if before.gone else adding(case, given.bucket, before, _wanted(given, case))


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Merge our statement in, or take it out."""
    write(aws, case, given.bucket, change)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Our statements stand as they were written."""
    state, _ = found(aws, case, given.bucket)
    if state.gone:
        return [gone_check(given.bucket, "nobody is let in")]
    return [
        Check(
            what=f"{given.bucket} denies everything to {who}",
            holds=(there := resource(case, given.bucket, statement) in state.parts),
            seen="our statement stands" if there else "our statement does not stand",
        )
        for statement, who in (
            (each, ", ".join(sorted(next(iter(next(iter(each["Condition"].values())).values())))))
            for each in _wanted(given, case)
        )
    ]


def _wanted(given: Input, case: Case) -> list[Statement]:
    arns = names([each for arn in given.principals for each in who_acts(arn)])
    accounts = names(given.accounts)
    wanted = []
    if arns:
        wanted.append(_deny(given, case, "DenyPrincipals", {"ArnLike": {"aws:PrincipalArn": arns}}))
    if accounts:
        condition = {"StringEquals": {"aws:PrincipalAccount": accounts}}
        wanted.append(_deny(given, case, "DenyAccounts", condition))
    return wanted


def _deny(
    given: Input, case: Case, what: str, condition: dict[str, dict[str, list[str]]]
) -> Statement:
    return {
        "Sid": sid(case, what),
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": resources(case, given.bucket),
        "Condition": condition,
    }
