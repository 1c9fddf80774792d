"""The security-relevant state of an account as plain data, the same bytes for the same state.

Left out is what differs when a thing is made again as it was: times, unique ids, passwords and
secrets. Kept are access key ids and statuses, since those are what contains.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from moto.iam.models import User
from moto.s3.models import FakeDeleteMarker, s3_backends

from firedoor.simulator import (
    accounts,
    bedrock,
    buckets,
    identity_center,
    kms,
    mail,
    roles_anywhere,
    watching,
)
from firedoor.simulator.compute_state import compute
from firedoor.simulator.limits import service_credentials
from firedoor.simulator.workload_state import workloads

Data = dict[str, Any]


def snapshot(
    account: str,
    scps: object = (),
    beside: Mapping[tuple[str, ...], Any] | None = None,
    kept: Mapping[tuple[str, str, str], Mapping[str, Any]] | None = None,
) -> Data:
    """Users, roles, groups, policies, profiles, buckets, instances, keys, trails and mail of an
    account; JSON-able, sorted. `beside` and `kept`: what the simulator keeps where moto lacks an
    operation or a whole service."""
    backend = accounts.iam(account)
    in_use = {
        arn
        for holder in (*backend.users.values(), *backend.roles.values(), *backend.groups.values())
        for arn in holder.managed_policies
    }
    found = {
        "account": account,
        "aliases": sorted(backend.account_aliases),
        "users": {user.name: _user(user) for user in backend.users.values()},
        "roles": {role.name: _role(role) for role in backend.roles.values()},
        "groups": {group.name: _holder(group) for group in backend.groups.values()},
        "policies": {
            arn: _policy(policy)
            for arn, policy in backend.managed_policies.items()
            if not arn.startswith("arn:aws:iam::aws:")
        },
        "aws_policies_in_use": sorted(a for a in in_use if a.startswith("arn:aws:iam::aws:")),
        "instance_profiles": {
            profile.name: sorted(role.name for role in profile.roles)
            for profile in backend.instance_profiles.values()
        },
        "virtual_mfa_devices": sorted(backend.virtual_mfa_devices),
        "service_control_policies": scps,
        "s3": _access_points(account),
        "root_user": {
            "keys": {key.access_key_id: key.status for key in accounts.root(account).keys},
            "password": accounts.root(account).password,
        },
        "identity_center": identity_center.access(account),
        "roles_anywhere": roles_anywhere.switches(account),
        "buckets": {
            name: _bucket(bucket) for name, bucket in s3_backends[account]["aws"].buckets.items()
        },
        "keys": kms.snapshot(account),
        **watching.snapshot(account),
        **mail.snapshot(account, kept or {}),
        "provisioned-models": bedrock.snapshot(account, kept or {}),
    }
    machines = compute(account, beside or {})
    if machines:
        found["compute"] = machines
    found |= workloads(account)
    ordered: Data = _sorted(found)
    return ordered


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _sorted(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, (list, tuple)):
        return [_sorted(one) for one in value]
    return value


def _holder(entity: Any) -> Data:
    return {
        "arn": entity.arn,
        "inline": {name: accounts.document(text) for name, text in entity.policies.items()},
        "managed": sorted(entity.managed_policies),
    }


def _user(user: User) -> Data:
    return {
        **_holder(user),
        "boundary": accounts.boundary_arn(user),
        "tags": accounts.tags_of(user),
        "groups": sorted(group.name for group in accounts.groups_of(user)),
        "access_keys": {key.access_key_id: key.status for key in user.access_keys},
        "login_profile": {"reset_required": bool(user.password_reset_required)}
        if user.password
        else None,
        "mfa_devices": sorted(user.mfa_devices),
        "ssh_keys": {key.ssh_public_key_id: key.status for key in user.ssh_public_keys},
        "signing_certificates": {
            number: certificate.status for number, certificate in user.signing_certificates.items()
        },
        "service_credentials": {
            number: {"service": one["ServiceName"], "status": one["Status"]}
            for number, one in service_credentials(user).items()
        },
    }


def _role(role: Any) -> Data:
    return {
        **_holder(role),
        "boundary": accounts.boundary_arn(role),
        "tags": accounts.tags_of(role),
        "trust": accounts.document(role.assume_role_policy_document),
        "max_session": int(role.max_session_duration or 3600),
    }


def _policy(policy: Any) -> Data:
    return {
        "default": policy.default_version_id,
        "versions": {one.version_id: accounts.document(one.document) for one in policy.versions},
    }


def _bucket(bucket: Any) -> Data:
    block = bucket.public_access_block
    policies = accounts.bucket_policies(bucket)
    return {
        "policy": policies[0] if policies else None,
        "public_access_block": dict(vars(block)) if block else None,
        "acl": sorted(
            [_grantee(grantee), permission]
            for grant in (bucket.acl.grants if bucket.acl else [])
            for grantee in grant.grantees
            for permission in grant.permissions
        ),
        "versioning": bucket.versioning_status,
        "ownership": getattr(bucket, "ownership_rule", None),
        "encryption": buckets.encryption(bucket),
        "lifecycle": [[rule.id, rule.status] for rule in bucket.rules],
        "website": bool(bucket.website_configuration),
        "objects": {
            name: [_version(version) for version in bucket.keys.getlist(name)]
            for name in bucket.keys
        },
    }


def _version(version: Any) -> Any:
    """One version of an object: what it holds, and its tags; times and ids are left out."""
    if isinstance(version, FakeDeleteMarker):
        return "delete marker"
    tags = s3_backends[version.account_id]["aws"].tagger.get_tag_dict_for_resource(version.arn)
    return [version.etag, version.size, dict(tags)]


def _access_points(account: str) -> Data:
    """Access points and the account's own block."""
    control = sys.modules.get("moto.s3control.models")
    if control is None:
        # S3 Control was never called.
        return {"public_access_block": None, "access_points": {}, "multi_region_access_points": {}}
    backend = control.s3control_backends[account]["aws"]
    block = backend.public_access_block
    points = {
        name: {"bucket": point.bucket, "policy": accounts.document(point.policy)}
        for name, point in backend.access_points[account].items()
    }
    several = {
        name: {"policy": accounts.document(point.policy)}
        for name, point in backend.multi_region_access_points.get(account, {}).items()
    }
    return {
        "public_access_block": dict(vars(block)) if block else None,
        "access_points": points,
        "multi_region_access_points": several,
    }


def _grantee(grantee: Any) -> str:
    return str(grantee.uri or grantee.id or "")


def differences(before: Data, after: Data) -> dict[str, tuple[Any, Any]]:
    """What differs between two snapshots: `users/alice/access_keys/AKIA…` to (before, after).

    Absent is None. Lists are compared as a whole.
    """
    old, new = dict(_leaves(before)), dict(_leaves(after))
    return {
        path: (old.get(path), new.get(path))
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
    }


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    # Policy documents and what stands in them are compared as one thing: they are put as one.
    if isinstance(value, Mapping) and value and "inline" not in path[-2:-1]:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif value is not None and value != {}:
        yield "/".join(path), value
