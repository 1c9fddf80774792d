"""Keep how GuardDuty is set up in a Region: detector, features, filters, lists, exports.

Before anything is put right: a filter that is deleted, or a detector that is made again, tells no
more what stood there. A Region without a detector is told as such. What cannot be read is said in
`unknown`. Filters and lists are read one by one: GuardDuty allows 100 filters and one trusted list.
Source: https://docs.aws.amazon.com/guardduty/latest/APIReference/API_GetDetector.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import DetectorId, Region

DETECTORS = "arn:{partition}:guardduty:{region}:{account}:detector/*"
PERMISSIONS = (
    Permission("guardduty:ListDetectors"),
    Permission("guardduty:GetDetector", DETECTORS),
    Permission("guardduty:ListFilters", DETECTORS),
    Permission("guardduty:GetFilter", DETECTORS),
    Permission("guardduty:ListIPSets", DETECTORS),
    Permission("guardduty:GetIPSet", DETECTORS),
    Permission("guardduty:ListPublishingDestinations", DETECTORS),
)
EXAMPLE = {"region": "eu-central-1"}


class Input(Given, frozen=True, kw_only=True):
    """The Region, or the one in use."""

    region: Region | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """`detector` is absent where there is none; `off`: features that are disabled."""

    detector: DetectorId | None = None
    enabled: bool = False
    off: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Everything that GuardDuty tells of it."""
    region = given.region or aws.region
    try:
        listed = aws.pages("guardduty", "list_detectors", "DetectorIds", region=region)
        number = next(iter(listed), None)
    except NoCredentials:
        raise
    except AwsError as error:
        return Output(unknown=(f"GuardDuty in {region}: {error.message}",))
    if number is None:
        return Output(unknown=(f"GuardDuty has no detector in {region}: nothing is watched",))
    where = {"region": region, "DetectorId": number}

    def each(listing: str, key: str, reading: str, name: str) -> list[Any]:
        found = aws.pages("guardduty", listing, key, **where)
        return [aws.call("guardduty", reading, **where, **{name: one}) for one in found]

    parts: dict[str, Callable[[], Any]] = {
        "detector": lambda: aws.call("guardduty", "get_detector", **where),
        "filters": lambda: each("list_filters", "FilterNames", "get_filter", "FilterName"),
        "trusted_lists": lambda: each("list_ip_sets", "IpSetIds", "get_ip_set", "IpSetId"),
        "destinations": lambda: aws.call("guardduty", "list_publishing_destinations", **where),
    }
    told: dict[str, Any] = {}
    unknown: list[str] = []
    for name, read in parts.items():
        try:
            told[name] = read()
        except NoCredentials:
            raise
        except AwsError as error:
            unknown.append(f"GuardDuty's {name.replace('_', ' ')} in {region}: {error.message}")
    detector = told.get("detector") or {}
    features = detector.get("Features") or ()
    return Output(
        detector=number,
        enabled=str(detector.get("Status")).upper() == "ENABLED",
        off=tuple(str(one["Name"]) for one in features if one.get("Status") == "DISABLED"),
        filters=tuple(str(one["Name"]) for one in told.get("filters", ())),
        keep=(
            Artefact(
                name=f"guardduty-{region}",
                content=told,
                about=f"How GuardDuty is set up in {region} before containment",
            ),
        ),
        unknown=tuple(unknown),
    )
