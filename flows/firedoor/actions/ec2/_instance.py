"""What the actions on an instance share: finding it, naming its parts, and leaving one's own alone.

A part is named by the ARN of the thing it belongs to and a suffix:
`arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc#stop-protection`.
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Check, Given, State
from firedoor.errors import AwsError, NotFound, Refused
from firedoor.kinds import InstanceId, Region

INSTANCE = "arn:{partition}:ec2:{region}:{account}:instance/{instance}"
"""The resource of a permission on the one instance that is named."""
GONE = frozenset({"InvalidInstanceID.NotFound"})
OVER = frozenset({"shutting-down", "terminated"})
"""States from which an instance does not come back; AWS shows it for about an hour more."""
TAG = "firedoor:incident"
"""The tag of what is made for an incident."""


class OfInstance(Given, frozen=True, kw_only=True):
    """An instance, and the Region that it is in (without one: the one in use)."""

    instance: InstanceId
    region: Region | None = None


class InstanceState(State, frozen=True, kw_only=True):
    """What was found of an instance. `root`: its ARN; `gone`: there is none any more."""

    root: str
    gone: bool = False


def region_of(aws: Aws, given: Any) -> str:
    """The Region that an action's input names, or the one in use."""
    return str(given.region or aws.region)


def arn_of(case: Case, region: str, kind: str, name: str) -> str:
    """The ARN of a thing of EC2: `arn_of(case, region, "instance", "i-…")`."""
    return f"arn:{case.partition}:ec2:{region}:{case.account}:{kind}/{name}"


def name_of(resource: str) -> str:
    """The id in the ARN of a part: `…:instance/i-0abc#x` → `i-0abc`."""
    return resource.split("#", 1)[0].rpartition("/")[2]


def region_in(resource: str) -> str:
    """The Region in the ARN of a part."""
    return resource.split(":")[3]


def described(aws: Aws, given: OfInstance) -> dict[str, Any] | None:
    """The instance as DescribeInstances has it; None when it is gone or going for good."""
    try:
        answer = aws.call(
            "ec2",
            "describe_instances",
            region=region_of(aws, given),
            InstanceIds=[given.instance],
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        return None
    found = [one for each in answer["Reservations"] for one in each["Instances"]]
    if not found or found[0]["State"]["Name"] in OVER:
        return None
    return dict(found[0])


def interfaces(aws: Aws, given: OfInstance) -> list[dict[str, Any]]:
    """Every network interface that is attached to the instance, whatever VPC it is in."""
    wanted = [{"Name": "attachment.instance-id", "Values": [given.instance]}]
    found = aws.pages(
        "ec2",
        "describe_network_interfaces",
        "NetworkInterfaces",
        region=region_of(aws, given),
        Filters=wanted,
    )
    return sorted(found, key=lambda each: str(each["NetworkInterfaceId"]))


def root_of(aws: Aws, given: OfInstance, case: Case) -> str:
    """The ARN of the instance."""
    return arn_of(case, region_of(aws, given), "instance", given.instance)


def attribute(aws: Aws, given: OfInstance, name: str) -> Any:
    """One attribute of the instance: `disableApiTermination` → True."""
    answer = aws.call(
        "ec2",
        "describe_instance_attribute",
        region=region_of(aws, given),
        InstanceId=given.instance,
        Attribute=name,
    )
    value = answer.get(name[0].upper() + name[1:])
    return value.get("Value") if isinstance(value, dict) else value


def refuse_own(aws: Aws, instance: str) -> None:
    """Refused when firedoor itself runs on the instance: its session then bears the id as name."""
    kind, _, rest = aws.principal.rpartition(":")[2].partition("/")
    if kind == "assumed-role" and rest.rpartition("/")[2] == instance:
        instead = "Run firedoor from another machine for this"
        raise Refused(
            f"{instance} is the machine that firedoor runs on: this would end the response. "
            f"{instead}",
            rule="own principal",
            instead=instead,
        )


def gone_check(instance: str, what: str) -> Check:
    """Proof about an instance that is no more."""
    return Check(what=f"{instance} {what}", holds=True, seen="the instance has been terminated")


def cannot_come_back(instance: str, what: str) -> NotFound:
    """What undo says when there is nothing left to give something back to."""
    return NotFound(f"{instance} has been terminated since: {what} cannot be put back")
