"""Documents as the sources send them, written for these tests; every call gives a fresh copy."""

from __future__ import annotations

import json
from typing import Any

Json = Any

ACCOUNT = "111122223333"
OTHER_ACCOUNT = "444455556666"
KEY = "AKIAIOSFODNN7EXAMPLE"
SESSION_KEY = "ASIAIOSFODNN7EXAMPLE"
DETECTOR = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
ID = "f0e1d2c3b4a5968778695a4b3c2d1e0f"
ARN = f"arn:aws:guardduty:eu-central-1:{ACCOUNT}:detector/{DETECTOR}/finding/{ID}"


def key_details(**changes: Json) -> dict[str, Json]:
    """The key of an IAM user, as GuardDuty describes it."""
    return {
        "accessKeyId": KEY,
        "principalId": "AIDAIOSFODNN7EXAMPLE",
        "userType": "IAMUser",
        "userName": "ci-deployer",
        **changes,
    }


def role_details(**changes: Json) -> dict[str, Json]:
    """A session of a role, as GuardDuty describes it: `userName` is the role's."""
    return {
        "accessKeyId": SESSION_KEY,
        "principalId": "AROAIOSFODNN7EXAMPLE:night-batch",
        "userType": "AssumedRole",
        "userName": "data-reader",
        **changes,
    }


def api_call(**changes: Json) -> dict[str, Json]:
    """An action block: one AWS call from outside."""
    return {
        "actionType": "AWS_API_CALL",
        "awsApiCallAction": {
            "api": "ListUsers",
            "serviceName": "iam.amazonaws.com",
            "callerType": "Remote IP",
            "errorCode": "AccessDenied",
            "remoteIpDetails": {
                "ipAddressV4": "198.51.100.7",
                "country": {"countryName": "Exampleland"},
                "organization": {"asn": "64496", "org": "Example Transit"},
            },
            **changes,
        },
    }


def guardduty(
    said_type: str = "UnauthorizedAccess:IAMUser/MaliciousIPCaller",
    *,
    resource: Json = None,
    service: Json = None,
    **changes: Json,
) -> dict[str, Json]:
    """A GuardDuty finding as EventBridge has it in `detail`: about an IAM user's key."""
    return {
        "schemaVersion": "2.0",
        "accountId": ACCOUNT,
        "region": "eu-central-1",
        "partition": "aws",
        "id": ID,
        "arn": ARN,
        "type": said_type,
        "resource": resource
        or {"resourceType": "AccessKey", "accessKeyDetails": key_details(), "instanceDetails": {}},
        "service": {
            "serviceName": "guardduty",
            "detectorId": DETECTOR,
            "action": api_call(),
            "resourceRole": "TARGET",
            "additionalInfo": {},
            "eventFirstSeen": "2026-03-01T10:00:00.000Z",
            "eventLastSeen": "2026-03-01T10:20:00.000Z",
            "archived": False,
            "count": 3,
            "evidence": None,
            **(service or {}),
        },
        "severity": 5,
        "createdAt": "2026-03-01T10:05:00.000Z",
        "updatedAt": "2026-03-01T10:25:00.000Z",
        "title": "API ListUsers was called from a known malicious address.",
        "description": "API ListUsers was called from 198.51.100.7.",
        **changes,
    }


def pascal(document: Json) -> Json:
    """A GuardDuty finding as boto3 gives it: no nulls, and of the additional information only
    what stands in `Value`."""
    if isinstance(document, list):
        return [pascal(each) for each in document]
    if not isinstance(document, dict):
        return document
    if "additionalInfo" in document:
        more = document["additionalInfo"]
        boto = {"Value": json.dumps(more), "Type": "default"}
        rest = {key: value for key, value in document.items() if key != "additionalInfo"}
        return {**pascal(rest), "AdditionalInfo": boto}
    return {
        key[:1].upper() + key[1:]: pascal(value)
        for key, value in document.items()
        if value is not None
    }


def event(
    detail: Json, source: str = "aws.guardduty", kind: str = "GuardDuty Finding", **changes: Json
) -> dict[str, Json]:
    """An EventBridge event."""
    return {
        "version": "0",
        "id": "6f0e3f7e-0000-4000-8000-000000000001",
        "detail-type": kind,
        "source": source,
        "account": OTHER_ACCOUNT,
        "time": "2026-03-01T10:26:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
        **changes,
    }


def sns(message: Json, **changes: Json) -> dict[str, Json]:
    """A notification as SNS posts it."""
    return {
        "Type": "Notification",
        "MessageId": "6f0e3f7e-0000-4000-8000-000000000002",
        "TopicArn": f"arn:aws:sns:eu-central-1:{ACCOUNT}:alerts",
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-03-01T10:26:01.000Z",
        **changes,
    }


def sns_record(message: Json) -> dict[str, Json]:
    """A notification as Lambda is called with it."""
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns(message)}]}


def sqs_record(body: Json) -> dict[str, Json]:
    """A message as Lambda is called with it."""
    record = {"messageId": "1", "receiptHandle": "x", "eventSource": "aws:sqs"}
    return {"Records": [{**record, "body": json.dumps(body)}]}


def sqs_received(*bodies: Json) -> dict[str, Json]:
    """Messages as boto3's receive_message answers."""
    return {"Messages": [{"MessageId": "1", "Body": json.dumps(body)} for body in bodies]}


def asff(**changes: Json) -> dict[str, Json]:
    """GuardDuty's finding as Security Hub hands it on."""
    prefix = "aws/guardduty/service"
    return {
        "SchemaVersion": "2018-10-08",
        "Id": ARN,
        "ProductArn": "arn:aws:securityhub:eu-central-1::product/aws/guardduty",
        "GeneratorId": ARN.partition("/finding/")[0],
        "AwsAccountId": ACCOUNT,
        "Types": ["TTPs/Discovery/Recon:IAMUser-MaliciousIPCaller.Custom"],
        "FirstObservedAt": "2026-03-01T10:00:00.000Z",
        "LastObservedAt": "2026-03-01T10:20:00.000Z",
        "CreatedAt": "2026-03-01T10:05:00.000Z",
        "UpdatedAt": "2026-03-01T10:25:00.000Z",
        "Severity": {"Product": 5, "Label": "MEDIUM", "Normalized": 50},
        "Title": "API ListUsers was called from an address on a custom list.",
        "Description": "API ListUsers was called from 198.51.100.7.",
        "ProductFields": {
            f"{prefix}/action/actionType": "AWS_API_CALL",
            f"{prefix}/action/awsApiCallAction/api": "ListUsers",
            f"{prefix}/action/awsApiCallAction/serviceName": "iam.amazonaws.com",
            f"{prefix}/action/awsApiCallAction/callerType": "Remote IP",
            f"{prefix}/action/awsApiCallAction/remoteIpDetails/ipAddressV4": "198.51.100.7",
            f"{prefix}/archived": "false",
            f"{prefix}/count": "3",
            f"{prefix}/detectorId": DETECTOR,
            f"{prefix}/resourceRole": "TARGET",
        },
        "Resources": [
            {
                "Type": "AwsIamAccessKey",
                "Id": f"AWS::IAM::AccessKey:{KEY}",
                "Partition": "aws",
                "Region": "eu-central-1",
                "Details": {
                    "AwsIamAccessKey": {
                        "PrincipalId": "AIDAIOSFODNN7EXAMPLE",
                        "PrincipalName": "ci-deployer",
                        "PrincipalType": "IAMUser",
                    }
                },
            }
        ],
        "WorkflowState": "NEW",
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        **changes,
    }


def ocsf(**changes: Json) -> dict[str, Json]:
    """GuardDuty's finding as the newer Security Hub sends it."""
    return {
        "activity_id": 1,
        "category_uid": 2,
        "class_uid": 2004,
        "cloud": {"account": {"uid": ACCOUNT}, "provider": "AWS", "region": "eu-central-1"},
        "finding_info": {
            "uid": ARN,
            "title": "API ListUsers was called from a known malicious address.",
            "desc": "API ListUsers was called from 198.51.100.7.",
            "types": ["TTPs/Discovery/Recon:IAMUser-MaliciousIPCaller"],
            "first_seen_time_dt": "2026-03-01T10:00:00.000Z",
            "last_seen_time": 1772360400000,
            "modified_time_dt": "2026-03-01T10:25:00.000Z",
        },
        "metadata": {"product": {"name": "GuardDuty", "vendor_name": "AWS"}, "version": "1.1.0"},
        "evidences": [
            {
                "actor": {"user": {"type": "IAMUser", "name": "ci-deployer", "uid": "AIDA1"}},
                "api": {"operation": "ListUsers", "service": {"name": "iam.amazonaws.com"}},
                "src_endpoint": {"ip": "198.51.100.7", "location": {"country": "Exampleland"}},
            }
        ],
        "resources": [{"type": "AwsIamAccessKey", "uid": f"AWS::IAM::AccessKey:{KEY}"}],
        "severity_id": 4,
        "status": "New",
        **changes,
    }


def health(**changes: Json) -> dict[str, Json]:
    """The detail of AWS's own alarm about a key seen in a public place."""
    name = "AWS_RISK_CREDENTIALS_EXPOSED"
    return {
        "eventArn": f"arn:aws:health:us-east-1::event/RISK/{name}/{name}-0001",
        "service": "RISK",
        "eventTypeCode": name,
        "eventTypeCategory": "issue",
        "startTime": "Sun, 01 Mar 2026 10:00:00 GMT",
        "lastUpdatedTime": "Sun, 01 Mar 2026 10:00:01 GMT",
        "statusCode": "open",
        "eventRegion": "us-east-1",
        "eventDescription": [{"language": "en_US", "latestDescription": "A key is public."}],
        "eventMetadata": {"accountId": ACCOUNT, "publicKey": KEY, "userName": "ci-deployer"},
        "affectedEntities": [{"entityValue": KEY}],
        "affectedAccount": ACCOUNT,
        "totalPages": "1",
        **changes,
    }


def macie(**changes: Json) -> dict[str, Json]:
    """A Macie finding about a bucket that became public."""
    return {
        "schemaVersion": "1.0",
        "id": "00112233445566778899aabbccddeeff",
        "accountId": ACCOUNT,
        "partition": "aws",
        "region": "eu-central-1",
        "type": "Policy:IAMUser/S3BucketPublic",
        "title": "The bucket can be read by anybody",
        "description": "A bucket policy lets anybody read.",
        "severity": {"score": 3, "description": "High"},
        "createdAt": "2026-03-01T10:00:00Z",
        "updatedAt": "2026-03-01T10:25:00Z",
        "count": 1,
        "category": "POLICY",
        "archived": False,
        "sample": False,
        "resourcesAffected": {"s3Bucket": {"arn": "arn:aws:s3:::ledger", "name": "ledger"}},
        **changes,
    }


def access_analyzer(**changes: Json) -> dict[str, Json]:
    """An Access Analyzer finding about a bucket that anybody may read."""
    return {
        "version": "1.0",
        "id": "00112233-0000-4000-8000-000000000003",
        "status": "ACTIVE",
        "resourceType": "AWS::S3::Bucket",
        "resource": "arn:aws:s3:::ledger",
        "createdAt": "2026-03-01T10:00:00Z",
        "analyzedAt": "2026-03-01T10:20:00Z",
        "updatedAt": "2026-03-01T10:25:00Z",
        "accountId": ACCOUNT,
        "region": "eu-central-1",
        "principal": {"AWS": "*"},
        "action": ["s3:GetObject"],
        "isPublic": True,
        "isDeleted": False,
        **changes,
    }


def sequence(said_type: str = "AttackSequence:IAM/CompromisedCredentials") -> dict[str, Json]:
    """An attack sequence: a user and a role's session, two keys, a bucket, an instance."""
    user = {
        "id": "user-1",
        "user": {
            "name": "ci-deployer",
            "uid": "AIDAIOSFODNN7EXAMPLE",
            "type": "IAMUser",
            "credentialUid": KEY,
            "account": {"uid": ACCOUNT},
        },
    }
    role = {
        "id": "user-2",
        "user": {
            "name": "data-reader",
            "uid": "AROAIOSFODNN7EXAMPLE:night-batch",
            "type": "AssumedRole",
            "credentialUid": SESSION_KEY,
            "account": {"uid": OTHER_ACCOUNT},
        },
    }
    resources = [
        {"uid": KEY, "resourceType": "ACCESS_KEY", "data": {"accessKey": key_details()}},
        {"uid": "arn:aws:s3:::ledger", "resourceType": "S3_BUCKET", "accountId": ACCOUNT},
        {
            "uid": f"arn:aws:ec2:eu-central-1:{ACCOUNT}:instance/i-0123456789abcdef0",
            "resourceType": "EC2_INSTANCE",
            "accountId": ACCOUNT,
        },
    ]
    chain = {
        "uid": "s-1",
        "actors": [user, role],
        "resources": resources,
        "endpoints": [{"id": "e-1", "ip": "198.51.100.7", "location": {"country": "Exampleland"}}],
        "sequenceIndicators": [{"key": "HIGH_RISK_API", "values": ["iam:CreateUser"]}],
    }
    return guardduty(
        said_type,
        resource={"resourceType": "AttackSequence"},
        service={"detection": {"sequence": chain}, "action": None},
        severity=9,
    )
