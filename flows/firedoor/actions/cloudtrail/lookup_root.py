"""Follow the account's root user in CloudTrail: what it did, minted, created and left behind.

Looks up what CloudTrail files under `root`, and root's access keys, in every enabled Region, and
follows every key that it was handed. Who signed in as root is not in there: the address and the
program are. It reads management events alone, and events take up to 15 minutes to appear; both are
said as unknown.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

from __future__ import annotations

import msgspec

from firedoor.actions.cloudtrail._events import Identity
from firedoor.actions.cloudtrail._follow import Followed, follow, told
from firedoor.actions.contract import Aws, Case, Given, Permission
from firedoor.kinds import AccessKeyId, Duration, parse_duration

PERMISSIONS = (
    Permission("cloudtrail:LookupEvents"),
    Permission("ec2:DescribeRegions", why="which Regions to look in"),
)
EXAMPLE = {"lookback": "7d"}


class Input(Given, frozen=True, kw_only=True):
    """How far back, and root's access keys where they are known."""

    access_key_ids: list[AccessKeyId] = msgspec.field(default_factory=list)
    lookback: Duration = "48h"


Output = Followed


def observe(aws: Aws, given: Input, case: Case) -> Followed:
    """Everything of root's within `lookback`."""
    keys = given.access_key_ids
    names = [("Username", "root"), *(("AccessKeyId", key) for key in keys)]
    since = case.now - parse_duration(given.lookback)
    trace = follow(
        aws,
        names,
        since,
        lambda events: [event for event in events if Identity.of(event).kind == "Root"],
        keys,
    )
    about = f"root of {case.account}"
    return Followed(
        **told(trace, name="root", about=about, account=aws.account, keys=keys, user="")
    )
