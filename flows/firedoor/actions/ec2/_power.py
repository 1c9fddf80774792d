"""Whether an instance runs: read, and changed, with the protection that stands against it."""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Change
from firedoor.actions.ec2._instance import (
    GONE,
    InstanceState,
    OfInstance,
    attribute,
    cannot_come_back,
    described,
    name_of,
    region_in,
    root_of,
)
from firedoor.errors import AwsError

RUNS = {"pending": "running", "stopping": "stopped"}
"""States on the way to another: what it will be counts."""


def power(aws: Aws, given: OfInstance, case: Case, protection: str) -> InstanceState:
    """The state, and one protection (`disableApiStop`) as a part of its own."""
    here = described(aws, given)
    root = root_of(aws, given, case)
    if here is None:
        return InstanceState(parts={}, root=root, gone=True)
    now = str(here["State"]["Name"])
    parts: dict[str, Any] = {
        f"{root}#{protection}": bool(attribute(aws, given, protection)),
        f"{root}#state": RUNS.get(now, now),
    }
    return InstanceState(parts=parts, root=root)


def lift_or_set(aws: Aws, change: Change, protection: str) -> bool:
    """Make a change of the protection; False when the change is about something else."""
    if not change.resource.endswith(f"#{protection}"):
        return False
    name = protection[0].upper() + protection[1:]
    set_attribute(aws, change, {name: {"Value": bool(change.to)}})
    return True


def set_attribute(aws: Aws, change: Change, attribute_: dict[str, Any]) -> None:
    """Set one attribute: AWS takes one a call. NotFound when there is no instance any more."""
    instance = name_of(change.resource)
    try:
        aws.call(
            "ec2",
            "modify_instance_attribute",
            region=region_in(change.resource),
            InstanceId=instance,
            **attribute_,
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        raise cannot_come_back(instance, change.resource.partition("#")[2]) from None


def protection_words(change: Change) -> list[str]:
    """The AWS CLI's words for a change of a protection."""
    option = {
        "disableApiStop": "disable-api-stop",
        "disableApiTermination": "disable-api-termination",
    }[change.resource.partition("#")[2]]
    words = ["ec2", "modify-instance-attribute", "--region", region_in(change.resource)]
    words += ["--instance-id", name_of(change.resource)]
    return [*words, f"--{'' if change.to else 'no-'}{option}"]
