"""Instances by the profile that they carry: a filter of DescribeInstances that moto lacks."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.instances import Instance
from moto.ec2.utils import filter_dict_attribute_mapping


def _profile_arn(instance: Any) -> str | None:
    found = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
    return str(found.iam_instance_profile.arn) if found else None


def install() -> None:
    """Teach moto the filter `iam-instance-profile.arn`."""
    setattr(Instance, "firedoor_profile_arn", property(_profile_arn))  # noqa: B010 moto's class
    filter_dict_attribute_mapping["iam-instance-profile.arn"] = "firedoor_profile_arn"
