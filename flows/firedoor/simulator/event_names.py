"""How CloudTrail writes calls down where it does not use the API's own names.

Source: CloudTrail's records of S3, Lambda and EC2, and the lists of logged events in their guides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firedoor.simulator import accounts
from firedoor.simulator.wire import Call

_SOURCES = {"email": "ses", "monitoring": "monitoring", "s3control": "s3"}
_S3 = {
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "GetBucketLifecycleConfiguration": "GetBucketLifecycle",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "ListObjectsV2": "ListObjects",
}
_S3_WORDS = {
    "Policy": "bucketPolicy",
    "SSECustomerAlgorithm": "x-amz-server-side-encryption-customer-algorithm",
}
_S3_CONTROL = {
    "GetPublicAccessBlock": "GetAccountPublicAccessBlock",
    "PutPublicAccessBlock": "PutAccountPublicAccessBlock",
    "DeletePublicAccessBlock": "DeleteAccountPublicAccessBlock",
}
# Lambda's names end in the version of its API that a call came with.
_LAMBDA = {
    name + version: name
    for version, names in {
        "20150331": (
            *("CreateFunction", "DeleteFunction", "ListFunctions", "CreateAlias", "DeleteAlias"),
            *("CreateEventSourceMapping", "DeleteEventSourceMapping", "UpdateEventSourceMapping"),
            *("ListEventSourceMappings", "PublishVersion", "ListVersionsByFunction", "GetAlias"),
            *("ListAliases", "UpdateAlias", "GetEventSourceMapping"),
        ),
        "20150331v2": (
            *("AddPermission", "RemovePermission", "GetPolicy", "GetFunction"),
            *("GetFunctionConfiguration", "UpdateFunctionCode", "UpdateFunctionConfiguration"),
        ),
        "20171031": ("PutFunctionConcurrency", "DeleteFunctionConcurrency"),
        "20181031": (
            *("PublishLayerVersion", "DeleteLayerVersion", "GetLayerVersion", "ListLayers"),
            *("AddLayerVersionPermission", "RemoveLayerVersionPermission", "ListLayerVersions"),
        ),
        "20190930": ("GetFunctionConcurrency",),
        "20170331v2": ("TagResource", "UntagResource", "ListTags"),
    }.items()
    for name in names
}
_LAMBDA_NAMES = {plain: written for written, plain in _LAMBDA.items()}
_S3_DATA = frozenset(
    {"ListObjects", "ListObjectsV2", "ListObjectVersions", "DeleteObjects", "ListMultipartUploads"}
)
# Calls that CloudTrail takes for data events: LookupEvents never shows them.
_DATA: Mapping[str, tuple[str, ...]] = {
    "dynamodb": ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "Batch"),
    "lambda": ("Invoke",),
    "sns": ("Publish",),
    "sqs": ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility"),
    "ses": ("SendEmail", "SendRawEmail", "SendTemplatedEmail", "SendBulk"),
    "sesv2": ("SendEmail", "SendBulkEmail"),
    "ebs": ("GetSnapshotBlock", "ListSnapshotBlocks", "ListChangedBlocks"),
    "kinesis": ("PutRecord", "GetRecords"),
}


def source_of(call: Call) -> str:
    """`eventSource`: `s3.amazonaws.com`."""
    name = _SOURCES.get(call.signing_name, call.signing_name)
    return f"{name}.amazonaws.com"


def name_of(call: Call) -> str:
    """`eventName`."""
    table = {"s3": _S3, "s3control": _S3_CONTROL, "lambda": _LAMBDA_NAMES}.get(call.service, {})
    return table.get(call.operation, call.operation)


def is_data_event(call: Call) -> bool:
    """Whether a call is about the content of a resource, not about the resource."""
    if call.service == "s3":
        return "Key" in call.params or call.operation in _S3_DATA
    return bool(call.drill) or call.operation.startswith(_DATA.get(call.service, ("\0",)))


def as_written(call: Call, value: Mapping[str, Any], shape: Any) -> dict[str, Any]:
    """Parameters or an answer under the names that CloudTrail has for them.

    EC2's are those of its XML, with lists as `{"items": […]}`: `InstanceIds: [i-1]` is
    `instancesSet: {items: [{instanceId: i-1}]}`. S3 shows a bucket's policy as a document, and the
    headers of encryption with the caller's own key. For all others the API's own names do.
    """
    if call.service == "s3":
        return {
            _S3_WORDS.get(key, key): accounts.document(inner)
            if (call.operation, key) == ("PutBucketPolicy", "Policy")
            else inner
            for key, inner in value.items()
        }
    if call.protocol != "ec2" or shape is None:
        return dict(value)
    return {
        name: found
        for key, inner in value.items()
        for name, found in _ec2(key, inner, shape.members.get(key))
    }


def _ec2(key: str, value: Any, shape: Any) -> list[tuple[str, Any]]:
    serialized = (shape.serialization.get("name") if shape is not None else None) or key
    name = serialized[:1].lower() + serialized[1:]
    if isinstance(value, (list, tuple)):
        member = shape.member if shape is not None and shape.type_name == "list" else None
        single = _singular(name)
        items = [
            {single: one} if not isinstance(one, Mapping) else _ec2_mapping(one, member)
            for one in value
        ]
        return [(_SETS.get(single, name), {"items": items})]
    if isinstance(value, Mapping):
        return [(name, _ec2_mapping(value, shape))]
    return [(name, value)]


def _ec2_mapping(value: Mapping[str, Any], shape: Any) -> dict[str, Any]:
    members = getattr(shape, "members", {})
    return {
        name: found
        for key, inner in value.items()
        for name, found in _ec2(key, inner, members.get(key))
    }


def _singular(name: str) -> str:
    return name.removesuffix("s") if name.endswith("Ids") else name


_SETS = {
    "instanceId": "instancesSet",
    "volumeId": "volumeSet",
    "snapshotId": "snapshotSet",
    "imageId": "imagesSet",
    "groupId": "groupSet",
    "networkInterfaceId": "networkInterfaceIdSet",
}
