"""Suspend the lifecycle rules of a bucket that delete objects, or versions of them.

Attackers have S3 itself delete: a rule that expires everything after a day, which no policy stops.
Each enabled rule that expires objects or older versions is set to Disabled and keeps all else that
it says; rules that only move objects or clear up uploads go on. S3 carries rules out about once a
day, so what is suspended within hours saves what is there. Meanwhile nothing expires, and storage
costs grow: undo it when the rules have been looked at.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
"""

from __future__ import annotations

import json
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens
from firedoor.actions.s3._bucket import (
    BUCKET,
    BucketState,
    bucket_of,
    gone_check,
    is_gone,
    owned,
    part,
    setting,
)
from firedoor.actions.s3._lifecycle import deletes, rule_name, rules_of
from firedoor.errors import AwsError, RunFailed
from firedoor.kinds import BucketName

PERMISSIONS = (
    Permission("s3:GetLifecycleConfiguration", BUCKET),
    Permission("s3:PutLifecycleConfiguration", BUCKET),
)
EXAMPLE = {"bucket": "example-bucket"}
REOPENS = Reopens("the rules would go on deleting, those of the attacker too")


class Input(Given, frozen=True, kw_only=True):
    """The bucket."""

    bucket: BucketName


def observe(aws: Aws, given: Input, case: Case) -> BucketState:
    """Whether each rule is Enabled or Disabled."""
    try:
        found = setting(aws, case, given.bucket, "get_bucket_lifecycle_configuration")
    except AwsError as error:
        if not is_gone(error):
            raise
        return BucketState(parts={}, gone=True)
    return BucketState(
        parts={
            part(case, given.bucket, "lifecycle-rule", rule_name(rule)): rule["Status"]
            for rule in rules_of(found)
            if deletes(rule)
        }
    )


def changes(given: Input, before: BucketState, case: Case) -> list[Change]:
    """Each enabled one is disabled."""
    return [
        Change(resource=name, what="lifecycle rule", from_=status, to="Disabled")
        for name, status in before.parts.items()
        if status != "Disabled"
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set the status of one rule; the others are written back as they were read.

    RunFailed when it should be enabled again and is not there any more.
    """
    name = change.resource.rpartition("lifecycle-rule/")[2]
    found = setting(aws, case, given.bucket, "get_bucket_lifecycle_configuration")
    rules = rules_of(found)
    if name not in map(rule_name, rules):
        if change.to == "Disabled":
            return
        raise RunFailed(
            f"the lifecycle rule {name!r} of {given.bucket} is not there any more; its words are "
            "in the evidence: make it again if it is still wanted"
        )
    if all(rule["Status"] == change.to for rule in rules if rule_name(rule) == name):
        return
    new = [{**rule, "Status": change.to} if rule_name(rule) == name else rule for rule in rules]
    told: dict[str, Any] = {"LifecycleConfiguration": {"Rules": new}}
    size = found.get("TransitionDefaultMinimumObjectSize")
    if size:
        told["TransitionDefaultMinimumObjectSize"] = size
    aws.call("s3", "put_bucket_lifecycle_configuration", **owned(case, given.bucket), **told)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """No rule that deletes is enabled."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.bucket, "no rule deletes anything")]
    active = [
        name.rpartition("/")[2] for name, status in state.parts.items() if status != "Disabled"
    ]
    return [
        Check(
            what=f"no lifecycle rule of {given.bucket} deletes anything",
            holds=not active,
            seen=f"enabled: {', '.join(active)}" if active else "none is enabled",
        )
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words: the whole configuration is written, so it is read first."""
    name = ["--bucket", bucket_of(change.resource)]
    rule = change.resource.rpartition("lifecycle-rule/")[2]
    edit = json.dumps({"rule": rule, "Status": change.to})
    return [
        ["s3api", "get-bucket-lifecycle-configuration", *name],
        [
            *("s3api", "put-bucket-lifecycle-configuration", *name),
            *("--lifecycle-configuration", f"<those rules, with {edit}>"),
        ],
    ]
