"""Keep what KMS says of a key: state, deletion date, policy, grants, aliases, rotation, tags.

Before anything is changed: a key's policy has no history in KMS, and what a grant said is gone with
it. Key material is never read. What cannot be read is said in `unknown`; a key that is not there is
no failure.
Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.actions.kms._key import GOING, KEY, found, region_of
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import Arn, KmsKey, Region

PERMISSIONS = (
    Permission("kms:DescribeKey", KEY),
    Permission("kms:GetKeyPolicy", KEY),
    Permission("kms:ListGrants", KEY),
    Permission("kms:ListAliases"),
    Permission("kms:GetKeyRotationStatus", KEY),
    Permission("kms:ListResourceTags", KEY),
)
EXAMPLE = {"key": "1234abcd-12ab-34cd-56ef-1234567890ab", "region": "eu-central-1"}
KEEPS = ("kms.key_policy", "kms.grant")


class Input(Given, frozen=True, kw_only=True):
    """The key, and its Region where it is not named by its ARN."""

    key: KmsKey
    region: Region | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """`going`: its deletion is scheduled. `material_gone`: imported material was taken away."""

    found: bool
    arn: Arn | None = None
    key: KmsKey | None = None
    state: str = ""
    going: bool = False
    material_gone: bool = False
    deletion_date: str = ""
    aliases: tuple[str, ...] = ()
    grants: int = 0
    not_kept: tuple[str, ...] = ()
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Everything that KMS tells of the key."""
    region = region_of(aws, given.key, given.region)
    key = found(aws, given.key, region)
    if key is None:
        return Output(found=False, unknown=(f"KMS in {region} has no key {given.key}",))
    arn = str(key["Arn"])
    parts: dict[str, Callable[[], Any]] = {
        "policy": lambda: json.loads(
            aws.call("kms", "get_key_policy", region=region, KeyId=arn, PolicyName="default")[
                "Policy"
            ]
        ),
        "grants": lambda: list(aws.pages("kms", "list_grants", "Grants", region=region, KeyId=arn)),
        "aliases": lambda: list(
            aws.pages("kms", "list_aliases", "Aliases", region=region, KeyId=arn)
        ),
        "tags": lambda: list(
            aws.pages("kms", "list_resource_tags", "Tags", region=region, KeyId=arn)
        ),
        "rotation": lambda: aws.call("kms", "get_key_rotation_status", region=region, KeyId=arn),
    }
    told: dict[str, Any] = {"key": key}
    unknown: list[str] = []
    for name, read in parts.items():
        try:
            told[name] = read()
        except NoCredentials:
            raise
        except AwsError as error:
            # KMS has no rotation to tell of a key that waits for its deletion.
            if error.code != "KMSInvalidStateException":
                unknown.append(f"{name} of key {given.key}: {error.message}")
    state = str(key["KeyState"])
    names = {"kms.key_policy": "policy", "kms.grant": "grants"}
    return Output(
        found=True,
        arn=arn,
        key=str(key["KeyId"]),
        state=state,
        going=state in GOING,
        material_gone=state == "PendingImport",
        deletion_date=str(key.get("DeletionDate") or ""),
        aliases=tuple(str(each["AliasName"]) for each in told.get("aliases", ())),
        grants=len(told.get("grants", ())),
        not_kept=tuple(thing for thing, part in names.items() if part not in told),
        keep=(
            Artefact(
                name=f"kms-key-{key['KeyId']}",
                content=told,
                about=f"KMS key {key['KeyId']} before containment",
            ),
        ),
        unknown=tuple(unknown),
    )
