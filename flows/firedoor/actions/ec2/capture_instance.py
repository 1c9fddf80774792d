"""Keep everything that AWS says of an instance, before anything about it is changed.

The instance with its attributes, network interfaces and their security groups with all rules,
volumes, instance profile and role, Auto Scaling group, what Systems Manager knows of it, console
output, a screenshot of the console, and user data (decoded, so that secrets in it are masked). The
screenshot is taken without waking the screen: that would send a keystroke. What may not or cannot
be read is said in `unknown`; the rest is kept all the same. Windows has only its last three system
events in the console output. Disks and memory are not kept here.
Source: https://docs.aws.amazon.com/security-ir/latest/userguide/collect-relevant-artifacts.html
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import io
from collections.abc import Callable
from typing import Any

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Permission
from firedoor.actions.ec2._instance import (
    OfInstance,
    attribute,
    described,
    interfaces,
    region_of,
)
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import IamRoleName, InstanceId

PERMISSIONS = (
    Permission("ec2:DescribeInstances"),
    Permission("ec2:DescribeInstanceAttribute"),
    Permission("ec2:DescribeNetworkInterfaces"),
    Permission("ec2:DescribeSecurityGroups"),
    Permission("ec2:DescribeVolumes"),
    Permission("ec2:DescribeIamInstanceProfileAssociations"),
    Permission(
        "ec2:GetConsoleOutput", "arn:{partition}:ec2:{region}:{account}:instance/{instance}"
    ),
    Permission(
        "ec2:GetConsoleScreenshot", "arn:{partition}:ec2:{region}:{account}:instance/{instance}"
    ),
    Permission("iam:GetInstanceProfile", "arn:{partition}:iam::{account}:instance-profile/*"),
    Permission("autoscaling:DescribeAutoScalingInstances"),
    Permission("autoscaling:DescribeAutoScalingGroups"),
    Permission("ssm:DescribeInstanceInformation"),
)
EXAMPLE = {"instance": "i-0123456789abcdef0", "region": "eu-central-1"}
KEEPS = ("ec2.instance", "ec2.interfaces", "ec2.user_data", "ec2.console_output")
ATTRIBUTES = (
    "disableApiTermination",
    "disableApiStop",
    "instanceInitiatedShutdownBehavior",
    "sourceDestCheck",
)
UNPACKED = 4 * 1024 * 1024
"""Bytes of packed user data that are read at most: AWS takes 16 KiB packed."""

Input = OfInstance


class Output(contract.Output, frozen=True, kw_only=True):
    """What later steps ask about; the rest is in the kept document.

    `role`: whose credentials the machine hands out. `group`: its Auto Scaling group, with what that
    wanted to have (`desired`, `smallest`, `largest`). `managed`: Systems Manager reaches it.
    `interfaces`: how many. `reachable`: it has a public address. `on_instance_store`: it has disks
    that no snapshot keeps.
    """

    instance: InstanceId
    found: bool = False
    state: str = ""
    vpc: str | None = None
    role: IamRoleName | None = None
    group: str | None = None
    desired: int = 0
    smallest: int = 0
    largest: int = 0
    managed: bool = False
    interfaces: int = 0
    reachable: bool = False
    spot: bool = False
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()
    not_kept: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Read it all; what cannot be read is told and does not hold back what can."""
    here = described(aws, given)
    if here is None:
        gone = f"{given.instance} is not there (any more) in {region_of(aws, given)}"
        return Output(instance=given.instance, unknown=(gone,), not_kept=KEEPS)
    reader = _Reader(aws, given)
    found: dict[str, Any] = {"instance": here}
    parts: dict[str, Callable[[], Any]] = {
        "attributes": lambda: {name: attribute(aws, given, name) for name in ATTRIBUTES},
        "user_data": lambda: _user_data(attribute(aws, given, "userData")),
        "interfaces": lambda: interfaces(aws, given),
        "security_groups": lambda: reader.groups(found.get("interfaces") or [here]),
        "volumes": reader.volumes,
        "profile": lambda: reader.profile(here),
        "auto_scaling": reader.auto_scaling,
        "systems_manager": reader.systems_manager,
        "console_output": lambda: reader.console("get_console_output", Latest=True),
        "console_screenshot": lambda: reader.console("get_console_screenshot"),
    }
    unknown = []
    for name, read in parts.items():
        try:
            found[name] = read()
        except NoCredentials:
            raise
        except AwsError as error:
            unknown.append(f"{name.replace('_', ' ')} of {given.instance}: {error.message}")
    group = found.get("auto_scaling") or {}
    told = group.get("group") or {}
    return Output(
        instance=given.instance,
        found=True,
        state=here["State"]["Name"],
        vpc=here.get("VpcId"),
        role=_role(found.get("profile")),
        group=told.get("AutoScalingGroupName"),
        desired=int(told.get("DesiredCapacity") or 0),
        smallest=int(told.get("MinSize") or 0),
        largest=int(told.get("MaxSize") or 0),
        managed=bool(found.get("systems_manager")),
        interfaces=len(found.get("interfaces") or ()),
        reachable=bool(here.get("PublicIpAddress")),
        spot=here.get("InstanceLifecycle") == "spot",
        keep=(
            Artefact(
                name=f"instance-{given.instance}",
                content=found,
                about=f"Instance {given.instance} before containment",
            ),
        ),
        unknown=tuple(unknown),
        not_kept=tuple(f"ec2.{name}" for name in parts if name not in found),
    )


class _Reader:
    """The reads about one instance that take more than one call."""

    def __init__(self, aws: Aws, given: Input) -> None:
        self.aws = aws
        self.given = given
        self.region = region_of(aws, given)

    def groups(self, carriers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        named = {
            group["GroupId"]
            for each in carriers
            for group in each.get("Groups") or each.get("SecurityGroups") or ()
        }
        if not named:
            return []
        wanted = [{"Name": "group-id", "Values": sorted(named)}]
        return list(
            self.aws.pages(
                "ec2",
                "describe_security_groups",
                "SecurityGroups",
                region=self.region,
                Filters=wanted,
            )
        )

    def volumes(self) -> list[dict[str, Any]]:
        wanted = [{"Name": "attachment.instance-id", "Values": [self.given.instance]}]
        return list(
            self.aws.pages("ec2", "describe_volumes", "Volumes", region=self.region, Filters=wanted)
        )

    def profile(self, here: dict[str, Any]) -> dict[str, Any] | None:
        """The association, which names the profile as it is now, and the profile with its role."""
        wanted = [{"Name": "instance-id", "Values": [self.given.instance]}]
        bound = list(
            self.aws.pages(
                "ec2",
                "describe_iam_instance_profile_associations",
                "IamInstanceProfileAssociations",
                region=self.region,
                Filters=wanted,
            )
        )
        live = [each for each in bound if each.get("State") in ("associating", "associated")]
        arn = (live[0].get("IamInstanceProfile") or {}).get("Arn") if live else None
        if arn is None:
            return None
        name = str(arn).rpartition("/")[2]
        profile = self.aws.call("iam", "get_instance_profile", InstanceProfileName=name)
        return {"association": live[0], "profile": profile["InstanceProfile"]}

    def auto_scaling(self) -> dict[str, Any] | None:
        named = {"InstanceIds": [self.given.instance]}
        answer = self.aws.call(
            "autoscaling", "describe_auto_scaling_instances", region=self.region, **named
        )
        if not answer["AutoScalingInstances"]:
            return None
        member = answer["AutoScalingInstances"][0]
        groups = self.aws.call(
            "autoscaling",
            "describe_auto_scaling_groups",
            region=self.region,
            AutoScalingGroupNames=[member["AutoScalingGroupName"]],
        )["AutoScalingGroups"]
        return {"member": member, "group": groups[0] if groups else None}

    def systems_manager(self) -> dict[str, Any] | None:
        wanted = [{"Key": "InstanceIds", "Values": [self.given.instance]}]
        answer = self.aws.call(
            "ssm", "describe_instance_information", region=self.region, Filters=wanted
        )
        known = answer["InstanceInformationList"]
        return known[0] if known and known[0].get("PingStatus") == "Online" else None

    def console(self, operation: str, **more: Any) -> dict[str, Any]:
        return self.aws.call(
            "ec2", operation, region=self.region, InstanceId=self.given.instance, **more
        )


def _role(profile: dict[str, Any] | None) -> str | None:
    roles = profile["profile"].get("Roles") if profile else None
    return str(roles[0]["RoleName"]) if roles else None


def _user_data(encoded: str | None) -> dict[str, Any] | None:
    """Decoded, so that what is secret in it can be known and masked; else its fingerprint alone."""
    if not encoded:
        return None
    try:
        raw = base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        raw = encoded.encode()
    told = {"sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}
    try:
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.GzipFile(fileobj=io.BytesIO(raw)).read(UNPACKED)
        return {**told, "text": raw.decode()}
    except (OSError, EOFError, UnicodeDecodeError):
        return {**told, "text": None, "why": "it is no text; only its fingerprint is kept"}
