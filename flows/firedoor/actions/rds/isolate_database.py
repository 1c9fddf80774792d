"""Cut a database off the network: its security groups give way to one that allows nothing.

The group is made in the database's VPC, and what AWS puts into a new one, all traffic out, is taken
out again. It is set on the cluster where there is one: RDS ignores it for Aurora's instances. The
application loses its database: ask first. Connections that are open and tracked may live on; a
restart (rds.restart_database) or the engine's own command ends them. Undoing puts the former
groups back, exactly.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.RDSSecurityGroups.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions import contract
from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.ec2._groups import (
    EMPTY,
    empty_group,
    groups_called,
    make_group,
    remove_group,
    rules_of,
)
from firedoor.actions.rds._database import (
    CLUSTERS,
    INSTANCES,
    Database,
    Found,
    OfDatabase,
    cli,
    described,
    gone_check,
    modify,
)
from firedoor.errors import Refused, RunFailed
from firedoor.kinds import Time, time_text

GROUP = "arn:{partition}:ec2:{region}:{account}:security-group/*"
OURS = {"StringLike": {"aws:ResourceTag/firedoor:incident": "*"}}
PERMISSIONS = (
    Permission("rds:DescribeDBInstances", INSTANCES),
    Permission("rds:DescribeDBClusters", CLUSTERS),
    Permission("rds:DescribeDBSubnetGroups", why="the VPC of a cluster"),
    Permission("rds:ModifyDBInstance", INSTANCES, "and undo"),
    Permission("rds:ModifyDBCluster", CLUSTERS, "and undo"),
    Permission("ec2:DescribeSecurityGroups"),
    Permission("ec2:CreateSecurityGroup", GROUP),
    Permission("ec2:CreateSecurityGroup", "arn:{partition}:ec2:{region}:{account}:vpc/*"),
    Permission(
        "ec2:CreateTags",
        GROUP,
        "the group says what it is for",
        {"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup"}},
    ),
    Permission("ec2:RevokeSecurityGroupEgress", GROUP, "a new group allows all egress", OURS),
    Permission("ec2:RevokeSecurityGroupIngress", GROUP, "what somebody put into our group", OURS),
    Permission("ec2:DeleteSecurityGroup", GROUP, "undo", OURS),
)
EXAMPLE = {"database": "orders-1"}
REOPENS = Reopens("the database would be on the network again, as it was when it was attacked")
SURVIVES = "connections that were open may live on: rds.restart_database ends them"

Input = OfDatabase


class State(Found, frozen=True, kw_only=True):
    """The security groups of the database. Our own stands under its name, its id is new each time.

    `vpc` is the ARN of the database's VPC.
    """

    vpc: str = ""


class Output(contract.Output, frozen=True, kw_only=True):
    """`since`: from when on a restart ends the connections that were open before."""

    since: Time


def observe(aws: Aws, given: OfDatabase, case: Case) -> State:
    """The groups of the database, and our group in its VPC."""
    database = described(aws, given)
    if database is None:
        return State(parts={}, gone=True)
    region = given.region or aws.region
    vpc = _vpc(aws, given, database)
    arn = f"arn:{case.partition}:ec2:{region}:{case.account}:vpc/{vpc}"
    ours = groups_called(aws, region, _name(case), {vpc}).get(vpc)
    parts: dict[str, Any] = {}
    if ours is not None:
        parts[_group_part(arn, case)] = rules_of(ours)
    parts[f"{database.arn}#security-groups"] = [
        _name(case) if ours is not None and group == ours["GroupId"] else group
        for group in database.groups
    ]
    return State(parts=parts, vpc=arn)


def _vpc(aws: Aws, given: OfDatabase, database: Database) -> str:
    """The VPC: instances say theirs, a cluster says only in which subnet group it is."""
    for each in database.instances:
        found = (each.get("DBSubnetGroup") or {}).get("VpcId")
        if found:
            return str(found)
    name = str((database.cluster or {}).get("DBSubnetGroup") or "")
    if not name:
        raise RunFailed(
            f"{given.name!r} is in no VPC that RDS names: put a security group that allows nothing "
            "on it by hand"
        )
    answer = aws.call(
        "rds", "describe_db_subnet_groups", region=given.region, DBSubnetGroupName=name
    )
    return str(answer["DBSubnetGroups"][0]["VpcId"])


def _name(case: Case) -> str:
    return case.name("db-isolation")


def _group_part(vpc: str, case: Case) -> str:
    return f"{vpc}#security-group/{_name(case)}"


def changes(given: OfDatabase, before: State, case: Case) -> list[Change]:
    """An empty group in the VPC, then that group alone on the database."""
    if before.gone:
        return []
    found: list[Change] = []
    part = _group_part(before.vpc, case)
    rules = before.parts.get(part)
    if rules != EMPTY:
        lost = "rules that somebody put into our isolation group are not put back" if rules else ""
        found.append(
            Change(resource=part, what="isolation group", from_=rules, to=EMPTY, lost=lost)
        )
    for resource, groups in before.parts.items():
        if resource.endswith("#security-groups") and groups != [_name(case)]:
            found.append(
                Change(resource=resource, what="security groups", from_=groups, to=[_name(case)])
            )
    return found


def apply(aws: Aws, given: OfDatabase, change: Change, case: Case) -> None:
    """Make or remove our group, or put groups on the database.

    Refused when rules of somebody else's are to come back; RunFailed when a former group is gone.
    """
    region = given.region or aws.region
    if "#security-group/" in change.resource:
        vpc = change.resource.split("#", 1)[0].rpartition("/")[2]
        if change.to is None:
            remove_group(aws, region, _name(case), vpc)
        elif change.to != EMPTY:
            raise Refused("what somebody put into our isolation group cannot be brought back")
        else:
            empty_group(aws, region, make_group(aws, region, _name(case), vpc, case))
        return
    database = described(aws, given)
    groups = list(change.to or ())
    if _name(case) in groups and database is not None:
        vpc = _vpc(aws, given, database)
        ours = groups_called(aws, region, _name(case), {vpc}).get(vpc)
        if ours is None:
            raise RunFailed(f"the isolation group {_name(case)} was deleted; run this again")
        groups = [str(ours["GroupId"]) if each == _name(case) else each for each in groups]
    modify(aws, given, change, shut=[_name(case)], VpcSecurityGroupIds=groups)


def verify(aws: Aws, given: OfDatabase, case: Case) -> list[Check]:
    """The database has our group alone, and it allows nothing."""
    state = observe(aws, given, case)
    if state.gone:
        return [gone_check(given, "is cut off the network")]
    groups = next(value for part, value in state.parts.items() if part.endswith("#security-groups"))
    rules = state.parts.get(_group_part(state.vpc, case))
    holds = groups == [_name(case)] and rules == EMPTY
    seen = SURVIVES if holds else f"groups {', '.join(groups)}"
    if groups == [_name(case)] and rules != EMPTY:
        seen = "the isolation group allows something"
    return [Check(what=f"nothing new reaches {given.name}", holds=holds, seen=seen)]


def output(given: OfDatabase, before: State, case: Case) -> Output:
    """What a restart asks."""
    return Output(since=time_text(case.now))


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words; the id of the group that the first one makes goes into the last."""
    if "#security-group/" not in change.resource:
        ids = [each if each.startswith("sg-") else "GROUP" for each in change.to]
        return cli(change, "modify", "--vpc-security-group-ids", *ids)
    where = ["--region", change.resource.split(":")[3]]
    if change.to is None:
        return [["ec2", "delete-security-group", *where, "--group-id", "GROUP"]]
    name = change.resource.rpartition("/")[2]
    vpc = change.resource.split("#", 1)[0].rpartition("/")[2]
    made = ["--group-name", name, "--description", name, "--vpc-id", vpc]
    all_traffic = "IpProtocol=-1,IpRanges=[{CidrIp=0.0.0.0/0}]"
    return [
        ["ec2", "create-security-group", *where, *made],
        [
            *("ec2", "revoke-security-group-egress", *where),
            *("--group-id", "GROUP", "--ip-permissions", all_traffic),
        ],
    ]
