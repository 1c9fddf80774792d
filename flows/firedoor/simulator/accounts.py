"""The state of the simulated accounts, as moto keeps it, and what moto needs to behave.

moto's backends belong to the process, so one simulated AWS can run in a process at a time.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import moto.core.responses as moto_responses
import moto.core.utils as moto_core
import moto.iam.models as iam_models
import moto.s3.models as s3_models
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.model_instances import reset_model_data
from moto.iam.access_control import PermissionResult
from moto.moto_api._internal import mock_random

_real_utcnow: Callable[[], datetime] = moto_core.utcnow
_now: Callable[[], datetime] | None = None
_documents: dict[str, Any] = {}
_managed: dict[str, list[Any]] = {}


def _simulated_utcnow() -> datetime:
    """moto's naive "now": the simulated time while one is set, else the machine's."""
    return _now().astimezone(UTC).replace(tzinfo=None) if _now else _real_utcnow()


def follow_clock(now: Callable[[], datetime] | None) -> None:
    """Make the times that moto writes follow `now`; None gives it back the machine's clock."""
    global _now
    _now = now
    patch_clocks()


def patch_clocks() -> None:
    """Make moto's modules ask for the time here, those too that were loaded since."""
    images: Any = sys.modules.get("moto.ec2.models.amis")
    if images is not None:
        # Hundreds of images in each account and Region, of which a few will do.
        images.AmiBackend._load_amis = _load_images
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.") and getattr(module, "utcnow", None) is _real_utcnow:
            module.utcnow = _simulated_utcnow  # type: ignore[attr-defined]


def _load_images(self: Any) -> None:
    """The images that there are from the start: those of all Regions."""
    images: Any = sys.modules["moto.ec2.models.amis"]
    for said in images.AMIS:
        created = said.get("creation_date")
        moment = datetime.fromisoformat(created) if isinstance(created, str) else created
        given = {**said, "owner_alias": "amazon", "creation_date": moment}
        self.amis[said["ami_id"]] = images.Ami(self, **given)


def _permitted(*_: object, **__: object) -> PermissionResult:
    """Bucket policies are decided before moto is asked; its own reading ignores conditions."""
    return PermissionResult.PERMITTED


def reset(accounts: Iterable[str], seed: int | None) -> None:
    """Empty all of moto's state, make the accounts, and load AWS's managed policies."""
    setattr(s3_models.FakeBucket, "get_permission", _permitted)  # noqa: B010 a method of moto's
    # moto asks for them at each call, and they never change.
    names: Any = vars(moto_responses)["method_names_from_class"]
    if not hasattr(names, "cache_info"):
        setattr(moto_responses, "method_names_from_class", functools.cache(names))  # noqa: B010
    _empty()
    mock_random.seed(seed)
    for account in accounts:
        iam(account)


def _empty() -> None:
    """Forget every account. moto's own reset makes all of them anew at once, used or not."""
    in_use: list[Any] = vars(BackendDict)["_instances"]
    for backend in in_use:
        for of_account in backend.values():
            for one in of_account.values():
                # What holds files or threads has a reset of its own.
                if type(one).reset is not BaseBackend.reset:
                    one.reset()
        backend.clear()
    in_use.clear()
    reset_model_data()


def iam(account: str) -> Any:
    """moto's IAM of an account, with AWS's managed policies loaded."""
    backend = iam_models.iam_backends[account]["aws"]
    if not backend.aws_managed_policies:
        backend.aws_managed_policies = _managed_policies(account)
        backend.managed_policies.update({p.arn: p for p in backend.aws_managed_policies})
    return backend


def _managed_policies(account: str) -> list[Any]:
    """AWS's managed policies, attached to nobody. They are read once: nothing else of them can be
    changed, and there are more than a thousand."""
    if account not in _managed:
        from moto.iam.aws_managed_policies import aws_managed_policies_data

        if not _documents:
            _documents.update(json.loads(aws_managed_policies_data))
        # What is made of a seed must not depend on whether these have been read already.
        before = mock_random.getstate()
        mock_random.seed(account)
        _managed[account] = [
            iam_models.AWSManagedPolicy.from_data(name, account, "aws", data)
            for name, data in _documents.items()
        ]
        mock_random.setstate(before)
    for policy in _managed[account]:
        policy.attachment_count = 0
    return list(_managed[account])


@dataclass
class RootKey:
    """An access key of a root user; named like moto's keys of users."""

    access_key_id: str
    secret_access_key: str
    create_date: datetime
    status: str = "Active"
    last_used: Any = None


@dataclass
class Root:
    """The root user of an account; moto has none."""

    account_id: str
    keys: list[RootKey] = field(default_factory=list)
    name: str = "root"
    password: bool = True

    @property
    def arn(self) -> str:
        """Its ARN, which stands for the whole account too."""
        return f"arn:aws:iam::{self.account_id}:root"

    @property
    def id(self) -> str:
        """Its unique id: the account's number."""
        return self.account_id


def root(account: str) -> Root:
    """The root user of an account. It goes when the simulator's state is emptied."""
    backend = iam(account)
    if not hasattr(backend, "root_user"):
        backend.root_user = Root(account)
    found: Root = backend.root_user
    return found


def find_key(accounts: Iterable[str], access_key_id: str) -> tuple[Any, Any] | None:
    """(user, key) of a long-term access key, in whichever account it is; the root user's too."""
    for account in accounts:
        backend = iam(account)
        for own in root(account).keys:
            if own.access_key_id == access_key_id:
                return root(account), own
        key = backend.access_keys.get(access_key_id)
        if key is not None and key.user_name in backend.users:
            return backend.users[key.user_name], key
    return None


def role_by_arn(arn: str) -> Any | None:
    """The role of an ARN, in whichever account it is."""
    parts = arn.split(":")
    if len(parts) < 6 or not parts[4].isdigit():
        return None
    return next((role for role in iam(parts[4]).roles.values() if role.arn == arn), None)


def document(text: str | None) -> dict[str, Any]:
    """A stored policy document; one that cannot be read denies nothing and allows nothing."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def default_document(policy: Any) -> dict[str, Any]:
    """The document of a managed policy's default version."""
    for version in policy.versions:
        if version.version_id == policy.default_version_id:
            return document(version.document)
    return {}


def groups_of(user: Any) -> list[Any]:
    """The groups a user is in."""
    return [group for group in iam(user.account_id).groups.values() if user in group.users]


def identity_policies(entity: Any) -> tuple[dict[str, Any], ...]:
    """All identity policies of a user (with his groups'), a group or a role."""
    if isinstance(entity, Root):
        return (_EVERYTHING,)
    holders = [entity]
    if isinstance(entity, iam_models.User):
        holders += groups_of(entity)
    found = []
    for holder in holders:
        found += [document(text) for text in holder.policies.values()]
        found += [default_document(policy) for policy in holder.managed_policies.values()]
    return tuple(found)


_EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def boundary_arn(entity: Any) -> str | None:
    """The ARN of a user's or role's permissions boundary."""
    return getattr(entity, "permissions_boundary_arn", None) or None


def boundary(entity: Any) -> dict[str, Any] | None:
    """The document of a permissions boundary; one whose policy is gone allows nothing."""
    arn = boundary_arn(entity)
    if arn is None:
        return None
    policy = iam(entity.account_id).managed_policies.get(arn)
    return default_document(policy) if policy else {"Version": "2012-10-17", "Statement": []}


def tags_of(entity: Any) -> dict[str, str]:
    """The tags of a user or a role."""
    tags = getattr(entity, "tags", None) or []
    if isinstance(tags, dict):
        tags = list(tags.values())
    return {tag["Key"]: tag["Value"] for tag in tags}


def s3(account: str) -> Any:
    """moto's S3 of an account."""
    return s3_models.s3_backends[account]["aws"]


def bucket(name: str) -> Any | None:
    """A bucket, in whichever account it is."""
    for backends in list(s3_models.s3_backends.values()):
        found = backends["aws"].buckets.get(name)
        if found is not None:
            return found
    return None


def bucket_policies(found: Any) -> tuple[dict[str, Any], ...]:
    """The policy of a bucket, as a tuple of none or one."""
    text = found.policy
    if not text:
        return ()
    return (document(text.decode() if isinstance(text, bytes) else text),)


def object_tags(params: Mapping[str, Any]) -> dict[str, str]:
    """The tags of the object (the version, where one is said) that a call's parameters name."""
    found = bucket(str(params.get("Bucket") or ""))
    if found is None or "Key" not in params:
        return {}
    version = params.get("VersionId")
    for key in reversed(found.keys.getlist(str(params["Key"]), [])):
        # A delete marker has no tags.
        if hasattr(key, "arn") and version in (None, "", key.version_id):
            return dict(s3(str(found.account_id)).tagger.get_tag_dict_for_resource(key.arn))
    return {}
