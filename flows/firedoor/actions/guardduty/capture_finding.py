"""Keep a finding as GuardDuty has it now.

What was received may be hours old, cut short on the way, or not GuardDuty's at all; this asks
GuardDuty itself, in the finding's Region. Without a detector's id the Region's own detector is
asked. What cannot be read is said in `unknown`. GuardDuty keeps findings for 90 days.
Source: https://docs.aws.amazon.com/guardduty/latest/APIReference/API_GetFindings.html
"""

from __future__ import annotations

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import Region

PERMISSIONS = (
    Permission("guardduty:GetFindings"),
    Permission("guardduty:ListDetectors", why="the Region's detector, when the finding names none"),
)
EXAMPLE = {"finding_id": "d6bbbe2d59404d3ca5e1c4e4f0f1c7a1", "region": "eu-central-1"}


class Input(Given, frozen=True, kw_only=True):
    """Which finding, and where GuardDuty has it."""

    finding_id: str
    detector_id: str | None = None
    region: Region | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """Whether GuardDuty has it; `archived` and `count` are as of now."""

    found: bool
    archived: bool = False
    count: int = 0
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Ask GuardDuty; that it cannot be asked is no failure, since the finding itself was kept."""
    region = given.region or aws.region
    try:
        detector = given.detector_id or _detector(aws, region)
        if detector is None:
            return _unknown(f"GuardDuty has no detector in {region}")
        answer = aws.call(
            "guardduty",
            "get_findings",
            region=region,
            DetectorId=detector,
            FindingIds=[given.finding_id],
        )
    except NoCredentials:
        raise
    except AwsError as error:
        return _unknown(f"the finding as GuardDuty has it now: {error.message}")
    for found in answer.get("Findings", ()):
        if found.get("Id") == given.finding_id:
            service = found.get("Service") or {}
            return Output(
                found=True,
                archived=bool(service.get("Archived")),
                count=int(service.get("Count") or 0),
                keep=(
                    Artefact(
                        name="guardduty-finding",
                        content=found,
                        about="The finding as GuardDuty has it now",
                    ),
                ),
            )
    return _unknown(
        f"GuardDuty in {region} does not have finding {given.finding_id!r}: it is older than 90 "
        "days, of another account, or not GuardDuty's"
    )


def _detector(aws: Aws, region: str) -> str | None:
    found = aws.pages("guardduty", "list_detectors", "DetectorIds", region=region)
    return next(iter(found), None)


def _unknown(said: str) -> Output:
    return Output(found=False, unknown=(said,))
