"""Worlds of the actions on instances, snapshots and images: what each changes, and with which call.

Walked through once each by `test_machines`; a new action adds its world here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, Bench

REGION = "eu-central-1"
Made = Mapping[str, Any]


@dataclass(frozen=True)
class Machine:
    """`prepare` makes the target and returns what the action is given.

    `writes`: the calls that shut, `undoes`: those that open again; none: it cannot be taken back.
    `stranger`: inputs that name something else, which permissions for this are of no use for.
    `anew`: what comes back is new instances in place of those that were.
    """

    action: str
    title: str
    prepare: Callable[[Bench], Made]
    writes: frozenset[str]
    undoes: frozenset[str] = frozenset()
    stranger: Made = field(default_factory=dict)
    anew: bool = False

    @property
    def id(self) -> str:
        return f"{self.action} {self.title}"


def ec2(bench: Bench) -> Any:
    return bench.client("ec2", None, region=REGION)


def subnet(bench: Bench) -> str:
    return str(ec2(bench).describe_subnets()["Subnets"][0]["SubnetId"])


def image(bench: Bench) -> str:
    return str(ec2(bench).describe_images(Owners=["amazon"])["Images"][0]["ImageId"])


def group(bench: Bench, name: str) -> str:
    vpc = ec2(bench).describe_vpcs()["Vpcs"][0]["VpcId"]
    made = ec2(bench).create_security_group(GroupName=name, Description=name, VpcId=vpc)
    return str(made["GroupId"])


def instance(bench: Bench, *, profile: str | None = None, interfaces: int = 1) -> str:
    """A running instance with two security groups on each interface."""
    groups = [group(bench, "web"), group(bench, "admin")]
    where = {"SubnetId": subnet(bench), "Groups": groups}
    given: dict[str, Any] = {}
    if profile:
        bench.role(f"{profile}-role", f"arn:aws:iam::{ACCOUNT}:root")
        bench.iam.create_instance_profile(InstanceProfileName=profile)
        bench.iam.add_role_to_instance_profile(
            InstanceProfileName=profile, RoleName=f"{profile}-role"
        )
        given["IamInstanceProfile"] = {"Name": profile}
    made = ec2(bench).run_instances(
        ImageId=image(bench),
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        UserData="#!/bin/sh\nexport DB_PASSWORD=Winter-Wall-27\n",
        NetworkInterfaces=[{"DeviceIndex": 0, **where}],
        **given,
    )
    name = str(made["Instances"][0]["InstanceId"])
    for index in range(1, interfaces):
        eni = ec2(bench).create_network_interface(**where)["NetworkInterface"]
        ec2(bench).attach_network_interface(
            NetworkInterfaceId=eni["NetworkInterfaceId"], InstanceId=name, DeviceIndex=index
        )
    return name


def plain(bench: Bench) -> Made:
    return {"instance": instance(bench), "region": REGION}


def two_interfaces(bench: Bench) -> Made:
    return {"instance": instance(bench, interfaces=2), "region": REGION}


def with_profile(bench: Bench) -> Made:
    return {"instance": instance(bench, profile="web"), "region": REGION}


def other_profile(bench: Bench) -> Made:
    bench.iam.create_instance_profile(InstanceProfileName="quarantine")
    return {**with_profile(bench), "by": "quarantine"}


def address(bench: Bench) -> Made:
    return {**plain(bench), "address": "203.0.113.66"}


def guarded(bench: Bench) -> Made:
    given = plain(bench)
    for name in ("DisableApiStop", "DisableApiTermination"):
        ec2(bench).modify_instance_attribute(
            InstanceId=given["instance"], **{name: {"Value": True}}
        )
    return given


def session(bench: Bench) -> Made:
    given = with_profile(bench)
    bench.client("ssm", None, region=REGION).start_session(Target=given["instance"])
    return given


def memory(bench: Bench) -> Made:
    return {**with_profile(bench), "document": "Incident-DumpMemory"}


def scaling(bench: Bench, *, least: int = 1) -> str:
    client = bench.client("autoscaling", None, region=REGION)
    client.create_launch_configuration(
        LaunchConfigurationName="web", ImageId=image(bench), InstanceType="t3.micro"
    )
    client.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchConfigurationName="web",
        MinSize=least,
        MaxSize=4,
        DesiredCapacity=2,
        VPCZoneIdentifier=subnet(bench),
    )
    return "web"


def member(bench: Bench) -> Made:
    scaling(bench)
    client = bench.client("autoscaling", None, region=REGION)
    found = client.describe_auto_scaling_instances()["AutoScalingInstances"]
    return {"instance": found[0]["InstanceId"], "region": REGION}


def scaled(bench: Bench) -> Made:
    return {"group": scaling(bench), "desired": 0, "region": REGION}


def balanced(bench: Bench) -> Made:
    given = plain(bench)
    vpc = ec2(bench).describe_vpcs()["Vpcs"][0]["VpcId"]
    client = bench.client("elbv2", None, region=REGION)
    for name, port in (("web", 8080), ("admin", 9090)):
        made = client.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)
        arn = made["TargetGroups"][0]["TargetGroupArn"]
        client.register_targets(
            TargetGroupArn=arn, Targets=[{"Id": given["instance"], "Port": port}]
        )
    return given


def classic(bench: Bench) -> Made:
    given = plain(bench)
    client = bench.client("elb", None, region=REGION)
    client.create_load_balancer(
        LoadBalancerName="old",
        Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}],
        AvailabilityZones=[f"{REGION}a"],
    )
    client.register_instances_with_load_balancer(
        LoadBalancerName="old", Instances=[{"InstanceId": given["instance"]}]
    )
    return given


def snapshot(bench: Bench) -> str:
    volume = ec2(bench).create_volume(Size=8, AvailabilityZone=f"{REGION}a")["VolumeId"]
    return str(ec2(bench).create_snapshot(VolumeId=volume)["SnapshotId"])


def public_snapshot(bench: Bench) -> Made:
    name = snapshot(bench)
    named = {"SnapshotId": name, "Attribute": "createVolumePermission", "OperationType": "add"}
    ec2(bench).modify_snapshot_attribute(**named, GroupNames=["all"])
    ec2(bench).modify_snapshot_attribute(**named, UserIds=[OTHER_ACCOUNT])
    return {"snapshot": name, "who": "public", "region": REGION}


def foreign_snapshot(bench: Bench) -> Made:
    return {**public_snapshot(bench), "who": "accounts", "only": [OTHER_ACCOUNT]}


def public_image(bench: Bench) -> Made:
    made = ec2(bench).create_image(InstanceId=instance(bench), Name="web", NoReboot=True)
    name = made["ImageId"]
    ec2(bench).modify_image_attribute(
        ImageId=name,
        LaunchPermission={"Add": [{"Group": "all"}, {"UserId": OTHER_ACCOUNT}]},
    )
    return {"image": name, "who": "everybody", "region": REGION}


def db_snapshot(bench: Bench) -> Made:
    client = bench.client("rds", None, region=REGION)
    client.create_db_instance(
        DBInstanceIdentifier="orders",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="orders",
        MasterUserPassword="Winter-Wall-27",
    )
    client.create_db_snapshot(DBSnapshotIdentifier="orders-1", DBInstanceIdentifier="orders")
    client.modify_db_snapshot_attribute(
        DBSnapshotIdentifier="orders-1",
        AttributeName="restore",
        ValuesToAdd=["all", OTHER_ACCOUNT],
    )
    return {"db_snapshot": "orders-1", "who": "public", "region": REGION}


def cluster_snapshot(bench: Bench) -> Made:
    client = bench.client("rds", None, region=REGION)
    client.create_db_cluster(
        DBClusterIdentifier="orders",
        Engine="aurora-postgresql",
        MasterUsername="orders",
        MasterUserPassword="Winter-Wall-27",
    )
    client.create_db_cluster_snapshot(
        DBClusterSnapshotIdentifier="orders-1", DBClusterIdentifier="orders"
    )
    client.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier="orders-1",
        AttributeName="restore",
        ValuesToAdd=[OTHER_ACCOUNT],
    )
    return {"db_cluster_snapshot": "orders-1", "who": "everybody", "region": REGION}


def spot_request(bench: Bench) -> Made:
    made = ec2(bench).request_spot_instances(
        InstanceCount=1,
        LaunchSpecification={"ImageId": image(bench), "InstanceType": "t3.micro"},
    )
    name = made["SpotInstanceRequests"][0]["SpotInstanceRequestId"]
    return {"request": name, "region": REGION}


def region(bench: Bench) -> Made:
    return {"region": REGION}


def calls(*names: str) -> frozenset[str]:
    return frozenset(names)


OTHER = {"instance": "i-00000000000000000"}
ATTRIBUTE = calls("ec2:ModifyInstanceAttribute")
SNAPSHOT = calls("ec2:ModifySnapshotAttribute")
TARGETS = "elbv2:DeregisterTargets", "elbv2:RegisterTargets"
CLASSIC = "elb:DeregisterInstancesFromLoadBalancer", "elb:RegisterInstancesWithLoadBalancer"
ISOLATE = calls(
    "ec2:CreateSecurityGroup",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:ModifyNetworkInterfaceAttribute",
)
MACHINES = (
    Machine("ec2.protect_instance", "plain", plain, ATTRIBUTE, ATTRIBUTE, OTHER),
    Machine("ec2.snapshot_volumes", "plain", plain, calls("ec2:CreateSnapshots"), stranger=OTHER),
    Machine(
        "ec2.restrict_metadata",
        "plain",
        plain,
        calls("ec2:ModifyInstanceMetadataOptions"),
        calls("ec2:ModifyInstanceMetadataOptions"),
        OTHER,
    ),
    Machine(
        "ec2.replace_instance_profile",
        "none instead",
        with_profile,
        calls("ec2:DisassociateIamInstanceProfile"),
        calls("ec2:AssociateIamInstanceProfile"),
        OTHER,
    ),
    Machine(
        "ec2.replace_instance_profile",
        "another instead",
        other_profile,
        calls("ec2:ReplaceIamInstanceProfileAssociation"),
        calls("ec2:ReplaceIamInstanceProfileAssociation"),
        OTHER,
    ),
    Machine(
        "ec2.isolate_interfaces",
        "two interfaces",
        two_interfaces,
        ISOLATE,
        calls("ec2:ModifyNetworkInterfaceAttribute", "ec2:DeleteSecurityGroup"),
    ),
    Machine(
        "ec2.deny_address",
        "plain",
        address,
        calls("ec2:CreateNetworkAclEntry"),
        calls("ec2:DeleteNetworkAclEntry"),
    ),
    Machine(
        "ec2.stop_instance",
        "protected",
        guarded,
        ATTRIBUTE | {"ec2:StopInstances"},
        ATTRIBUTE | {"ec2:StartInstances"},
        OTHER,
    ),
    Machine(
        "ec2.terminate_instance",
        "protected",
        guarded,
        ATTRIBUTE | {"ec2:TerminateInstances"},
        stranger=OTHER,
    ),
    Machine("ssm.end_sessions", "one open", session, calls("ssm:TerminateSession")),
    Machine("ssm.capture_memory", "plain", memory, calls("ssm:SendCommand"), stranger=OTHER),
    Machine(
        "autoscaling.enter_standby",
        "one of two",
        member,
        calls("autoscaling:EnterStandby"),
        calls("autoscaling:ExitStandby"),
    ),
    Machine(
        "autoscaling.scale_group",
        "to nothing",
        scaled,
        calls("autoscaling:UpdateAutoScalingGroup"),
        calls("autoscaling:UpdateAutoScalingGroup"),
        {"group": "other"},
        anew=True,
    ),
    Machine(
        "elb.deregister_instance", "two groups", balanced, calls(TARGETS[0]), calls(TARGETS[1])
    ),
    Machine("elb.deregister_instance", "classic", classic, calls(CLASSIC[0]), calls(CLASSIC[1])),
    Machine("ec2.unshare_snapshot", "public", public_snapshot, SNAPSHOT, SNAPSHOT),
    Machine("ec2.unshare_snapshot", "one account", foreign_snapshot, SNAPSHOT, SNAPSHOT),
    Machine(
        "ec2.unshare_image",
        "everybody",
        public_image,
        calls("ec2:ModifyImageAttribute"),
        calls("ec2:ModifyImageAttribute"),
        {"image": "ami-00000000"},
    ),
    Machine(
        "rds.unshare_snapshot",
        "public",
        db_snapshot,
        calls("rds:ModifyDBSnapshotAttribute"),
        calls("rds:ModifyDBSnapshotAttribute"),
        {"db_snapshot": "other"},
    ),
    Machine(
        "rds.unshare_snapshot",
        "of a cluster",
        cluster_snapshot,
        calls("rds:ModifyDBClusterSnapshotAttribute"),
        calls("rds:ModifyDBClusterSnapshotAttribute"),
    ),
    Machine(
        "ec2.cancel_spot_request",
        "a single one",
        spot_request,
        calls("ec2:CancelSpotInstanceRequests"),
    ),
    Machine(
        "ec2.block_snapshot_sharing",
        "open",
        region,
        calls("ec2:EnableSnapshotBlockPublicAccess"),
        calls("ec2:DisableSnapshotBlockPublicAccess"),
    ),
    Machine(
        "ec2.block_image_sharing",
        "open",
        region,
        calls("ec2:EnableImageBlockPublicAccess"),
        calls("ec2:DisableImageBlockPublicAccess"),
    ),
)
