"""Cancel the deletion of a KMS key that is scheduled.

Deleting a key loses for good whatever is encrypted with it; waiting costs days of the 7 to 30 that
there are, and nothing can be decrypted meanwhile. Afterwards the key is *Disabled*, whatever it was
before: kms.enable_key puts that right. Its key policy has to allow kms:CancelKeyDeletion. Undoing
schedules it again, with the longest waiting time of 30 days: the day it was due cannot be had back.
Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html
"""

from __future__ import annotations

from firedoor.actions.contract import (
    Aws,
    Case,
    Change,
    Check,
    Given,
    Permission,
    Reopens,
    State,
)
from firedoor.actions.kms._key import GOING, KEY, arn_of, found, region_in, region_of
from firedoor.errors import AwsError, NotFound
from firedoor.kinds import KmsKey, Region

PERMISSIONS = (
    Permission("kms:DescribeKey", KEY),
    Permission("kms:CancelKeyDeletion", KEY, "the key's own policy has to allow it too"),
    Permission("kms:ScheduleKeyDeletion", KEY, "undo"),
)
EXAMPLE = {"key": "1234abcd-12ab-34cd-56ef-1234567890ab", "region": "eu-central-1"}
REOPENS = Reopens("the key would be deleted, and what it encrypts would be lost for good")
SCHEDULED = "scheduled"
LONGEST_DAYS = 30


class Input(Given, frozen=True, kw_only=True):
    """The key, and its Region where it is not named by its ARN."""

    key: KmsKey
    region: Region | None = None


class Found(State, frozen=True, kw_only=True):
    """Whether its deletion is scheduled; `state`: KMS's word, "" when there is no such key."""

    state: str = ""


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The key's state."""
    key = found(aws, given.key, region_of(aws, given.key, given.region))
    if key is None:
        return Found(parts={})
    going = key["KeyState"] in GOING
    return Found(
        parts={f"{key['Arn']}#deletion": SCHEDULED} if going else {}, state=key["KeyState"]
    )


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Scheduled → not scheduled."""
    return [
        Change(resource=resource, what="deletion", from_=value, to=None)
        for resource, value in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Cancel it, or schedule it anew; one that is cancelled already is done."""
    arn, region = arn_of(change.resource), region_in(change.resource)
    try:
        if change.to is None:
            aws.call("kms", "cancel_key_deletion", region=region, KeyId=arn)
        else:
            aws.call(
                "kms",
                "schedule_key_deletion",
                region=region,
                KeyId=arn,
                PendingWindowInDays=LONGEST_DAYS,
            )
    except AwsError as error:
        if error.code == "KMSInvalidStateException":
            # It is in the other state already: somebody was faster, or this is done twice.
            return
        if error.code == "NotFoundException":
            raise NotFound(
                f"{arn} is not there any more: it was deleted. Ask AWS Support at once whether it "
                "can still be had; restore data from backups that another key encrypts"
            ) from error
        raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is there and not waiting to be deleted."""
    state = observe(aws, given, case)
    return [
        Check(
            what=f"key {given.key} is not about to be deleted",
            holds=bool(state.state) and not state.parts,
            seen=state.state or "there is no such key",
        )
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    arn, region = arn_of(change.resource), region_in(change.resource)
    words = ["--key-id", arn, "--region", region]
    if change.to is None:
        return [["kms", "cancel-key-deletion", *words]]
    return [["kms", "schedule-key-deletion", *words, "--pending-window-in-days", "30"]]
