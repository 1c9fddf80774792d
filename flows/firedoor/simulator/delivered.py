"""Credentials that AWS itself hands out: to an EC2 instance, and to a Lambda function.

As the metadata service and Lambda's runtime give them: an `ASIA…` key of a session of the role,
called like the instance or the function. There are none when there is no role, when it does not
trust the service, or when the instance does not run.
Source: EC2 User Guide, "Retrieve security credentials from instance metadata"; Lambda Developer
Guide, "Defining Lambda function permissions with an execution role".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from firedoor.simulator import accounts
from firedoor.simulator.credentials import Credentials
from firedoor.simulator.policy import trusts
from firedoor.simulator.sessions import Session
from firedoor.simulator.state import State

INSTANCE_LASTS = timedelta(hours=6)
FUNCTION_LASTS = timedelta(hours=12)


def to_instance(
    state: State, account: str, region: str, instance_id: str, *, quiet: bool
) -> Credentials | str:
    """The credentials that an instance gets just now, or why it gets none."""
    instance = find_instance(account, region, instance_id)
    if instance is None:
        return f"there is no instance {instance_id} in {region}"
    if instance._state.name != "running":
        return f"the instance {instance_id} is {instance._state.name}"
    role = _role_of_instance(account, region, instance)
    if role is None:
        return f"the instance {instance_id} has no role"
    arn = f"arn:aws:ec2:{region}:{account}:instance/{instance_id}"
    keys = {"ec2:SourceInstanceARN": arn, "ec2:RoleDelivery": "2.0"}
    return _delivered(
        state, role, "ec2.amazonaws.com", instance_id, region, INSTANCE_LASTS, keys, quiet
    )


def to_function(
    state: State, account: str, region: str, name: str, *, quiet: bool
) -> Credentials | str:
    """The credentials that a function gets when it is started just now, or why it gets none."""
    from moto.awslambda.models import lambda_backends  # loaded only where there is a function

    name = name.rpartition(":function:")[2].partition(":")[0] or name
    functions = lambda_backends[account][region].list_functions()
    found = next((one for one in functions if one.function_name == name), None)
    if found is None:
        return f"there is no function {name} in {region}"
    if found.reserved_concurrency is not None and int(found.reserved_concurrency) == 0:
        return f"the function {name} has a reserved concurrency of 0"
    role = accounts.role_by_arn(str(found.role))
    if role is None:
        return f"the function {name} has no role"
    keys = {"lambda:SourceFunctionArn": f"arn:aws:lambda:{region}:{account}:function:{name}"}
    return _delivered(
        state, role, "lambda.amazonaws.com", name, region, FUNCTION_LASTS, keys, quiet
    )


def find_instance(account: str, region: str, instance_id: str) -> Any | None:
    """moto's instance of an id; None when there is none."""
    from moto.ec2.models import ec2_backends  # loaded only where there is an instance

    for reservation in ec2_backends[account][region].reservations.values():
        for instance in reservation.instances:
            if instance.id == instance_id:
                return instance
    return None


def reachable(account: str, region: str, instance_id: str) -> bool:
    """Whether somebody outside can get at an instance: it runs, and a security group of its
    network interfaces lets anything in or out."""
    instance = find_instance(account, region, instance_id)
    if instance is None or instance._state.name != "running":
        return False
    own = [group for nic in instance.nics.values() for group in nic._group_set]
    groups = own or list(instance.security_groups)
    return not groups or any(one.ingress_rules or one.egress_rules for one in groups)


def _role_of_instance(account: str, region: str, instance: Any) -> Any | None:
    from moto.ec2.models import ec2_backends  # see above

    association = ec2_backends[account][region].iam_instance_profile_associations.get(instance.id)
    profile = association.iam_instance_profile if association else None
    if profile is None:
        return None
    roles = list(profile.roles)
    # The role as it is now: it may have been deleted since.
    return accounts.role_by_arn(roles[0].arn) if roles else None


def _delivered(
    state: State,
    role: Any,
    service: str,
    name: str,
    region: str,
    lasts: timedelta,
    keys: Mapping[str, str],
    quiet: bool,
) -> Credentials | str:
    trust = accounts.document(role.assume_role_policy_document)
    if not trusts(trust, service, "sts:AssumeRole", {}):
        return f"the role {role.name} does not trust {service}"
    now = state.clock.now()
    session = state.sessions.mint(
        kind="role",
        account=role.account_id,
        owner_name=role.name,
        owner_id=role.id,
        owner_arn=role.arn,
        name=name,
        issued=now,
        expires=now + lasts,
        delivered=keys,
    )
    if not quiet:
        state.trail.add(_assumed(role, service, session, region))
    return Credentials(session.access_key_id, session.secret_access_key, session.token, session.arn)


def _assumed(role: Any, service: str, session: Session, region: str) -> dict[str, Any]:
    """The record that CloudTrail has of a service's assuming the role."""
    return {
        "userIdentity": {"type": "AWSService", "invokedBy": service},
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "awsRegion": region,
        "sourceIPAddress": service,
        "userAgent": service,
        "requestParameters": {"roleArn": role.arn, "roleSessionName": session.name},
        "responseElements": {
            "credentials": {
                "accessKeyId": session.access_key_id,
                "expiration": session.expires.strftime("%b %d, %Y, %I:%M:%S %p"),
            }
        },
        "resources": [{"accountId": role.account_id, "type": "AWS::IAM::Role", "ARN": role.arn}],
        "recipientAccountId": role.account_id,
    }
