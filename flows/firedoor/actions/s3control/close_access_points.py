"""Take the policies of a bucket's access points away, which let in whom the bucket does not.

What blocks public access at an access point can never be changed after it was made, so the policy
goes as a whole: the names that are given, and no others. Nobody gets through such an access point
any more but by an identity policy of the account itself. Undo puts the policy back word for word.
Multi-Region ones have no way to be without a policy: `s3control.close_multi_region_access_points`.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-bpa-settings.html
"""

from __future__ import annotations

import json

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.errors import AwsError
from firedoor.kinds import AccessPointName, BucketName, Region

ACCESS_POINT = "arn:{partition}:s3:{region}:{account}:accesspoint/*"
PERMISSIONS = (
    Permission("s3:GetAccessPointPolicy", ACCESS_POINT),
    Permission("s3:PutAccessPointPolicy", ACCESS_POINT, "undo"),
    Permission("s3:DeleteAccessPointPolicy", ACCESS_POINT),
)
EXAMPLE = {"bucket": "example-bucket", "names": ["reports"]}
REOPENS = Reopens("whom the access point's policy lets in would be in again")
DESTROYS = ("s3.access_points",)
ABSENT = frozenset({"NoSuchAccessPoint", "NoSuchAccessPointPolicy"})


class Input(Given, frozen=True, kw_only=True):
    """The access points, the bucket that they lead to, and its Region."""

    bucket: BucketName
    names: list[AccessPointName]
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> State:
    """The policy of each, if it has one."""
    found: dict[str, dict[str, object]] = {}
    for name in given.names:
        try:
            answer = aws.call(
                "s3control",
                "get_access_point_policy",
                region=given.region,
                AccountId=case.account,
                Name=name,
            )
        except AwsError as error:
            if error.code not in ABSENT:
                raise
        else:
            found[_resource(aws, given, case, name)] = dict(json.loads(answer["Policy"]))
    return State(parts=found)


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Each policy goes."""
    return [
        Change(resource=name, what="policy of the access point", from_=policy, to=None)
        for name, policy in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Take one policy away, or put it back."""
    named = {"AccountId": case.account, "Name": _name(change.resource)}
    try:
        if change.to is None:
            aws.call("s3control", "delete_access_point_policy", region=given.region, **named)
        else:
            text = json.dumps(change.to, separators=(",", ":"))
            aws.call(
                "s3control", "put_access_point_policy", region=given.region, **named, Policy=text
            )
    except AwsError as error:
        # An access point that is gone lets nobody in.
        if change.to is not None or error.code not in ABSENT:
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """None of them has a policy."""
    state = observe(aws, given, case)
    return [
        Check(
            what=f"access point {name} of {given.bucket} lets nobody in by itself",
            holds=(shut := _resource(aws, given, case, name) not in state.parts),
            seen="it has no policy" if shut else "it has a policy",
        )
        for name in given.names
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    account = change.resource.split(":")[4]
    verb = "delete" if change.to is None else "put"
    words = ["s3control", f"{verb}-access-point-policy", "--account-id", account]
    words += ["--name", _name(change.resource)]
    if change.to is not None:
        words += ["--policy", json.dumps(change.to, separators=(",", ":"))]
    return [words]


def _resource(aws: Aws, given: Input, case: Case, name: str) -> str:
    region = given.region or aws.region
    return f"arn:{case.partition}:s3:{region}:{case.account}:accesspoint/{name}#policy"


def _name(resource: str) -> str:
    return resource.split("#", 1)[0].rpartition("/")[2]
