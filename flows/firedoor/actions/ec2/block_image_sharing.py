"""Block new public sharing of machine images (AMIs) in a Region.

It keeps anybody from publishing another one; images that are public already stay so, and
`ec2.unshare_image` takes each back. AWS takes up to ten minutes to put it in force. Whoever
publishes images on purpose in this Region is stopped.
Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens, State
from firedoor.actions.ec2._region_block import OfRegion, Switch

PERMISSIONS = (
    Permission("ec2:GetImageBlockPublicAccessState"),
    Permission("ec2:EnableImageBlockPublicAccess"),
    Permission("ec2:DisableImageBlockPublicAccess", why="undo"),
)
EXAMPLE = {"region": "eu-central-1"}
REOPENS = Reopens("images could be published to the world again")
SWITCH = Switch(
    part="image-block-public-access",
    wanted="block-new-sharing",
    read="get_image_block_public_access_state",
    set="enable_image_block_public_access",
    lift="disable_image_block_public_access",
    state="ImageBlockPublicAccessState",
    takes="ImageBlockPublicAccessState",
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
    return SWITCH.verify(aws, given, case, "no image of the Region can be published")


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    return SWITCH.commands(change)
