"""Log a VPC's DNS queries again, by the configuration that did it before.

The configuration has to be there: one that was deleted is made again by its owner, who knows where
it wrote to, and verify says that nothing logs. Queries of the gap are lost. Undoing ends the
logging of this VPC by this configuration alone.
Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_AssociateResolverQueryLogConfig.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.wanted import BLIND, changes_to, holding
from firedoor.errors import AwsError
from firedoor.kinds import Region, VpcId

CONFIG = "arn:{partition}:route53resolver:{region}:{account}:resolver-query-log-config/{config}"
PERMISSIONS = (
    Permission("route53resolver:ListResolverQueryLogConfigAssociations"),
    Permission("route53resolver:AssociateResolverQueryLogConfig", CONFIG),
    Permission("route53resolver:DisassociateResolverQueryLogConfig", CONFIG, "undo"),
    Permission("ec2:DescribeVpcs", why="Resolver asks for it when it associates a VPC"),
)
EXAMPLE = {"config": "rqlc-0123456789abcdef0", "vpc": "vpc-0123456789abcdef0"}
EXAMPLE |= {"region": "eu-central-1"}
REOPENS = BLIND
WHAT = "DNS queries are logged"
ON = ("ACTIVE", "CREATING", "ACTION_NEEDED")
DONE = frozenset({"ResourceExistsException"})
GONE = frozenset({"ResourceNotFoundException"})


class Input(Given, frozen=True, kw_only=True):
    """The query log configuration, the VPC, and their Region."""

    config: str
    vpc: VpcId
    region: Region


def observe(aws: Aws, given: Input, case: Case) -> State:
    """Whether the VPC is associated with the configuration."""
    region = given.region
    found = aws.pages(
        "route53resolver",
        "list_resolver_query_log_config_associations",
        "ResolverQueryLogConfigAssociations",
        region=region,
        Filters=[
            {"Name": "ResolverQueryLogConfigId", "Values": [given.config]},
            {"Name": "ResourceId", "Values": [given.vpc]},
        ],
    )
    on = any(
        each.get("Status") in ON
        and each.get("ResourceId") == given.vpc
        and each.get("ResolverQueryLogConfigId") == given.config
        for each in found
    )
    return State(parts={_resource(case, given, region): True} if on else {})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Not logged → logged."""
    return changes_to(before.parts, {_resource(case, given, given.region): True}, WHAT)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Associate or disassociate the VPC."""
    verb = "associate" if change.to else "disassociate"
    try:
        aws.call(
            "route53resolver",
            f"{verb}_resolver_query_log_config",
            region=given.region,
            ResolverQueryLogConfigId=given.config,
            ResourceId=given.vpc,
        )
    except AwsError as error:
        if error.code not in (DONE if change.to else GONE):
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """The VPC's queries are logged."""
    resource = _resource(case, given, given.region)
    return holding(observe(aws, given, case).parts, {resource: True}, WHAT)


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    verb = "associate" if change.to else "disassociate"
    config, _, vpc = change.resource.partition("resolver-query-log-config/")[2].partition("#vpc/")
    words = ["route53resolver", f"{verb}-resolver-query-log-config", "--resource-id", vpc]
    return [[*words, "--resolver-query-log-config-id", config]]


def _resource(case: Case, given: Input, region: str) -> str:
    owner = f"arn:{case.partition}:route53resolver:{region}:{case.account}"
    return f"{owner}:resolver-query-log-config/{given.config}#vpc/{given.vpc}"
