"""A switch of EC2's for a whole Region: read as one part, set in one call."""

from __future__ import annotations

from dataclasses import dataclass

from firedoor.actions.contract import Aws, Case, Change, Check, Given, State
from firedoor.actions.ec2._instance import region_in, region_of
from firedoor.kinds import Region

OPEN = "unblocked"


class OfRegion(Given, frozen=True, kw_only=True):
    """The Region; without one, the one in use."""

    region: Region | None = None


@dataclass(frozen=True)
class Switch:
    """One switch: its part, the state wanted, and the calls that read, set and lift it.

    `state`: the key of the state in the answer; `takes`: the parameter that sets it.
    """

    part: str
    wanted: str
    read: str
    set: str
    lift: str
    state: str
    takes: str

    def observe(self, aws: Aws, given: OfRegion, case: Case) -> State:
        """How it stands."""
        region = region_of(aws, given)
        answer = aws.call("ec2", self.read, region=region)
        resource = f"arn:{case.partition}:ec2:{region}:{case.account}:region#{self.part}"
        return State(parts={resource: str(answer.get(self.state) or OPEN)})

    def changes(self, before: State) -> list[Change]:
        """To what is wanted."""
        return [
            Change(resource=resource, what="switch of the Region", from_=now, to=self.wanted)
            for resource, now in before.parts.items()
            if now != self.wanted
        ]

    def apply(self, aws: Aws, change: Change) -> None:
        """Set it, or lift it."""
        region = region_in(change.resource)
        if change.to == OPEN:
            aws.call("ec2", self.lift, region=region)
        else:
            aws.call("ec2", self.set, region=region, **{self.takes: str(change.to)})

    def verify(self, aws: Aws, given: OfRegion, case: Case, what: str) -> list[Check]:
        """It reads as it was set."""
        now = next(iter(self.observe(aws, given, case).parts.values()))
        return [Check(what=what, holds=now == self.wanted, seen=str(now))]

    def commands(self, change: Change) -> list[list[str]]:
        """The AWS CLI's words."""
        where = ["--region", region_in(change.resource)]
        if change.to == OPEN:
            return [["ec2", self.lift.replace("_", "-"), *where]]
        option = "".join(f"-{c.lower()}" if c.isupper() else c for c in self.takes)
        return [["ec2", self.set.replace("_", "-"), *where, f"-{option}", str(change.to)]]
