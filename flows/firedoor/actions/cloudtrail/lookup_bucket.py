"""Follow a bucket in CloudTrail: who changed its settings, and whom a new policy let in.

Looks the bucket up by name in its own Region; what firedoor itself changed is left out. Calls that
changed its policy, ACL, public access block, versioning, lifecycle, encryption, logging and the
like within `lookback` are told with whose credentials made them. Each policy that was put then is
compared with the one that stood before it: accounts that only the newer one lets in are new. Where
no older policy is among the events (they go back 90 days) nobody can say which of its accounts are
new: they are `unsure`. What was read from or written to objects is not in the event history.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from firedoor.actions import contract
from firedoor.actions.cloudtrail._events import (
    DELIVERY,
    Event,
    Identity,
    find,
    oldest_first,
    succeeded,
    unique,
    when,
)
from firedoor.actions.cloudtrail._seen import Seen, tell
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.actions.s3._policy import outsiders, statements
from firedoor.kinds import (
    AccessKeyId,
    AccountId,
    BucketName,
    Duration,
    IamRoleName,
    IamUserName,
    Region,
    parse_duration,
)

PERMISSIONS = (Permission("cloudtrail:LookupEvents"),)
EXAMPLE = {"bucket": "example-bucket", "region": "eu-central-1", "lookback": "48h"}
KEPT = timedelta(days=90)
"""How far back the event history goes."""
PAGES = 20
"""Pages of 50 events that are read: 10 s at two requests a second."""
CHANGES = ("Put", "Delete", "Create", "Update")


class Input(Given, frozen=True, kw_only=True):
    """The bucket, its Region, and within how long what was changed counts as new."""

    bucket: BucketName
    region: Region | None = None
    lookback: Duration = "48h"


class Output(contract.Output, frozen=True, kw_only=True):
    """What was changed, by whom. `new_accounts` were let in within `lookback`, `unsure_accounts`
    may have been. The users, roles and keys are those of the changes."""

    changes: list[str]
    users: list[IamUserName]
    roles: list[IamRoleName]
    access_key_ids: list[AccessKeyId]
    new_accounts: list[AccountId]
    unsure_accounts: list[AccountId]
    lifecycle_changed: bool
    seen: tuple[Seen, ...]
    seen_left_out: int
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The bucket's events of 90 days, and what of them is new."""
    found = find(
        aws,
        given.region or aws.region,
        "ResourceName",
        given.bucket,
        since=case.now - KEPT,
        until=None,
        pages=PAGES,
    )
    history = oldest_first(filter(succeeded, unique(found.events)))
    since = case.now - parse_duration(given.lookback)
    made = [
        each
        for each in history
        if _changes(each) and when(each) >= since and Identity.of(each).arn != aws.principal
    ]
    new, unsure = _let_in(history, since, case.account)
    who = [Identity.of(each) for each in made]
    seen, left_out = tell(unique(made))
    return Output(
        changes=sorted({str(each.get("eventName")) for each in made}),
        users=_names(each.user for each in who if each.kind != "Root"),
        roles=_names(each.role for each in who),
        access_key_ids=_names(each.key for each in who),
        new_accounts=sorted(new),
        unsure_accounts=sorted(unsure - new),
        lifecycle_changed=any("Lifecycle" in str(each.get("eventName")) for each in made),
        seen=seen,
        seen_left_out=left_out,
        keep=(
            Artefact(
                name=f"cloudtrail-bucket-{given.bucket}",
                content=unique(found.events),
                about=f"CloudTrail's management events of bucket {given.bucket}",
            ),
        ),
        unknown=(*found.unknown, *_notes(given, unsure - new, made)),
    )


def _notes(given: Input, unsure: set[str], made: list[Event]) -> Iterable[str]:
    yield f"{given.bucket}: {DELIVERY}"
    if unsure:
        yield (
            f"whether {', '.join(sorted(unsure))} had access to {given.bucket} before: no older "
            "policy is among the events of 90 days. Ask the bucket's owner"
        )
    if any(Identity.of(each).kind == "Root" for each in made):
        yield f"the root user changed {given.bucket}: no policy of the account shuts root out"


def _changes(event: Event) -> bool:
    name = str(event.get("eventName"))
    return name.startswith(CHANGES) and not event.get("readOnly") and _is_setting(name)


def _is_setting(name: str) -> bool:
    """Data events, where somebody delivers them into the history, are not settings."""
    return not name.startswith(("PutObject", "DeleteObject"))


def _let_in(history: list[Event], since: Any, account: str) -> tuple[set[str], set[str]]:
    """The accounts that policies put since then let in and older ones did not; and those of which
    that cannot be said. `history` is oldest first."""
    before: set[str] | None = None
    new: set[str] = set()
    unsure: set[str] = set()
    for event in history:
        policy = _policy_put(event)
        if policy is None:
            continue
        names = {who for each in statements(policy) for who in outsiders(each, account)}
        if when(event) >= since:
            if before is None:
                unsure |= names
            else:
                new |= names - before
            # What came new once stays new, also when it is put again.
            before = names if before is None else before
        else:
            before = names
    return new, unsure


def _policy_put(event: Event) -> dict[str, Any] | None:
    """The policy that a call left on the bucket; {} when it took it away, None for other calls."""
    name = event.get("eventName")
    if name == "DeleteBucketPolicy":
        return {}
    if name != "PutBucketPolicy":
        return None
    said = (event.get("requestParameters") or {}).get("bucketPolicy")
    if isinstance(said, str):
        try:
            said = json.loads(said)
        except ValueError:
            return None
    return said if isinstance(said, dict) else None


def _names(found: Iterable[str]) -> list[Any]:
    return sorted({each for each in found if each})
