"""Changing one statement of a bucket's policy: what the actions that do so have in common.

A part is one statement, written as a policy of its own, under the name that its content gives it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Permission
from firedoor.actions.s3._bucket import (
    BUCKET,
    BucketState,
    bucket_of,
    is_gone,
    owned,
    part,
    setting,
)
from firedoor.actions.s3._policy import (
    Document,
    Statement,
    alone,
    merged,
    name_of,
    statements,
    taken_out,
)
from firedoor.errors import AwsError, AwsRefused, RunFailed

READS = (Permission("s3:GetBucketPolicy", BUCKET),)
WRITES = (
    Permission("s3:PutBucketPolicy", BUCKET),
    Permission("s3:DeleteBucketPolicy", BUCKET, "when no statement is left"),
)
MOST = 20 * 1024
"""Bytes that a bucket policy may have."""


def read_policy(aws: Aws, case: Case, bucket: str) -> Document | None:
    """The bucket's policy; None when it has none. AwsError when there is no such bucket."""
    text = setting(aws, case, bucket, "get_bucket_policy").get("Policy")
    return dict(json.loads(text)) if text else None


def resource(case: Case, bucket: str, statement: Statement) -> str:
    """The stable name of a statement of the bucket's policy."""
    return part(case, bucket, "policy-statement", name_of(statement))


def found(aws: Aws, case: Case, bucket: str) -> tuple[BucketState, Document | None]:
    """Every statement of the bucket's policy as a part, and the policy."""
    try:
        document = read_policy(aws, case, bucket)
    except AwsError as error:
        if not is_gone(error):
            raise
        return BucketState(parts={}, gone=True), None
    parts = {
        resource(case, bucket, each): alone(document or {}, each)
        for each in statements(document or {})
    }
    return BucketState(parts=parts), document


def adding(
    case: Case, bucket: str, before: BucketState, wanted: Iterable[Statement]
) -> list[Change]:
    """The changes that put statements of ours into the policy; none for those that stand there.

    One with the id of ours that says something else, because somebody has edited it, goes.
    """
    head: Document = next(iter(before.parts.values()), {})
    made: list[Change] = []
    for statement in wanted:
        name = resource(case, bucket, statement)
        if name in before.parts:
            continue
        for index, (other, there) in enumerate(before.parts.items()):
            if statements(there)[0].get("Sid") == statement["Sid"]:
                made.append(Change(resource=other, what=place(index), from_=there, to=None))
        made.append(
            Change(resource=name, what="new statement", from_=None, to=alone(head, statement))
        )
    return made


def write(
    aws: Aws, case: Case, bucket: str, change: Change, *, instead: Statement | None = None
) -> None:
    """Put in or take out the one statement of a change; `instead`: what takes its place.

    RunFailed when the policy would be too long, or when S3 blocks it for being public.
    """
    document = read_policy(aws, case, bucket)
    name = change.resource.rpartition("/")[2]
    if change.to is not None:
        new: Document | None = merged(document, change.to, at=_place(change))
    elif document is None or name not in map(name_of, statements(document)):
        return
    elif instead is not None:
        at = [name_of(each) for each in statements(document)].index(name)
        left = taken_out(document, name) or {**document, "Statement": []}
        new = merged(left, alone(document, instead), at=at)
    else:
        new = taken_out(document, name)
    if new is None:
        aws.call("s3", "delete_bucket_policy", **owned(case, bucket))
        return
    text = json.dumps(new, separators=(",", ":"))
    if len(text.encode()) > MOST:
        raise RunFailed(
            f"the policy of {bucket} has no room for it ({len(text.encode())} of {MOST} bytes): "
            "take out statements that are not needed and run this again"
        )
    try:
        aws.call("s3", "put_bucket_policy", **owned(case, bucket), Policy=text)
    except AwsRefused as error:
        if "BlockPublicPolicy" not in str(error):
            raise
        raise RunFailed(
            f"S3 did not take the policy of {bucket}: {error}. With it the bucket would be public, "
            "and Block Public Access forbids that: take the public statements out first, or, when "
            "they are to come back, undo the block first"
        ) from error


def place(index: int) -> str:
    """What a change of a statement says it changes; the number is where undo puts it back."""
    return f"statement {index + 1}"


def _place(change: Change) -> int:
    number = re.fullmatch(r"statement (\d+)", change.what)
    return int(number[1]) - 1 if number else MOST


def who_acts(principal: str) -> list[str]:
    """Patterns of `aws:PrincipalArn` that cover whoever acts; a role's path is not known, and its
    name is unique in the account."""
    head, _, rest = principal.rpartition(":")
    kind, _, name = rest.partition("/")
    if kind == "assumed-role":
        head = head.replace(":sts:", ":iam:")
        role = name.split("/")[0]
        return [f"{head}:role/{role}", f"{head}:role/*/{role}"]
    return [principal]


def resources(case: Case, bucket: str) -> list[str]:
    """The bucket and everything in it, as a policy names them."""
    arn = f"arn:{case.partition}:s3:::{bucket}"
    return [arn, f"{arn}/*"]


def sid(case: Case, what: str) -> str:
    """A statement's id of ours: letters and digits alone are allowed."""
    return "Firedoor" + re.sub(r"[^A-Za-z0-9]", "", case.incident) + what


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words: read the policy, edit it by hand, write it back. Nothing is replaced
    that was not read."""
    bucket = bucket_of(change.resource)
    name = ["--bucket", bucket]
    what: Any = change.to if change.to is not None else change.from_
    verb = "put in" if change.to is not None else "take out"
    (statement,) = statements(what)
    text = json.dumps(statement, separators=(",", ":"))
    return [
        ["s3api", "get-bucket-policy", *name, "--query", "Policy", "--output", "text"],
        ["s3api", "put-bucket-policy", *name, "--policy", f"<that policy; {verb}: {text}>"],
    ]


def names(each: Sequence[str]) -> list[str]:
    """Sorted and once each, so that the same list makes the same statement."""
    return sorted(dict.fromkeys(each))
