"""Enable a KMS key that is disabled.

For a key that the attacker disabled, and for one whose deletion was cancelled, which KMS leaves
disabled. Only where it was enabled before (kms.lookup_tampering tells): a key that its owners had
disabled stays so. A key without its imported material cannot be enabled: the material has to be
imported again. Undoing disables it, and whatever uses it stops.
Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKey.html
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
from firedoor.actions.kms._key import KEY, arn_of, found, region_in, region_of
from firedoor.errors import AwsError, RunFailed
from firedoor.kinds import KmsKey, Region

PERMISSIONS = (
    Permission("kms:DescribeKey", KEY),
    Permission("kms:EnableKey", KEY),
    Permission("kms:DisableKey", KEY, "undo"),
)
EXAMPLE = {"key": "1234abcd-12ab-34cd-56ef-1234567890ab", "region": "eu-central-1"}
REOPENS = Reopens("what is encrypted with it could not be read again, as the attacker wanted it")


class Input(Given, frozen=True, kw_only=True):
    """The key, and its Region where it is not named by its ARN."""

    key: KmsKey
    region: Region | None = None


class Found(State, frozen=True, kw_only=True):
    """Whether it is enabled; `state`: KMS's word, "" when there is no such key."""

    state: str = ""


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The key's state; one that waits for its deletion counts as disabled: it will be."""
    key = found(aws, given.key, region_of(aws, given.key, given.region))
    if key is None:
        return Found(parts={})
    state = str(key["KeyState"])
    return Found(parts={f"{key['Arn']}#enabled": state in ("Enabled", "Updating")}, state=state)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Disabled → enabled."""
    return [
        Change(resource=resource, what="enabled", from_=False, to=True)
        for resource, enabled in before.parts.items()
        if not enabled
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Enable or disable it; RunFailed when KMS lets nobody do that in the state it is in."""
    arn, region = arn_of(change.resource), region_in(change.resource)
    operation = "enable_key" if change.to else "disable_key"
    try:
        aws.call("kms", operation, region=region, KeyId=arn)
    except AwsError as error:
        if error.code != "KMSInvalidStateException":
            raise
        raise RunFailed(
            f"{arn} is NOT {'enabled' if change.to else 'disabled'}: {error.message}. If its "
            f"deletion is scheduled, first: aws kms cancel-key-deletion --key-id {arn}; if its "
            "imported material is gone, import it again"
        ) from error


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """KMS says Enabled."""
    state = observe(aws, given, case)
    return [
        Check(
            what=f"key {given.key} is enabled",
            holds=any(state.parts.values()),
            seen=state.state or "there is no such key",
        )
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    verb = "enable-key" if change.to else "disable-key"
    where = region_in(change.resource)
    return [["kms", verb, "--key-id", arn_of(change.resource), "--region", where]]
