"""Follow a role's stolen sessions in CloudTrail: what they did, minted, assumed and left behind.

Looks up the sessions' keys, and their name where one is given, in every enabled Region, and follows
every key that they were handed: chained role sessions, three hands on at most, and access keys that
they made. `assumed_roles` are the roles of the whole chain: each next session obeys its own role's
policies, so that cutting the first leaves it alive. It reads management events alone, and events
take up to 15 minutes to appear; both are said as unknown.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firedoor.actions.cloudtrail._events import Event, Identity
from firedoor.actions.cloudtrail._follow import Followed, follow, told
from firedoor.actions.contract import Aws, Case, Given, Permission
from firedoor.kinds import AccessKeyId, Duration, IamRoleName, parse_duration

PERMISSIONS = (
    Permission("cloudtrail:LookupEvents"),
    Permission("ec2:DescribeRegions", why="which Regions to look in"),
)
EXAMPLE = {"role": "data-reader", "access_key_ids": ["ASIAIOSFODNN7EXAMPLE"], "lookback": "48h"}


class Input(Given, frozen=True, kw_only=True):
    """The role, the temporary keys of the stolen sessions, and their name if it is known."""

    role: IamRoleName
    access_key_ids: list[AccessKeyId] = msgspec.field(default_factory=list)
    session: str | None = None
    lookback: Duration = "48h"


Output = Followed


def observe(aws: Aws, given: Input, case: Case) -> Followed:
    """Everything of theirs within `lookback`."""
    names = [("AccessKeyId", key) for key in given.access_key_ids]
    if given.session:
        # What CloudTrail calls the user name of a role's session is the session's name.
        names.append(("Username", given.session))
    since = case.now - parse_duration(given.lookback)
    trace = follow(aws, names, since, lambda events: _his(events, given), given.access_key_ids)
    about = f"the sessions of role {given.role}"
    fields = told(
        trace,
        name=given.role,
        about=about,
        account=aws.account,
        keys=given.access_key_ids,
        user="",
    )
    if not names:
        fields["unknown"] += (f"no session of {given.role} is known: nothing could be followed",)
    return Followed(**fields)


def _his(events: Sequence[Event], given: Input) -> list[Event]:
    return [event for event in events if _is(Identity.of(event), given)]


def _is(who: Identity, given: Input) -> bool:
    if who.key in given.access_key_ids:
        return True
    named = given.session is not None and who.arn.rsplit("/", 1)[-1] == given.session
    return named and who.role == given.role
