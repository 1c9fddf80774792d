"""The resources that calls to logging, detection and mail services are about, as ARNs.

From AWS's service authorization reference: which parameter names the resource, and the ARN it has.
Calls that are not here are about no resource (`*`) or are named in `requests`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firedoor.simulator import bedrock
from firedoor.simulator.credentials import Caller
from firedoor.simulator.wire import Call

_DETECTOR = "arn:aws:guardduty:{region}:{account}:detector/{DetectorId}"
_QUERY_LOG = (
    "arn:aws:route53resolver:{region}:{account}:"
    "resolver-query-log-config/{ResolverQueryLogConfigId}"
)
_HUB = "arn:aws:securityhub:{region}:{account}:hub/default"
# The first template whose parameters are all given, operation by operation or service by service.
_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "guardduty:CreateFilter": (_DETECTOR,),
    "guardduty": (
        _DETECTOR + "/ipset/{IpSetId}",
        _DETECTOR + "/filter/{FilterName}",
        _DETECTOR,
    ),
    "cloudtrail": (
        "arn:aws:cloudtrail:{region}:{account}:trail/{Name}",
        "arn:aws:cloudtrail:{region}:{account}:trail/{TrailName}",
    ),
    "access-analyzer": ("{analyzerArn}",),
    "securityhub:DescribeHub": (_HUB,),
    "securityhub:EnableSecurityHub": (_HUB,),
    "securityhub:DisableSecurityHub": (_HUB,),
    "ses": (
        "arn:aws:ses:{region}:{account}:identity/{EmailIdentity}",
        "arn:aws:ses:{region}:{account}:configuration-set/{ConfigurationSetName}",
        "arn:aws:ses:{region}:{account}:identity/{FromEmailAddress}",
        "arn:aws:ses:{region}:{account}:identity/{Source}",
    ),
    "route53resolver:AssociateResolverQueryLogConfig": (_QUERY_LOG,),
    "route53resolver:DisassociateResolverQueryLogConfig": (_QUERY_LOG,),
    "route53resolver:GetResolverQueryLogConfig": (_QUERY_LOG,),
}


class _Given(dict[str, str]):
    """The parameters of a call: a template that needs one more does not fit."""

    def __missing__(self, key: str) -> str:
        raise KeyError(key)


def resources(call: Call, caller: Caller) -> list[str]:
    """The ARNs that a call is about; [] when nothing here knows it."""
    if model := bedrock.resource_of(call, caller):
        return [model]
    if call.service == "ec2":
        return _flow_logs(call.operation, call.params, f"{call.region}:{caller.account}")
    templates = _TEMPLATES.get(call.name) or _TEMPLATES.get(call.signing_name) or ()
    given = _Given({key: value for key, value in call.params.items() if isinstance(value, str)})
    given |= {"region": call.region, "account": caller.account}
    for template in templates:
        try:
            found = template.format_map(given)
        except KeyError:
            continue
        # What is named by its ARN is that.
        named = found.rpartition("/arn:")[2]
        return [f"arn:{named}" if "/arn:" in found else found]
    return []


def _flow_logs(operation: str, params: Mapping[str, Any], where: str) -> list[str]:
    if operation == "CreateFlowLogs":
        kinds = {"VPC": "vpc", "Subnet": "subnet", "NetworkInterface": "network-interface"}
        kind = kinds.get(str(params.get("ResourceType")), "vpc")
        named = [f"{kind}/{number}" for number in params.get("ResourceIds") or ()]
        return [f"arn:aws:ec2:{where}:{one}" for one in (*named, "vpc-flow-log/new")]
    if operation == "DeleteFlowLogs":
        numbers = params.get("FlowLogIds") or ()
        return [f"arn:aws:ec2:{where}:vpc-flow-log/{number}" for number in numbers]
    return []
