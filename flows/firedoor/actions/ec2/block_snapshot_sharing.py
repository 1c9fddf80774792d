"""Block all public sharing of EBS snapshots in a Region, of those shared already too.

Shares with everybody, old and new, no longer work; they stay written on the snapshots, and work
again when the switch is set back. Shares with named accounts go on. Whoever publishes snapshots on
purpose in this Region is stopped.
Source: https://docs.aws.amazon.com/ebs/latest/userguide/block-public-access-snapshots.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens, State
from firedoor.actions.ec2._region_block import OfRegion, Switch

PERMISSIONS = (
    Permission("ec2:GetSnapshotBlockPublicAccessState"),
    Permission("ec2:EnableSnapshotBlockPublicAccess"),
    Permission("ec2:DisableSnapshotBlockPublicAccess", why="undo"),
)
EXAMPLE = {"region": "eu-central-1"}
REOPENS = Reopens("snapshots that are shared with everybody would be open to the world again")
SWITCH = Switch(
    part="snapshot-block-public-access",
    wanted="block-all-sharing",
    read="get_snapshot_block_public_access_state",
    set="enable_snapshot_block_public_access",
    lift="disable_snapshot_block_public_access",
    state="State",
    takes="State",
)

Input = OfRegion


def observe(aws: Aws, given: Input, case: Case) -> State:
    """How the switch stands."""
    return SWITCH.observe(aws, given, case)


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Block what is not blocked."""
    return SWITCH.changes(before)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set the switch, or put it back as it was."""
    SWITCH.apply(aws, change)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """The switch reads as it was set."""
    return SWITCH.verify(aws, given, case, "no EBS snapshot of the Region is public")


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    return SWITCH.commands(change)
