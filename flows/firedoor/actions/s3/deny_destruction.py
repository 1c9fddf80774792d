"""Deny everybody but firedoor to delete from a bucket, or to take away what protects it.

A statement of ours is merged into the bucket's policy; the rest of it stays. It denies deleting
objects and versions, the bucket itself, and changing versioning, lifecycle, encryption, retention
and the policy; with `writing` also putting objects, which is how data is encrypted over. Exempt are
whoever acts for firedoor, AWS's own services (log delivery, replication, Config) and `spare`. S3's
own expiry by lifecycle rules obeys no policy: `s3.suspend_lifecycle`. Root can always remove it.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
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
from firedoor.kinds import Arn, BucketName

PERMISSIONS = (*READS, *WRITES)
EXAMPLE = {"bucket": "example-bucket", "writing": True}
REOPENS = Reopens("whoever destroys could go on, unless the credentials are shut")
DENIED = (
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:DeleteBucket",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
    "s3:PutEncryptionConfiguration",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutObjectRetention",
    "s3:BypassGovernanceRetention",
    "s3:PutReplicationConfiguration",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
)
commands = _statements.commands


class Input(Given, frozen=True, kw_only=True):
    """The bucket. `writing`: nobody puts objects either; `spare`: ARNs that it leaves alone."""

    bucket: BucketName
    writing: bool = False
    spare: list[Arn] = msgspec.field(default_factory=list)


class Found(BucketState, frozen=True, kw_only=True):
    """The statements of the policy; `exempt`: the ARNs of whoever acts."""

    exempt: list[str] = msgspec.field(default_factory=list)


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The statements of the policy."""
    state, _ = found(aws, case, given.bucket)
    exempt = names([*who_acts(aws.principal), *(w for s in given.spare for w in who_acts(s))])
    return Found(parts=state.parts, gone=state.gone, exempt=exempt)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Our statement, where it does not stand as we write it."""
    if before.gone:
        return []
    return adding(case, given.bucket, before, [_wanted(given, before, case)])


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Merge our statement in, or take it out."""
    write(aws, case, given.bucket, change)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Our statement stands, and denies all of it to everybody else."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.bucket, "nothing more can be destroyed")]
    stands = resource(case, given.bucket, _wanted(given, state, case)) in state.parts
    return [
        Check(
            what=f"nobody else may delete from {given.bucket}, or unprotect it",
            holds=stands,
            seen="our statement stands" if stands else "our statement does not stand",
        )
    ]


def _wanted(given: Input, before: Found, case: Case) -> Statement:
    return {
        "Sid": sid(case, "KeepData"),
        "Effect": "Deny",
        "Principal": "*",
        "Action": [*DENIED, *(["s3:PutObject"] if given.writing else [])],
        "Resource": resources(case, given.bucket),
        "Condition": {
            "ArnNotLike": {"aws:PrincipalArn": list(before.exempt)},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    }
