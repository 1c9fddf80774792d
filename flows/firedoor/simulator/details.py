"""GetAccountAuthorizationDetails: everything about an account's identities in one answer.

moto's own lists all of AWS's managed policies, without their names; AWS lists those in use.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from firedoor.simulator import accounts
from firedoor.simulator.credentials import Caller
from firedoor.simulator.state import State
from firedoor.simulator.wire import Call

Detail = dict[str, Any]
_AWS = "arn:aws:iam::aws:"


def authorization_details(_: State, call: Call, caller: Caller) -> Detail:
    """Users, groups, roles and the policies in use, or the kinds that `Filter` names."""
    backend = accounts.iam(caller.account)
    kinds = set(call.params.get("Filter") or ()) or {
        *("User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy")
    }
    holders = [*backend.users.values(), *backend.roles.values(), *backend.groups.values()]
    used = {arn for holder in holders for arn in holder.managed_policies}
    policies = [
        policy
        for arn, policy in backend.managed_policies.items()
        if ("AWSManagedPolicy" in kinds and arn.startswith(_AWS) and arn in used)
        or ("LocalManagedPolicy" in kinds and not arn.startswith(_AWS))
    ]
    groups = backend.groups.values() if "Group" in kinds else ()
    return {
        "UserDetailList": [_user(one) for one in backend.users.values() if "User" in kinds],
        "GroupDetailList": [_common(one, "Group") for one in groups],
        "RoleDetailList": [_role(one) for one in backend.roles.values() if "Role" in kinds],
        "Policies": [_policy(one) for one in policies],
        "IsTruncated": False,
    }


def _common(entity: Any, kind: str) -> Detail:
    return {
        "Path": entity.path,
        f"{kind}Name": entity.name,
        f"{kind}Id": entity.id,
        "Arn": entity.arn,
        "CreateDate": entity.create_date,
        f"{kind}PolicyList": [
            {"PolicyName": name, "PolicyDocument": quote(text)}
            for name, text in entity.policies.items()
        ],
        "AttachedManagedPolicies": [
            {"PolicyName": policy.name, "PolicyArn": arn}
            for arn, policy in entity.managed_policies.items()
        ],
    }


def _bounded(entity: Any) -> Detail:
    arn = accounts.boundary_arn(entity)
    found: Detail = {"Tags": _tags(entity)}
    if arn:
        found["PermissionsBoundary"] = {
            "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
            "PermissionsBoundaryArn": arn,
        }
    return found


def _tags(entity: Any) -> list[Detail]:
    return [{"Key": key, "Value": value} for key, value in accounts.tags_of(entity).items()]


def _user(user: Any) -> Detail:
    groups = [group.name for group in accounts.groups_of(user)]
    return {**_common(user, "User"), **_bounded(user), "GroupList": groups}


def _role(role: Any) -> Detail:
    return {
        **_common(role, "Role"),
        **_bounded(role),
        "AssumeRolePolicyDocument": quote(role.assume_role_policy_document),
        "InstanceProfileList": [_profile(one) for one in _profiles(role)],
        "RoleLastUsed": {"LastUsedDate": role.last_used, "Region": role.last_used_region},
    }


def _profiles(role: Any) -> list[Any]:
    return list(accounts.iam(role.account_id).get_instance_profiles_for_role(role.name))


def _profile(profile: Any) -> Detail:
    return {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profile.arn,
        "CreateDate": profile.create_date,
        "Roles": [],
    }


def _policy(policy: Any) -> Detail:
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version_id,
        "AttachmentCount": policy.attachment_count,
        "IsAttachable": policy.is_attachable,
        "CreateDate": policy.create_date,
        "UpdateDate": policy.update_date,
        "PolicyVersionList": policy.policy_version_list,
    }
