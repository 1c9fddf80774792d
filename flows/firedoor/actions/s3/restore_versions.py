"""Bring objects back to what they were at a moment: markers away, older versions on top again.

For each key whose newest version was made after the moment: when it was only deleted, the delete
markers go; when it was overwritten, the newest version from before is copied on top. Nothing is
deleted but delete markers, and what lay on top stays below. Keys that are new since then are left
alone. At most `limit` keys, the rest is said as unknown. Objects over 5 GiB, and older versions
that are gone, cannot be brought back like this: look for a backup. A copy is known by its ETag and
size: where S3 makes a new ETag (KMS), verify() says that it does not hold, and people look.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/RestoringPreviousVersions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote, unquote

import msgspec

from firedoor.actions import contract
from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission
from firedoor.actions.s3._bucket import BUCKET, BucketState, bucket_of, gone_check, is_gone, owned
from firedoor.errors import AwsError, Refused
from firedoor.kinds import BucketName, Time, parse_time

OBJECTS = f"{BUCKET}/*"
PERMISSIONS = (
    Permission("s3:ListBucketVersions", BUCKET),
    Permission("s3:GetObjectVersion", OBJECTS),
    Permission("s3:GetObjectVersionTagging", OBJECTS, "the copy keeps the tags"),
    Permission("s3:PutObject", OBJECTS),
    Permission("s3:PutObjectTagging", OBJECTS, "the copy keeps the tags"),
    Permission("s3:DeleteObjectVersion", OBJECTS, "delete markers, nothing else"),
)
EXAMPLE = {"bucket": "example-bucket", "moment": "2026-03-14T08:00:00Z", "limit": 100}
IRREVERSIBLE = (
    "what was on top stays below, as an older version: it is not brought back by undo, and can be "
    "copied up by hand"
)
COPY = "copy of version "
LARGEST = 5 * 1024**3
"""Bytes that one CopyObject may copy."""
PAGES = 50
"""Pages of 1,000 versions that are read."""


class Input(Given, frozen=True, kw_only=True):
    """The bucket, the moment, and which keys: those that begin with `prefix`, at most `limit`."""

    bucket: BucketName
    moment: Time
    prefix: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1000


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What brings a key back: one of its markers goes, or one of its versions is copied on top.

    `to`: what is on top then; None for nothing, where a marker goes.
    """

    how: Literal["unmark", "copy"]
    key: str
    version: str
    to: Any = None


class Found(BucketState, frozen=True, kw_only=True):
    """What is on top of each key that changed; `plans`: what brings it back; `left`: why not."""

    plans: dict[str, Plan]
    left: list[str] = msgspec.field(default_factory=list)


class Output(contract.Output, frozen=True, kw_only=True):
    """How many keys were brought back, and which could not be."""

    restored: int
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Version:
    """One version, or one delete marker, of a key."""

    key: str
    id: str
    made: datetime
    marker: bool
    latest: bool
    etag: str = ""
    size: int = 0


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The keys whose newest version is younger than the moment."""
    moment = parse_time(given.moment)
    parts: dict[str, Any] = {}
    plans: dict[str, Plan] = {}
    left: list[str] = []
    if moment > case.now:
        raise Refused(f"{given.moment} lies ahead: name the moment before the damage")
    try:
        for key, versions in _by_key(_versions(aws, given, case, left)):
            good = next((each for each in versions if each.made < moment), None)
            if versions[0].made >= moment and good is not None and not good.marker:
                found, back = _back(_object(given, case, key), versions, good)
                if len(plans) + len(back) > given.limit:
                    more = f"more than {given.limit} objects of {given.bucket} were changed"
                    left.append(f"{more}: the rest is left; run it again")
                    break
                if any(each.how == "copy" for each in back.values()) and good.size > LARGEST:
                    too_big = f"{key!r} in {given.bucket} is over 5 GiB"
                    left.append(f"{too_big}: copy its version {good.id} up in parts")
                    continue
                parts |= found
                plans |= back
    except AwsError as error:
        if not is_gone(error):
            raise
        return Found(parts={}, plans={}, gone=True)
    return Found(parts=parts, plans=plans, left=list(dict.fromkeys(left)))


def _back(
    name: str, versions: list[_Version], good: _Version
) -> tuple[dict[str, Any], dict[str, Plan]]:
    """What is on top of a key (`versions`, newest first) and what brings its good version back."""
    newer = versions[: versions.index(good)]
    if all(each.marker for each in newer):
        marks = {f"{name}#marker/{each.id}": each for each in newer}
        return (
            dict.fromkeys(marks, "delete marker"),
            {mark: Plan(how="unmark", key=it.key, version=it.id) for mark, it in marks.items()},
        )
    top = {f"{name}#top": _told(versions[0])}
    if _same(versions[0], good):
        return top, {}
    plan = Plan(how="copy", key=good.key, version=good.id, to=_told(good))
    return top, {f"{name}#top": plan}


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Markers that go, and versions that come on top."""
    return [
        Change(
            resource=name,
            what="delete marker" if plan.how == "unmark" else f"{COPY}{plan.version}",
            from_=before.parts[name],
            to=plan.to,
            lost=IRREVERSIBLE,
        )
        for name, plan in before.plans.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Take one marker away, or copy one version up; Refused the other way round."""
    key = _key(change.resource)
    bucket = owned(case, given.bucket)
    if change.resource.endswith("#top"):
        version = change.what.removeprefix(COPY)
        there = aws.call("s3", "head_object", **bucket, Key=key, VersionId=version)
        if change.to != {"etag": there["ETag"], "size": there["ContentLength"]}:
            raise Refused(f"cannot be brought back: {IRREVERSIBLE}")
        aws.call(
            "s3",
            "copy_object",
            **bucket,
            Key=key,
            CopySource={"Bucket": given.bucket, "Key": key, "VersionId": version},
            ExpectedSourceBucketOwner=case.account,
        )
        return
    if change.to is not None:
        raise Refused(f"cannot be brought back: {IRREVERSIBLE}")
    marker = change.resource.rpartition("#marker/")[2]
    aws.call("s3", "delete_object", **bucket, Key=key, VersionId=marker)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Nothing is left to be brought back."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given.bucket, "nothing can be brought back")]
    rest = len(state.plans)
    return [
        Check(
            what=f"what was in {given.bucket} at {given.moment} is on top again",
            holds=not rest,
            seen=f"{rest} objects are not" if rest else "nothing is left to be brought back",
        )
    ]


def output(given: Input, before: Found, case: Case) -> Output:
    """What later steps and the report may say of it."""
    keys = {plan.key for plan in before.plans.values()}
    return Output(restored=len(keys), unknown=tuple(before.left))


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    bucket, key = bucket_of(change.resource), _key(change.resource)
    name = ["--bucket", bucket, "--key", key]
    if change.resource.endswith("#top"):
        version = change.what.removeprefix(COPY)
        source = f"{bucket}/{quote(key)}?versionId={version}"
        return [["s3api", "copy-object", *name, "--copy-source", source]]
    marker = change.resource.rpartition("#marker/")[2]
    return [["s3api", "delete-object", *name, "--version-id", marker]]


def _versions(aws: Aws, given: Input, case: Case, left: list[str]) -> Iterator[_Version]:
    """Every version and marker, by key and newest first, as S3 lists them."""
    more: dict[str, str] = {}
    for _ in range(PAGES):
        page = aws.call(
            "s3",
            "list_object_versions",
            **owned(case, given.bucket),
            Prefix=given.prefix,
            **more,
        )
        found = [
            *(_version(each, marker=False) for each in page.get("Versions") or []),
            *(_version(each, marker=True) for each in page.get("DeleteMarkers") or []),
        ]
        # A page may end in the middle of a key: what it tells of it is in order all the same.
        yield from sorted(found, key=lambda it: (it.key, not it.latest, -it.made.timestamp()))
        if not page.get("IsTruncated"):
            return
        more = {"KeyMarker": page["NextKeyMarker"]}
        if page.get("NextVersionIdMarker"):
            more["VersionIdMarker"] = page["NextVersionIdMarker"]
    left.append(f"{given.bucket} has more versions than were read: name a prefix, or use a backup")


def _version(told: dict[str, Any], *, marker: bool) -> _Version:
    return _Version(
        key=str(told["Key"]),
        id=str(told["VersionId"]),
        made=told["LastModified"].astimezone(UTC),
        marker=marker,
        latest=bool(told.get("IsLatest")),
        etag=str(told.get("ETag") or ""),
        size=int(told.get("Size") or 0),
    )


def _by_key(versions: Iterator[_Version]) -> Iterator[tuple[str, list[_Version]]]:
    group: list[_Version] = []
    for each in versions:
        if group and each.key != group[0].key:
            yield group[0].key, group
            group = []
        group.append(each)
    if group:
        yield group[0].key, group


def _told(version: _Version) -> Any:
    return "delete marker" if version.marker else {"etag": version.etag, "size": version.size}


def _same(one: _Version, other: _Version) -> bool:
    return not one.marker and (one.etag, one.size) == (other.etag, other.size)


def _object(given: Input, case: Case, key: str) -> str:
    return f"arn:{case.partition}:s3:::{given.bucket}/{quote(key, safe='/')}"


def _key(resource: str) -> str:
    return unquote(resource.split("#", 1)[0].partition(":::")[2].partition("/")[2])
