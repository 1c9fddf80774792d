"""What a call asks for in IAM's terms: action, resource and condition context.

The names follow AWS's service authorization reference for IAM, STS, S3 and the services an
incident touches; for any other service the action is the operation and the resource is `*`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from firedoor.simulator import (
    accounts,
    bedrock,
    compute,
    identity_center,
    kms,
    naming,
    organizations,
    roles_anywhere,
    workloads,
)
from firedoor.simulator.credentials import Caller
from firedoor.simulator.wire import GLOBAL_REGION, Call

Context = Mapping[str, str | list[str]]


@dataclass(frozen=True)
class Asked:
    """One thing a call needs permission for."""

    action: str
    resource: str


_PREFIX = {
    "sso-admin": "sso",
    "elbv2": "elasticloadbalancing",
    "elb": "elasticloadbalancing",
    "efs": "elasticfilesystem",
    "sesv2": "ses",
    "bedrock-runtime": "bedrock",
    "accessanalyzer": "access-analyzer",
    "s3control": "s3",
}
_S3CONTROL_ACTIONS = {
    "GetPublicAccessBlock": "GetAccountPublicAccessBlock",
    "PutPublicAccessBlock": "PutAccountPublicAccessBlock",
    "DeletePublicAccessBlock": "PutAccountPublicAccessBlock",
}
_S3_ACTIONS = {
    "ListBuckets": "ListAllMyBuckets",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "UploadPartCopy": "PutObject",
    "DeleteObjects": "DeleteObject",
    "GetObjectAttributes": "GetObject",
    "SelectObjectContent": "GetObject",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteBucketCors": "PutBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
}
# For services with one obvious resource: the parameter that names it, and its ARN.
_ARNS: Mapping[str, tuple[str, str]] = {
    "guardduty": ("DetectorId", "arn:aws:guardduty:{region}:{account}:detector/{id}"),
    "secretsmanager": ("SecretId", "arn:aws:secretsmanager:{region}:{account}:secret:{id}"),
    "dynamodb": ("TableName", "arn:aws:dynamodb:{region}:{account}:table/{id}"),
    "kms": ("KeyId", "arn:aws:kms:{region}:{account}:key/{id}"),
    "sns": ("TopicArn", "{id}"),
    "logs": ("logGroupName", "arn:aws:logs:{region}:{account}:log-group:{id}"),
}


def asked(call: Call, caller: Caller) -> list[Asked]:
    """Everything that must be allowed for the call; never empty."""
    if call.service == "s3":
        return _asked_s3(call)
    prefix = _PREFIX.get(call.service, call.signing_name)
    action = f"{prefix}:{action_of(call.service, call.operation).partition(':')[2]}"
    if call.service == "organizations":
        return [Asked(action, arn) for arn in organizations.resources(call, caller)]
    if call.service == "rolesanywhere":
        return [Asked(action, roles_anywhere.resource(call, caller))]
    if call.service in workloads.SERVICES:
        named = workloads.resources(call, caller.account)
        more = [Asked(*each) for each in workloads.besides(call, caller.account)]
        return [Asked(action, arn) for arn in named] + more
    if named := naming.resources(call, caller):
        return [Asked(action, arn) for arn in named]
    if call.service in compute.SERVICES and call.operation not in compute.WITHOUT_RESOURCE:
        named = compute.resources(call, caller.account)
        more = [Asked(*each) for each in compute.besides(call, caller.account)]
        if named or more:
            return [Asked(action, resource) for resource in named or ["*"]] + more
    return [Asked(action, _resource(call, caller))]


def action_of(service: str, operation: str) -> str:
    """The IAM action of an operation, as far as its name alone tells."""
    named = _ACTIONS.get(service, {}).get(operation, operation)
    return f"{_PREFIX.get(service, service)}:{named}"


_ACTIONS: Mapping[str, Mapping[str, str]] = {
    "s3": _S3_ACTIONS,
    "s3control": _S3CONTROL_ACTIONS,
    "lambda": workloads.LAMBDA_ACTIONS,
    "bedrock-runtime": bedrock.ACTIONS,
    "accessanalyzer": {"ListFindingsV2": "ListFindings", "GetFindingV2": "GetFinding"},
}


def _resource(call: Call, caller: Caller) -> str:
    if call.service == "s3control":
        return _access_point(call, caller)
    if call.service == "iam":
        return iam_resource(call, caller)
    if call.service == "sts":
        if call.operation == "AssumeRoot":
            target = str(call.params["TargetPrincipal"]).removesuffix(":root").rpartition(":")[2]
            return f"arn:aws:iam::{target}:root"
        if call.operation == "GetFederationToken":
            name = call.params.get("Name", "")
            return f"arn:aws:sts::{caller.account}:federated-user/{name}"
        return str(call.params.get("RoleArn") or "*")
    if key := kms.resource_of(call, caller):
        return key
    known = _ARNS.get(call.service)
    found = call.params.get(known[0]) if known else None
    if known is None or not isinstance(found, str):
        return "*"
    if found.startswith("arn:"):
        return found
    return known[1].format(region=call.region, account=caller.account, id=found)


def _access_point(call: Call, caller: Caller) -> str:
    """The ARN of an access point; a Multi-Region one is of no Region. `*` for what has none."""
    name = call.params.get("Name") or (call.params.get("Details") or {}).get("Name")
    if not name:
        return "*"
    region = "" if "MultiRegion" in call.operation else call.region
    return f"arn:aws:s3:{region}:{caller.account}:accesspoint/{name}"


def _asked_s3(call: Call) -> list[Asked]:
    action = "s3:" + _S3_ACTIONS.get(call.operation, call.operation)
    bucket, key = call.params.get("Bucket"), call.params.get("Key")
    if not bucket:
        return [Asked(action, "*")]
    if call.params.get("VersionId") and action in ("s3:GetObject", "s3:DeleteObject"):
        action += "Version"
    arn = f"arn:aws:s3:::{bucket}"
    if call.operation == "DeleteObjects":
        objects = (call.params.get("Delete") or {}).get("Objects") or []
        return [Asked(action, f"{arn}/{one.get('Key', '')}") for one in objects] or [
            Asked(action, f"{arn}/*")
        ]
    found = [Asked(action, f"{arn}/{key}" if key else arn)]
    source = call.params.get("CopySource")
    if isinstance(source, str):
        found += _source(source, found[0].resource)
    return found


def _source(source: str, destination: str) -> list[Asked]:
    """What reading the source of a copy asks for; its tags go along with it."""
    path, _, query = source.lstrip("/").partition("?")
    version = query.removeprefix("versionId=")
    bucket, _, key = unquote(path).partition("/")
    suffix = "Version" if version else ""
    arn = f"arn:aws:s3:::{bucket}/{key}"
    found = [Asked(f"s3:GetObject{suffix}", arn)]
    if accounts.object_tags({"Bucket": bucket, "Key": key, "VersionId": version}):
        found.append(Asked(f"s3:GetObject{suffix}Tagging", arn))
        found.append(Asked("s3:PutObjectTagging", destination))
    return found


def iam_resource(call: Call, caller: Caller) -> str:
    """The ARN an IAM call is about; names that do not exist get the ARN they would have."""
    params, backend = call.params, accounts.iam(caller.account)
    root = f"arn:aws:iam::{caller.account}:"
    path = str(params.get("Path") or "/")
    if call.operation in ("AddUserToGroup", "RemoveUserFromGroup") or (
        "GroupName" in params and "UserName" not in params
    ):
        return _arn(backend.groups.get(params.get("GroupName")), root, "group", params, path)
    if "RoleName" in params and "InstanceProfileName" not in params:
        role = next((r for r in backend.roles.values() if r.name == params["RoleName"]), None)
        return _arn(role, root, "role", params, path)
    if "InstanceProfileName" in params:
        return f"{root}instance-profile{path}{params['InstanceProfileName']}"
    if "UserName" in params:
        return _arn(backend.users.get(params["UserName"]), root, "user", params, path)
    for name, kind in _IAM_BY_ARN.items():
        if name in params:
            value = str(params[name])
            return value if value.startswith("arn:") else f"{root}{kind}{value}"
    if call.operation == "CreatePolicy":
        return f"{root}policy{path}{params.get('PolicyName', '')}"
    if "VirtualMFADeviceName" in params:
        return f"{root}mfa{path}{params['VirtualMFADeviceName']}"
    return root + _IAM_LISTS[call.operation] if call.operation in _IAM_LISTS else "*"


_IAM_BY_ARN = {
    "PolicyArn": "policy/",
    "PolicySourceArn": "user/",
    "SerialNumber": "mfa/",
    "SAMLProviderArn": "saml-provider/",
    "OpenIDConnectProviderArn": "oidc-provider/",
}
_IAM_LISTS = {"ListUsers": "user/", "ListRoles": "role/", "ListGroups": "group/"}


def _arn(entity: Any, root: str, kind: str, params: Mapping[str, Any], path: str) -> str:
    if entity is not None:
        return str(entity.arn)
    return f"{root}{kind}{path}{params.get(kind.capitalize() + 'Name', '')}"


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def context(call: Call, caller: Caller, now: datetime) -> Context:
    """The condition keys of a call that AWS would offer; a key that does not apply is absent."""
    found: dict[str, str | list[str]] = {
        "aws:CurrentTime": _stamp(now),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:SourceIp": call.source_ip,
        "aws:SecureTransport": "true",
        "aws:PrincipalArn": caller.principal_arn,
        "aws:PrincipalType": _PRINCIPAL_TYPES[caller.kind],
        "aws:userid": caller.user_id,
        "aws:RequestedRegion": call.region or GLOBAL_REGION,
        "aws:PrincipalIsAWSService": "false",
        "aws:ViaAWSService": "false",
    }
    if caller.account:
        found["aws:PrincipalAccount"] = caller.account
    if call.header("user-agent"):
        found["aws:UserAgent"] = call.header("user-agent")
    if caller.user_name:
        found["aws:username"] = caller.user_name
    if caller.session:
        found["aws:TokenIssueTime"] = _stamp(caller.session.issued)
        found["aws:MultiFactorAuthPresent"] = "true" if caller.session.mfa else "false"
        if caller.session.mfa:
            age = int((now - caller.session.issued).total_seconds())
            found["aws:MultiFactorAuthAge"] = str(age)
        found.update(caller.session.delivered or {})
        if "/aws-reserved/sso.amazonaws.com/" in caller.principal_arn:
            person = identity_center.person_of(caller.session.name)
            if person:
                found["identitystore:UserId"] = person
    for key, value in _principal_tags(caller).items():
        found[f"aws:PrincipalTag/{key}"] = value
    for key, read in _FROM_PARAMS.items():
        value = read(call.params)
        if value:
            found[key] = str(value)
    _request_tags(call.params, found)
    if call.service == "s3":
        for key, value in accounts.object_tags(call.params).items():
            found[f"s3:ExistingObjectTag/{key}"] = value
    found.update(compute.context(call, caller.account))
    found.update(workloads.context(call, caller.account))
    return found


def _principal_tags(caller: Caller) -> Mapping[str, str]:
    own = accounts.tags_of(caller.entity) if caller.entity is not None else {}
    return own | dict((caller.session.tags if caller.session else None) or {})


def _request_tags(params: Mapping[str, Any], found: dict[str, str | list[str]]) -> None:
    tags = params.get("Tags")
    if not isinstance(tags, list) or not all(isinstance(tag, dict) for tag in tags):
        return
    for tag in tags:
        found[f"aws:RequestTag/{tag.get('Key', '')}"] = str(tag.get("Value", ""))
    found["aws:TagKeys"] = [str(tag.get("Key", "")) for tag in tags]


_PRINCIPAL_TYPES = {
    "user": "User",
    "session_token": "User",
    "role": "AssumedRole",
    "federated": "FederatedUser",
    "root": "Account",
    "auditor": "AssumedRole",
    "anonymous": "Anonymous",
}
_FROM_PARAMS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "iam:PolicyARN": lambda params: params.get("PolicyArn"),
    "iam:PermissionsBoundary": lambda params: params.get("PermissionsBoundary"),
    "organizations:PolicyType": organizations.policy_type,
    "sts:TaskPolicyArn": lambda params: (params.get("TaskPolicyArn") or {}).get("arn"),
    "sts:ExternalId": lambda params: params.get("ExternalId"),
    "sts:RoleSessionName": lambda params: params.get("RoleSessionName"),
    "s3:prefix": lambda params: params.get("Prefix"),
    "s3:delimiter": lambda params: params.get("Delimiter"),
    "s3:max-keys": lambda params: params.get("MaxKeys"),
    "s3:x-amz-acl": lambda params: params.get("ACL"),
}
