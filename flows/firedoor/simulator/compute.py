"""What calls on instances and what belongs to them need permission for, as IAM sees them.

The resources follow AWS's service authorization reference for EC2, Auto Scaling, load balancers,
Systems Manager and RDS; tags of the thing that a call is about are conditions of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from firedoor.simulator import accounts
from firedoor.simulator.wire import Call

SERVICES = frozenset({"ec2", "autoscaling", "elbv2", "elb", "ssm", "rds"})
WITHOUT_RESOURCE = frozenset({"DescribeInstanceInformation", "DescribeSessions", "DescribeImages"})
# A parameter that names things, and their ARN. Snapshots and images belong to no account in ARNs.
_EC2 = {
    "InstanceId": "{account}:instance/{id}",
    "InstanceIds": "{account}:instance/{id}",
    "NetworkInterfaceId": "{account}:network-interface/{id}",
    "GroupId": "{account}:security-group/{id}",
    "Groups": "{account}:security-group/{id}",
    "NetworkAclId": "{account}:network-acl/{id}",
    "SnapshotId": ":snapshot/{id}",
    "ImageId": ":image/{id}",
    "VpcId": "{account}:vpc/{id}",
    "LaunchTemplateId": "{account}:launch-template/{id}",
}
_MADE = {"CreateSecurityGroup": "{account}:security-group/*"}


def resources(call: Call, account: str) -> list[str]:
    """The ARNs of what a call is about; [] when it takes no resource."""
    return list(dict.fromkeys(_FINDERS[call.service](call, account)))


def _ec2(call: Call, account: str) -> Iterator[str]:
    # AWS grants reads of EC2 as a whole.
    if call.operation.startswith("Describe"):
        return
    root = f"arn:aws:ec2:{call.region}:"
    params = dict(call.params)
    if call.operation == "CreateSnapshots":
        params["InstanceId"] = (params.get("InstanceSpecification") or {}).get("InstanceId")
        # Each of its volumes, and the snapshots that there will be.
        yield f"{root}{account}:volume/*"
        yield f"{root}:snapshot/*"
    elif call.operation.endswith("IamInstanceProfile") or call.operation.startswith("Replace"):
        params["InstanceId"] = params.get("InstanceId") or _bound(call, account)
    if call.operation == "RunInstances":
        return
    if call.operation in _MADE:
        yield root + _MADE[call.operation].format(account=account)
    for name, arn in _EC2.items():
        for one in _listed(params.get(name)):
            yield root + arn.format(account=account, id=one)


def besides(call: Call, account: str) -> list[tuple[str, str]]:
    """What a call of EC2 needs permission for besides itself, as (action, resource): to tag what
    it makes, and to hand a role to an instance."""
    if call.service != "ec2":
        return []
    found = []
    for each in call.params.get("TagSpecifications") or ():
        kind = str(each.get("ResourceType") or "")
        owner = "" if kind in ("snapshot", "image") else account
        found.append(("ec2:CreateTags", f"arn:aws:ec2:{call.region}:{owner}:{kind}/*"))
    profile = call.params.get("IamInstanceProfile") or {}
    name = str(profile.get("Name") or profile.get("Arn") or "").rpartition("/")[2]
    held = accounts.iam(account).instance_profiles.values() if name else ()
    roles = [role.arn for one in held if one.name == name for role in one.roles]
    return found + [("iam:PassRole", arn) for arn in roles]


def _bound(call: Call, account: str) -> str | None:
    """The instance of an association of an instance profile."""
    wanted = call.params.get("AssociationId")
    from moto.ec2.models import ec2_backends  # lazy: half a second, and few worlds have any

    held = ec2_backends[account][call.region].iam_instance_profile_associations
    return next(
        (str(each.instance.id) for each in held.values() if each.association_id == wanted), None
    )


def _autoscaling(call: Call, account: str) -> Iterator[str]:
    if call.operation.startswith("Describe"):
        return
    for one in _listed(call.params.get("AutoScalingGroupName")):
        root = f"arn:aws:autoscaling:{call.region}:{account}:autoScalingGroup"
        yield f"{root}:00000000-0000-0000-0000-000000000000:autoScalingGroupName/{one}"


def _load_balancing(call: Call, account: str) -> Iterator[str]:
    if call.operation.startswith("Describe"):
        return
    yield from _listed(call.params.get("TargetGroupArn"))
    for one in _listed(call.params.get("LoadBalancerName")):
        yield f"arn:aws:elasticloadbalancing:{call.region}:{account}:loadbalancer/{one}"


def _ssm(call: Call, account: str) -> Iterator[str]:
    root = f"arn:aws:ssm:{call.region}:{account}"
    if call.operation == "TerminateSession":
        yield f"{root}:session/{call.params.get('SessionId')}"
    elif call.operation == "SendCommand":
        for one in _listed(call.params.get("InstanceIds")):
            yield f"arn:aws:ec2:{call.region}:{account}:instance/{one}"
        yield f"{root}:document/{call.params.get('DocumentName')}"
    elif call.operation == "StartSession":
        yield f"arn:aws:ec2:{call.region}:{account}:instance/{call.params.get('Target')}"


def _rds(call: Call, account: str) -> Iterator[str]:
    root = f"arn:aws:rds:{call.region}:{account}"
    for name, kind in (
        ("DBSnapshotIdentifier", "snapshot"),
        ("DBClusterSnapshotIdentifier", "cluster-snapshot"),
        ("DBInstanceIdentifier", "db"),
        ("DBClusterIdentifier", "cluster"),
    ):
        for one in _listed(call.params.get(name)):
            yield f"{root}:{kind}:{one}"


_FINDERS = {
    "ec2": _ec2,
    "autoscaling": _autoscaling,
    "elbv2": _load_balancing,
    "elb": _load_balancing,
    "ssm": _ssm,
    "rds": _rds,
}


def _listed(value: Any) -> list[str]:
    many = value if isinstance(value, list) else [value] if value else []
    return [str(one) for one in many if isinstance(one, str)]


def context(call: Call, account: str) -> Mapping[str, str]:
    """Condition keys: the tags of the thing that a call of EC2 is about."""
    if call.service != "ec2" or not account:
        return {}
    found: dict[str, str] = {}
    if call.params.get("TagSpecifications"):
        found["ec2:CreateAction"] = call.operation
    if call.params.get("IamInstanceProfile"):
        found["iam:PassedToService"] = "ec2.amazonaws.com"
    for name in ("GroupId", "InstanceId", "NetworkInterfaceId", "SnapshotId"):
        one = call.params.get(name)
        if isinstance(one, str):
            from moto.ec2.models import ec2_backends  # lazy: see above

            tags = ec2_backends[account][call.region].tags.get(one) or {}
            found |= {f"aws:ResourceTag/{key}": str(value) for key, value in tags.items()}
    return found
