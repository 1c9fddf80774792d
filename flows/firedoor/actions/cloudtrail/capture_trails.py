"""Keep how the trails are set up now: settings, status, selectors, and their log bucket's rules.

Of the Region's trails, and of those of other Regions that record here too. The policy and lifecycle
of the bucket that logs go to are kept where they may be read: an attacker who cannot stop a trail
lets its logs be deleted. What cannot be read is said in `unknown`.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import Region

TRAILS = "arn:{partition}:cloudtrail:*:{account}:trail/*"
PERMISSIONS = (
    Permission("cloudtrail:DescribeTrails"),
    Permission("cloudtrail:GetTrailStatus", TRAILS),
    Permission("cloudtrail:GetEventSelectors", TRAILS),
    Permission("s3:GetBucketPolicy", "arn:{partition}:s3:::*", "of the bucket that logs go to"),
    Permission(
        "s3:GetLifecycleConfiguration", "arn:{partition}:s3:::*", "of the bucket that logs go to"
    ),
)
EXAMPLE = {"region": "eu-central-1"}
ABSENT = frozenset({"NoSuchBucketPolicy", "NoSuchLifecycleConfiguration"})


class Input(Given, frozen=True, kw_only=True):
    """The Region, or the one in use."""

    region: Region | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """How many trails there are, and which of them do not record."""

    trails: int
    recording: int
    silent: tuple[str, ...] = ()
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Everything that CloudTrail and S3 tell of them."""
    region = given.region or aws.region
    unknown: list[str] = []
    try:
        trails = aws.call("cloudtrail", "describe_trails", region=region)["trailList"]
    except NoCredentials:
        raise
    except AwsError as error:
        return Output(trails=0, recording=0, unknown=(f"the trails in {region}: {error.message}",))
    told = [_trail(aws, trail, region, unknown) for trail in trails]
    silent = [
        str(each["trail"]["Name"])
        for each in told
        if each.get("status") is not None and not each["status"].get("IsLogging")
    ]
    if not trails:
        unknown.append(f"no trail records in {region}: the event history is the only record")
    return Output(
        trails=len(trails),
        recording=sum(bool((each.get("status") or {}).get("IsLogging")) for each in told),
        silent=tuple(silent),
        keep=(
            Artefact(
                name=f"trails-{region}",
                content=told,
                about=f"CloudTrail's trails in {region} before containment",
            ),
        ),
        unknown=tuple(unknown),
    )


def _trail(aws: Aws, trail: dict[str, Any], region: str, unknown: list[str]) -> dict[str, Any]:
    arn, home = trail["TrailARN"], trail.get("HomeRegion") or region
    bucket = str(trail.get("S3BucketName") or "")
    reads: dict[str, Callable[[], Any]] = {
        "status": lambda: aws.call("cloudtrail", "get_trail_status", region=home, Name=arn),
        "selectors": lambda: aws.call(
            "cloudtrail", "get_event_selectors", region=home, TrailName=arn
        ),
        "bucket_policy": lambda: aws.call("s3", "get_bucket_policy", Bucket=bucket)["Policy"],
        "bucket_lifecycle": lambda: aws.call(
            "s3", "get_bucket_lifecycle_configuration", Bucket=bucket
        ),
    }
    told: dict[str, Any] = {"trail": trail}
    for name, read in reads.items():
        try:
            told[name] = read()
        except NoCredentials:
            raise
        except AwsError as error:
            if error.code in ABSENT:
                told[name] = None
            else:
                unknown.append(
                    f"{name.replace('_', ' ')} of trail {trail['Name']}: {error.message}"
                )
    return told
