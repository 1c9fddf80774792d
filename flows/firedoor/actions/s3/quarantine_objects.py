"""Let nobody read certain objects any more: a tag on each, and a deny in the bucket's policy.

The objects stay where they are, as evidence. A tag is added to those that each has; a statement of
ours denies reading, copying and re-tagging whatever carries it, to everybody but whoever acts for
firedoor. The tag is on the newest version: older ones of the same key stay readable by their
version id. Deleting is left to people.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens
from firedoor.actions.s3 import _statements
from firedoor.actions.s3._bucket import BUCKET, BucketState, bucket_of, owned
from firedoor.actions.s3._policy import Statement
from firedoor.actions.s3._statements import (
    READS,
    WRITES,
    adding,
    found,
    names,
    resource,
    sid,
    who_acts,
    write,
)
from firedoor.errors import AwsError, RunFailed
from firedoor.kinds import BucketName

OBJECTS = f"{BUCKET}/*"
PERMISSIONS = (
    *READS,
    *WRITES,
    Permission("s3:GetObjectTagging", OBJECTS),
    Permission("s3:PutObjectTagging", OBJECTS),
    Permission("s3:DeleteObjectTagging", OBJECTS, "undo, where ours is the only tag"),
)
EXAMPLE = {"bucket": "example-bucket", "keys": ["uploads/invoice.pdf.exe"]}
REOPENS = Reopens("whoever reads the object would get what is in it, malware too")
TAG = "firedoor-quarantine"
MOST_TAGS = 10
ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "MethodNotAllowed"})
DENIED = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:PutObjectTagging",
    "s3:DeleteObjectTagging",
    "s3:PutObjectVersionTagging",
    "s3:DeleteObjectVersionTagging",
)


class Input(Given, frozen=True, kw_only=True):
    """The bucket and the keys of the objects, as they are: whoever put them chose their names."""

    bucket: BucketName
    keys: list[str]


class Found(BucketState, frozen=True, kw_only=True):
    """The tags of each object, the statements of the policy; `exempt`: who acts."""

    exempt: list[str] = msgspec.field(default_factory=list)
    tags: dict[str, dict[str, str]]


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The quarantine tag of each object that is there, and the statements of the policy."""
    state, _ = found(aws, case, given.bucket)
    parts: dict[str, Any] = dict(state.parts)
    tags: dict[str, dict[str, str]] = {}
    for key in given.keys if not state.gone else ():
        has = _tags(aws, given, case, key)
        if has is None:
            continue
        tags[key] = has
        if TAG in has:
            parts[_object(given, case, key)] = has[TAG]
    exempt = names(who_acts(aws.principal))
    return Found(parts=parts, gone=state.gone, exempt=exempt, tags=tags)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """The deny first, so that the tag means something from its first moment; then the tags."""
    if before.gone or not before.tags:
        return []
    return [
        *adding(case, given.bucket, _policy_alone(before), [_wanted(given, before, case)]),
        *(
            Change(resource=name, what="quarantine tag", from_=before.parts.get(name), to=value)
            for key in before.tags
            if before.parts.get(name := _object(given, case, key)) != (value := case.incident)
        ),
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Merge the deny in or take it out; set or take off one object's tag.

    RunFailed when the object has no room for another tag.
    """
    if "#policy-statement/" in change.resource:
        write(aws, case, given.bucket, change)
        return
    key = _key(change.resource)
    has = _tags(aws, given, case, key)
    if has is None:
        return
    wanted = {name: value for name, value in has.items() if name != TAG}
    if change.to is not None:
        wanted[TAG] = str(change.to)
    if len(wanted) > MOST_TAGS:
        raise RunFailed(
            f"{key!r} in {given.bucket} has {MOST_TAGS} tags already, and S3 allows no more: take "
            "one off, or deny the object by its name in the bucket's policy"
        )
    named = {**owned(case, given.bucket), "Key": key}
    if not wanted:
        aws.call("s3", "delete_object_tagging", **named)
        return
    told = [{"Key": name, "Value": value} for name, value in wanted.items()]
    aws.call("s3", "put_object_tagging", **named, Tagging={"TagSet": told})


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """The deny stands, and every object that is there has the tag."""
    state = observe(aws, given, case)
    stands = resource(case, given.bucket, _wanted(given, state, case)) in state.parts
    checks = []
    for key in given.keys:
        there = key in state.tags
        tagged = state.parts.get(_object(given, case, key)) == case.incident
        checks.append(
            Check(
                what=f"nobody reads {key!r} in {given.bucket}",
                holds=not there or (stands and tagged),
                seen="it is not there any more"
                if not there
                else "tagged and denied"
                if stands and tagged
                else "the tag or the deny is missing",
            )
        )
    return checks


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    if "#policy-statement/" in change.resource:
        return _statements.commands(change)
    name = ["--bucket", bucket_of(change.resource), "--key", _key(change.resource)]
    told = json.dumps({"TagSet": [{"Key": TAG, "Value": change.to}]}, separators=(",", ":"))
    return [
        ["s3api", "get-object-tagging", *name],
        ["s3api", "put-object-tagging", *name, "--tagging", f"<those tags, and {told}>"],
    ]


def _tags(aws: Aws, given: Input, case: Case, key: str) -> dict[str, str] | None:
    """The object's tags; None when it is not there."""
    try:
        answer = aws.call("s3", "get_object_tagging", **owned(case, given.bucket), Key=key)
    except AwsError as error:
        if error.code not in ABSENT:
            raise
        return None
    return {str(tag["Key"]): str(tag["Value"]) for tag in answer.get("TagSet") or []}


def _policy_alone(before: Found) -> BucketState:
    return BucketState(parts=dict(_statement_parts(before)))


def _statement_parts(before: Found) -> Iterator[tuple[str, Any]]:
    return ((name, it) for name, it in before.parts.items() if "#policy-statement/" in name)


def _object(given: Input, case: Case, key: str) -> str:
    return f"arn:{case.partition}:s3:::{given.bucket}/{quote(key, safe='/')}#quarantine"


def _key(resource: str) -> str:
    return unquote(resource.split("#", 1)[0].partition(":::")[2].partition("/")[2])


def _wanted(given: Input, before: Found, case: Case) -> Statement:
    return {
        "Sid": sid(case, "Quarantine"),
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(DENIED),
        "Resource": f"arn:{case.partition}:s3:::{given.bucket}/*",
        "Condition": {
            "StringEquals": {f"s3:ExistingObjectTag/{TAG}": case.incident},
            "ArnNotLike": {"aws:PrincipalArn": list(before.exempt)},
        },
    }
