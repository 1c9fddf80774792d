"""Keep everything that IAM says of a role, before anything about it is changed.

The role with trust policy, boundary, tags and last use, inline and attached policies with their
documents, and the instance profiles that hold it. The trust policy and inline policies have no
history in IAM: what is overwritten is gone unless it was kept. What may not be read, and a role
that has been deleted, is said in `unknown`; the rest is kept all the same.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firedoor.actions import contract
from firedoor.actions.cloudtrail._events import Identity, all_regions, find, sweep
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.actions.iam._role import NOT_OURS, ROLE, role
from firedoor.actions.iam._trust import Trusted, trusted
from firedoor.actions.iam._user import document
from firedoor.actions.iam.capture_user import attached_policies
from firedoor.actions.iam.deny_role import inline_of_role
from firedoor.errors import AwsError, BadInput, NoCredentials, NotFound
from firedoor.kinds import AccessKeyId, Arn, IamRoleName, Region, mask_key_id

PERMISSIONS = (
    Permission("iam:GetRole", ROLE),
    Permission("iam:ListRolePolicies", ROLE),
    Permission("iam:GetRolePolicy", ROLE),
    Permission("iam:ListAttachedRolePolicies", ROLE),
    Permission("iam:GetPolicy"),
    Permission("iam:GetPolicyVersion"),
    Permission("iam:ListInstanceProfilesForRole", ROLE),
    Permission("cloudtrail:LookupEvents", why="of which role a session's key is"),
    Permission("ec2:DescribeRegions", why="which Regions to look in"),
    Permission("ec2:DescribeInstances", why="which role an instance carries"),
    Permission("iam:GetInstanceProfile", why="the same"),
)
EXAMPLE = {"role": "data-reader"}
KEEPS = (
    "iam.role",
    "iam.trust_policy",
    "iam.role_inline_policies",
    "iam.role_attached_policies",
    "iam.instance_profiles",
)


class Input(Given, frozen=True, kw_only=True):
    """The role; or the temporary key of a session of it, which CloudTrail knows; or an instance
    that carries it, in a Region (the one in use without it)."""

    role: IamRoleName | None = None
    access_key_id: AccessKeyId | None = None
    instance: str | None = None
    region: Region | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """What later steps ask about; the rest is in the kept document.

    `arn`: with its path; made up from the name when the role is gone. `aws_own`: a service-linked
    role, or one of Identity Center (`identity_center`), which IAM cannot edit. `trusted`: who may
    assume it, by its trust policy, as texts.
    """

    role: IamRoleName
    arn: Arn
    gone: bool
    aws_own: bool
    identity_center: bool
    services: list[str]
    trusted: list[str]
    instance_profiles: list[Arn]
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]
    not_kept: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Read it all."""
    name = _name(aws, given)
    parts: dict[str, Callable[[], Any]] = {
        "role": lambda: role(aws, name),
        "role_inline_policies": lambda: inline_of_role(aws, name),
        "role_attached_policies": lambda: attached_policies(
            aws, "list_attached_role_policies", RoleName=name
        ),
        "instance_profiles": lambda: list(
            aws.pages("iam", "list_instance_profiles_for_role", "InstanceProfiles", RoleName=name)
        ),
    }
    found: dict[str, Any] = {}
    unknown: list[str] = []
    for part, read in parts.items():
        try:
            found[part] = read()
        except NoCredentials:
            raise
        except AwsError as error:
            unknown.append(f"{part.replace('_', ' ')} of {name}: {error.message}")
    known = found.get("role")
    trust = Trusted()
    if known:
        known["AssumeRolePolicyDocument"] = document(known.get("AssumeRolePolicyDocument") or "{}")
        trust = trusted(known["AssumeRolePolicyDocument"])
    gone = "role" in found and known is None
    if gone:
        unknown = [f"IAM knows no role {name!r} (any more): its sessions are dead with it"]
    if known and str(known["Arn"]).partition(":role")[2].startswith(NOT_OURS[0]):
        unknown.append(
            f"role {name} is an AWS service's own and cannot be cut: CloudTrail says what made the "
            "service act (invokedBy); contain that"
        )
    arn = str(known["Arn"]) if known else f"arn:{aws.partition}:iam::{case.account}:role/{name}"
    path = "/" + arn.partition(":role/")[2]
    missing = [f"iam.{part}" for part in parts if part not in found]
    return Output(
        role=name,
        arn=arn,
        gone=gone,
        aws_own=path.startswith(NOT_OURS),
        identity_center=path.startswith(NOT_OURS[1]),
        services=trust.services,
        trusted=trust.everybody,
        instance_profiles=[each["Arn"] for each in found.get("instance_profiles", ())],
        keep=(
            Artefact(
                name=f"iam-role-{name}", content=found, about=f"IAM role {name} before containment"
            ),
        ),
        unknown=tuple(unknown),
        not_kept=tuple(missing + (["iam.trust_policy"] if "iam.role" in missing else [])),
    )


def _name(aws: Aws, given: Input) -> str:
    if given.role:
        return given.role
    if given.access_key_id:
        return _of_key(aws, given.access_key_id)
    if given.instance:
        return _of_instance(aws, given.instance, given.region)
    raise BadInput("give role=…, access_key_id=ASIA… of a session of it, or instance=i-…")


def _of_instance(aws: Aws, instance: str, region: str | None) -> str:
    """The role that an instance carries."""
    answer = aws.call("ec2", "describe_instances", region=region, InstanceIds=[instance])
    found = [each for one in answer["Reservations"] for each in one["Instances"]]
    profile = str((found[0].get("IamInstanceProfile") or {}).get("Arn") or "") if found else ""
    if not profile:
        raise NotFound(f"instance {instance} carries no role (any more): give role=… instead")
    name = profile.rsplit("/", 1)[-1]
    held = aws.call("iam", "get_instance_profile", InstanceProfileName=name)["InstanceProfile"]
    roles = [str(each["RoleName"]) for each in held["Roles"]]
    if not roles:
        raise NotFound(f"instance profile {name} holds no role (any more): give role=… instead")
    return roles[0]


def _of_key(aws: Aws, key: str) -> str:
    """The role of a session's key; NotFound where CloudTrail does not know it (yet)."""
    regions, unknown = all_regions(aws)
    found = sweep(
        regions,
        lambda region: find(aws, region, "AccessKeyId", key, since=None, until=None, pages=1),
    )
    roles = [who.role for event in found.events if (who := Identity.of(event)).role]
    if not roles:
        notes = "".join(f" ({note})" for note in (*unknown, *found.unknown))
        raise NotFound(
            f"key {mask_key_id(key)} is of no role's session that CloudTrail shows (events take up "
            f"to 15 minutes){notes}. Give role=… instead"
        )
    return roles[0]
