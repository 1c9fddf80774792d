"""What the actions on a KMS key share: its ARN, its description, and the names of its parts."""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws
from firedoor.errors import AwsError

KEY = "arn:{partition}:kms:{region}:{account}:key/{key}"
GONE = frozenset({"NotFoundException"})
GOING = ("PendingDeletion", "PendingReplicaDeletion")
"""States of a key whose deletion has been scheduled."""


def region_of(aws: Aws, key: str, region: str | None) -> str:
    """Where the key is: its ARN says it, else `region`, else the Region in use."""
    return key.split(":")[3] if key.startswith("arn:") else region or aws.region


def describe(aws: Aws, key: str, region: str) -> dict[str, Any]:
    """KMS's metadata of the key."""
    found: dict[str, Any] = aws.call("kms", "describe_key", region=region, KeyId=key)["KeyMetadata"]
    return found


def found(aws: Aws, key: str, region: str) -> dict[str, Any] | None:
    """The same; None when there is no such key (any more)."""
    try:
        return describe(aws, key, region)
    except AwsError as error:
        if error.code not in GONE:
            raise
        return None


def arn_of(resource: str) -> str:
    """The key's ARN in the name of one of its parts."""
    return resource.split("#", 1)[0]


def region_in(resource: str) -> str:
    """The Region in the name of a key's part."""
    return resource.split(":")[3]
