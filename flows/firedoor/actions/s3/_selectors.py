"""Whether a trail's event selectors record what is done to the objects of a bucket.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OBJECTS = "AWS::S3::Object"


def records(selectors: Mapping[str, Any], bucket: str) -> bool:
    """Whether reading or writing some object of the bucket is recorded."""
    arn = f"arn:aws:s3:::{bucket}/"
    return any(_basic(each, arn) for each in selectors.get("EventSelectors") or []) or any(
        _advanced(each, arn) for each in selectors.get("AdvancedEventSelectors") or []
    )


def _basic(selector: Mapping[str, Any], arn: str) -> bool:
    return any(
        _overlap(_plain(str(value)), arn)
        for resource in selector.get("DataResources") or []
        if resource.get("Type") == OBJECTS
        for value in resource.get("Values") or []
    )


def _advanced(selector: Mapping[str, Any], arn: str) -> bool:
    fields = {str(each.get("Field")): each for each in selector.get("FieldSelectors") or []}
    if "Data" not in (fields.get("eventCategory") or {}).get("Equals", []):
        return False
    if OBJECTS not in (fields.get("resources.type") or {}).get("Equals", []):
        return False
    named = fields.get("resources.ARN")
    if named is None:
        return True
    if any(arn.startswith(_plain(str(each))) for each in named.get("NotStartsWith") or []):
        return False
    wanted = [*(named.get("StartsWith") or []), *(named.get("Equals") or [])]
    return not wanted or any(_overlap(_plain(str(each)), arn) for each in wanted)


def _plain(arn: str) -> str:
    """An ARN as the public partition writes it, so that they compare."""
    parts = arn.split(":", 2)
    return f"arn:aws:{parts[2]}" if len(parts) == 3 else "arn:aws:s3"


def _overlap(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
