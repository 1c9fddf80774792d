"""Who touched the objects of a bucket, by the logs that were kept: CloudTrail's and S3's own."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

READING = ("Get", "Head", "List", "Select", "Copy")
_LINE = re.compile(
    r"(?P<owner>\S+) (?P<bucket>\S+) \[(?P<time>[^\]]+)\] (?P<ip>\S+) (?P<who>\S+) (?P<id>\S+) "
    r'(?P<operation>\S+) (?P<key>\S+) (?:"(?P<uri>(?:[^"\\]|\\.)*)"|-) (?P<status>\S+) '
    r"(?P<error>\S+) (?P<sent>\S+)"
)
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html"""
_ACCOUNT = re.compile(r":(\d{12}):")


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody from one address: how many objects he read, wrote and deleted, how many bytes he was
    sent, when first and last. `account` "" and `who` "anonymous" for everybody; `refused` calls
    are counted apart. `sse_c`: how many he wrote with a key of his own."""

    who: str
    account: str
    ip: str
    read: int
    written: int
    deleted: int
    refused: int
    sse_c: int
    sent: int
    first: str
    last: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Touch:
    """One call on one object, as a log tells it."""

    who: str
    account: str
    ip: str
    kind: str
    refused: bool
    sse_c: bool
    sent: int
    at: str
    key: str


SHOWN = 5
"""Keys that are named for each reader; all of them are in the logs."""


def told(touches: Iterable[Touch]) -> list[Reader]:
    """The touches by person and address, those who read most first."""
    groups: dict[tuple[str, str, str], list[Touch]] = {}
    for each in touches:
        groups.setdefault((each.who, each.account, each.ip), []).append(each)
    readers = [
        Reader(
            who=who,
            account=account,
            ip=ip,
            read=_count(found, "read"),
            written=_count(found, "write"),
            deleted=_count(found, "delete"),
            refused=sum(each.refused for each in found),
            sse_c=sum(each.sse_c and not each.refused for each in found),
            sent=sum(each.sent for each in found),
            first=min(each.at for each in found),
            last=max(each.at for each in found),
            keys=tuple(dict.fromkeys(each.key for each in found if not each.refused))[:SHOWN],
        )
        for (who, account, ip), found in groups.items()
    ]
    return sorted(readers, key=lambda each: (-each.read - each.deleted, each.who, each.ip))


def _count(touches: list[Touch], kind: str) -> int:
    return sum(each.kind == kind and not each.refused for each in touches)


def from_cloudtrail(content: bytes, bucket: str) -> Iterator[Touch]:
    """The touches of a bucket's objects in a log file of CloudTrail; ValueError when it is none."""
    try:
        records = json.loads(gzip.decompress(content)).get("Records") or []
    except (OSError, EOFError, ValueError, AttributeError) as error:
        raise ValueError(f"it is no log file of CloudTrail: {error}") from None
    for record in records:
        asked = record.get("requestParameters") or {}
        if record.get("eventSource") != "s3.amazonaws.com" or asked.get("bucketName") != bucket:
            continue
        name = str(record.get("eventName"))
        if "key" not in asked and not name.startswith(("ListObject", "DeleteObjects")):
            continue
        more = record.get("additionalEventData") or {}
        who = record.get("userIdentity") or {}
        nobody = str(who.get("accountId") or "").lower() in ("anonymous", "anonymous_principal")
        yield Touch(
            who="anonymous" if nobody else str(who.get("arn") or who.get("invokedBy") or "unknown"),
            account="" if nobody else str(who.get("accountId") or ""),
            ip=str(record.get("sourceIPAddress") or ""),
            kind=_kind(name),
            refused=bool(record.get("errorCode")),
            sse_c=_brings_key(asked, more),
            sent=int(more.get("bytesTransferredOut") or 0),
            at=str(record.get("eventTime") or ""),
            key=str(asked.get("key") or ""),
        )


def from_access_log(content: bytes, bucket: str) -> Iterator[Touch]:
    """The touches in a server access log of S3; lines that are none are passed over."""
    for line in content.decode(errors="replace").splitlines():
        found = _LINE.match(line)
        if found is None or found["bucket"] != bucket:
            continue
        who = found["who"]
        account = _ACCOUNT.search(who)
        # REST.GET.OBJECT, WEBSITE.GET.OBJECT, BATCH.DELETE.OBJECT, S3.EXPIRE.OBJECT
        _, _, rest = found["operation"].partition(".")
        if not rest.endswith(("OBJECT", "BUCKET", "OBJECT_VERSION", "VERSION")):
            continue
        yield Touch(
            who="anonymous" if who == "-" else who,
            account=account[1] if account else "",
            ip=found["ip"],
            kind=_kind(rest.split(".")[0].title()),
            refused=not found["status"].startswith(("2", "3")),
            sse_c=False,
            sent=int(found["sent"]) if found["sent"].isdigit() else 0,
            at=found["time"],
            key=found["key"],
        )


def _kind(name: str) -> str:
    if name.startswith(("Delete", "Expire")):
        return "delete"
    return "read" if name.startswith(READING[:-1]) else "write"


def _brings_key(asked: Mapping[str, Any], more: Mapping[str, Any]) -> bool:
    return (
        "x-amz-server-side-encryption-customer-algorithm" in asked
        or more.get("SSEApplied") == "SSE_C"
    )
