"""Keep what S3 says of objects, before anything is done with them; never what is in them.

For each key: size, ETag, checksums, encryption, metadata, the version that is on top and its tags,
such as those of a malware scan. Keys are taken as they are: whoever put the objects chose them.
An object that is not there (any more) is said as unknown.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions import contract
from firedoor.actions._side_by_side import side_by_side
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.actions.s3._bucket import BUCKET, owned
from firedoor.errors import AwsError
from firedoor.kinds import BucketName

OBJECTS = f"{BUCKET}/*"
PERMISSIONS = (
    Permission("s3:GetObject", OBJECTS, "HeadObject is allowed by it; nothing is read"),
    Permission("s3:GetObjectTagging", OBJECTS),
)
EXAMPLE = {"bucket": "example-bucket", "keys": ["uploads/invoice.pdf.exe"]}
MOST = 200
"""Objects that are looked at; a finding names few."""
ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


class Input(Given, frozen=True, kw_only=True):
    """The bucket and the keys."""

    bucket: BucketName
    keys: list[str]


class Output(contract.Output, frozen=True, kw_only=True):
    """How many are there; `there` are their keys."""

    there: list[str]
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Head and tags of each, side by side."""
    keys = given.keys[:MOST]
    found, refused = side_by_side({key: _read(aws, given, case, key) for key in keys})
    there = [key for key in keys if found.get(key)]
    unknown = [f"{key!r} in {given.bucket}: {why}" for key, why in refused]
    unknown += [
        f"{key!r} is not in {given.bucket} (any more): a version of it may be"
        for key in keys
        if key in found and not found[key]
    ]
    if len(given.keys) > MOST:
        unknown.append(f"{len(given.keys) - MOST} more objects were not looked at")
    return Output(
        there=there,
        keep=(
            Artefact(
                name=f"s3-objects-{given.bucket}",
                content=found,
                about=f"Objects of {given.bucket}, as S3 describes them",
            ),
        ),
        unknown=tuple(unknown),
    )


def _read(aws: Aws, given: Input, case: Case, key: str) -> Any:
    def read() -> dict[str, Any] | None:
        named = {**owned(case, given.bucket), "Key": key}
        try:
            head = aws.call("s3", "head_object", **named, ChecksumMode="ENABLED")
            tags = aws.call("s3", "get_object_tagging", **named)
        except AwsError as error:
            if error.code not in ABSENT:
                raise
            return None
        return {"head": head, "tags": tags.get("TagSet")}

    return read
