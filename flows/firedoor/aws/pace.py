"""How fast AWS is called: its published rates as token buckets, and slower where it asks for it.

A bucket holds `burst` calls and fills by `rate` a second; it belongs to one service or operation in
one Region (an account's own, since a session is of one account). Where AWS throttles all the same,
the rate is halved and grows back while calls succeed, for operations without a published rate too.
Source: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol


class Rate(NamedTuple):
    """So many calls at once, and so many a second after that."""

    burst: float
    rate: float


READING = ("describe_", "get_", "list_")
EC2 = {
    "reading": Rate(50, 10),
    "reading few": Rate(100, 20),
    "changing": Rate(50, 5),
}
"""EC2's defaults; `few`: what is asked about is named or filtered."""
OPERATIONS: Mapping[tuple[str, str], Rate] = {
    ("cloudtrail", "lookup_events"): Rate(1, 2),
    ("sts", "*"): Rate(600, 600),
    ("ec2", "create_tags"): Rate(100, 10),
    ("ec2", "create_snapshots"): Rate(100, 5),
    ("ec2", "modify_snapshot_attribute"): Rate(100, 5),
    ("ec2", "modify_network_interface_attribute"): Rate(100, 5),
    ("ec2", "modify_instance_metadata_options"): Rate(100, 5),
    ("ec2", "disassociate_iam_instance_profile"): Rate(100, 5),
    ("ec2", "terminate_instances"): Rate(100, 5),
    ("ec2", "copy_image"): Rate(100, 1),
    ("ec2", "run_instances"): Rate(5, 2),
    ("ec2", "start_instances"): Rate(5, 2),
    ("ec2", "enable_snapshot_block_public_access"): Rate(1, 0.1),
    ("ec2", "enable_image_block_public_access"): Rate(1, 0.1),
}
"""By service and operation as boto3 writes it; `*`: all operations of the service together. S3 and
IAM publish no rate for what configures a bucket or a user: there the answer is listened to."""
SLOWED = Rate(1, 5)
"""What an operation without a published rate begins at once it has been throttled."""
SLOWEST = 0.5
"""The least that throttling brings a rate down to, in calls a second."""
FASTER = 1.1
"""By how much a slowed rate grows with each call that succeeds."""
FORGOTTEN = 50.0
"""A slowed rate without a published limit that has grown so far is no limit any more."""

_FEW = ("filters", "_ids", "_id", "_names")


class Clock(Protocol):
    """The session's clock."""

    def now(self) -> datetime: ...
    def wait(self, seconds: float) -> None: ...


@dataclass
class _Bucket:
    """The calls that may be made now, when that was, and the rate it fills at."""

    full: Rate
    known: bool
    tokens: float
    at: datetime
    rate: float


class Pace:
    """The buckets of one session. Safe for threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}

    def wait(self, service: str, operation: str, region: str, given: Mapping[str, object]) -> None:
        """Return when the call may be made."""
        name = _name(service, operation, given)
        while True:
            pause = self._take(name, region)
            if pause <= 0:
                return
            self._clock.wait(pause)

    def throttled(
        self, service: str, operation: str, region: str, given: Mapping[str, object]
    ) -> None:
        """AWS asked for fewer calls of this kind."""
        name = _name(service, operation, given)
        with self._lock:
            bucket = self._bucket(name, region) or self._slowed(name, region)
            bucket.rate = max(SLOWEST, bucket.rate / 2)
            bucket.tokens = min(bucket.tokens, 0.0)

    def succeeded(
        self, service: str, operation: str, region: str, given: Mapping[str, object]
    ) -> None:
        """A call was answered: what was slowed down grows back."""
        name = _name(service, operation, given)
        with self._lock:
            bucket = self._buckets.get((*name, region))
            if bucket is None:
                return
            if bucket.known:
                bucket.rate = min(bucket.full.rate, bucket.rate * FASTER)
            elif bucket.rate * FASTER > FORGOTTEN:
                del self._buckets[(*name, region)]
            else:
                bucket.rate *= FASTER

    def _take(self, name: tuple[str, str], region: str) -> float:
        """Take one call out of the bucket; 0, or for how many seconds to wait first."""
        with self._lock:
            bucket = self._bucket(name, region)
            if bucket is None:
                return 0.0
            now = self._clock.now()
            passed = max(0.0, (now - bucket.at).total_seconds())
            bucket.tokens = min(bucket.full.burst, bucket.tokens + passed * bucket.rate)
            bucket.at = now
            if bucket.tokens >= 1.0:
                bucket.tokens -= 1.0
                return 0.0
            return (1.0 - bucket.tokens) / bucket.rate + 0.001

    def _bucket(self, name: tuple[str, str], region: str) -> _Bucket | None:
        key = (*name, region)
        if key not in self._buckets:
            rate = _published(*name)
            if rate is None:
                return None
            now = self._clock.now()
            self._buckets[key] = _Bucket(rate, True, rate.burst, now, rate.rate)
        return self._buckets[key]

    def _slowed(self, name: tuple[str, str], region: str) -> _Bucket:
        made = _Bucket(SLOWED, False, 0.0, self._clock.now(), 2 * SLOWED.rate)
        self._buckets[(*name, region)] = made
        return made


def _name(service: str, operation: str, given: Mapping[str, object]) -> tuple[str, str]:
    """Which bucket a call takes from."""
    if (service, operation) in OPERATIONS:
        return service, operation
    if (service, "*") in OPERATIONS:
        return service, "*"
    if service != "ec2":
        return service, operation
    if not operation.startswith(READING):
        return service, "changing"
    few = any(key.lower().endswith(part) for key in map(_snake, given) for part in _FEW)
    return service, "reading few" if few else "reading"


def _published(service: str, name: str) -> Rate | None:
    return EC2.get(name) if service == "ec2" and name in EC2 else OPERATIONS.get((service, name))


def _snake(name: str) -> str:
    """`InstanceIds` → `_instance_ids`."""
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name)
