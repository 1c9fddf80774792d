"""CloudTrail: a record of every authenticated call, in CloudTrail's own JSON, and LookupEvents.

Calls that fail authentication (unknown, deleted or inactive keys, wrong signatures, expired
sessions) are not recorded: no identity stands behind them. Object-level S3 calls are data events,
which LookupEvents does not show; they are in `Trail.records` with `managementEvent` false.
"""

from __future__ import annotations

import bisect
import json
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from firedoor.simulator.credentials import Caller
from firedoor.simulator.wire import GLOBAL_REGION, GLOBAL_SERVICES, ApiError, Call

Record = dict[str, Any]
_PAGE = 50
_KEPT = timedelta(days=90)
_NAMESPACE = uuid.UUID("6f2f9a9e-1c1c-5b7e-9a55-0b7f6f1b1d11")
_READ = ("Get", "List", "Describe", "Head", "Lookup", "Simulate", "BatchGet", "Search", "Assume")
_SECRET = frozenset(
    {"password", "newPassword", "oldPassword", "secretAccessKey", "tokenCode", "servicePassword"}
    | {
        "sessionToken",
        "base32StringSeed",
        "qRCodePNG",
        "body",
        "zipFile",
        "serviceCredentialSecret",
    }
)


class Trail:
    """The records of all accounts and Regions, oldest first; safe to share between threads.

    `delay` is how long after its event a record is shown by LookupEvents, in seconds. `throttle`
    is how many lookups a second an account and Region allow; None allows any number.
    """

    def __init__(
        self, now: Callable[[], datetime], delay: float = 0.0, throttle: int | None = None
    ) -> None:
        self.delay = delay
        self.throttle = throttle
        self._now = now
        self._lock = threading.Lock()
        self._records: list[Record] = []
        self._lookups: dict[tuple[str, str], list[datetime]] = {}

    @property
    def records(self) -> list[Record]:
        """All records, oldest first, as they are now."""
        with self._lock:
            return list(self._records)

    def add(self, record: Mapping[str, Any]) -> Record:
        """Keep a record; whatever CloudTrail always writes and it does not say is filled in."""
        with self._lock:
            number = len(self._records)
            full: Record = {
                "eventVersion": "1.11",
                "userIdentity": {},
                "eventTime": stamp(self._now()),
                "awsRegion": GLOBAL_REGION,
                "sourceIPAddress": "198.51.100.10",
                "userAgent": "aws-sdk",
                "requestParameters": None,
                "responseElements": None,
                "requestID": str(uuid.uuid5(_NAMESPACE, f"request {number}")),
                "eventID": str(uuid.uuid5(_NAMESPACE, f"event {number}")),
                "readOnly": is_read_only(str(record.get("eventName", ""))),
                "eventType": "AwsApiCall",
                "managementEvent": True,
                "eventCategory": "Management",
                **record,
            }
            identity = full["userIdentity"]
            full.setdefault("recipientAccountId", identity.get("accountId", ""))
            bisect.insort(self._records, full, key=lambda one: str(one["eventTime"]))
            return full

    def lookup(self, account: str, region: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """LookupEvents: newest first, at most 50 a page, the last 90 days, one attribute."""
        self._slow_down(account, region)
        now = self._now()
        attributes = params.get("LookupAttributes") or []
        if len(attributes) > 1:
            raise ApiError("InvalidLookupAttributesException", "Only one attribute is allowed.")
        start = aware(params.get("StartTime")) or now - _KEPT
        end = aware(params.get("EndTime")) or now
        if start > end:
            raise ApiError("InvalidTimeRangeException", "The start time is after the end time.")
        limit = params.get("MaxResults") or _PAGE
        if not 1 <= int(limit) <= _PAGE:
            raise ApiError("InvalidMaxResultsException", "MaxResults must be between 1 and 50.")
        shown = [
            record
            for record in reversed(self.records)
            if record["recipientAccountId"] == account
            and record["awsRegion"] == region
            and record["managementEvent"]
            and _when(record) + timedelta(seconds=self.delay) <= now
            and max(start, now - _KEPT) <= _when(record) <= end
            and all(_matches(record, attribute) for attribute in attributes)
        ]
        return _page(shown, params.get("NextToken"), int(limit))

    def _slow_down(self, account: str, region: str) -> None:
        if self.throttle is None:
            return
        now = self._now()
        with self._lock:
            recent = [
                moment
                for moment in self._lookups.get((account, region), [])
                if now - moment < timedelta(seconds=1)
            ]
            if len(recent) >= self.throttle:
                raise ApiError("ThrottlingException", "Rate exceeded")
            self._lookups[(account, region)] = [*recent, now]


def _page(shown: Sequence[Record], token: object, limit: int) -> dict[str, Any]:
    """A page after the event that the token names, so that new events do not shift the pages."""
    begin = 0
    if token:
        ids = [record["eventID"] for record in shown]
        if token not in ids:
            raise ApiError("InvalidNextTokenException", "The token is not valid.")
        begin = ids.index(str(token)) + 1
    page = shown[begin : begin + limit]
    result: dict[str, Any] = {"Events": [event(record) for record in page]}
    if begin + limit < len(shown):
        result["NextToken"] = page[-1]["eventID"]
    return result


def event(record: Record) -> dict[str, Any]:
    """A record as LookupEvents wraps it."""
    return {**_summary(record), "CloudTrailEvent": json.dumps(record)}


def _summary(record: Record) -> dict[str, Any]:
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "ReadOnly": "true" if record["readOnly"] else "false",
        "AccessKeyId": record["userIdentity"].get("accessKeyId"),
        "EventTime": _when(record),
        "EventSource": record["eventSource"],
        "Username": _user_name(record),
        "Resources": [
            {"ResourceType": kind, "ResourceName": name} for kind, name in _resources(record)
        ],
    }


def _user_name(record: Record) -> str | None:
    identity = record["userIdentity"]
    if identity.get("type") == "Root":
        return "root"
    if identity.get("userName"):
        return str(identity["userName"])
    principal = str(identity.get("principalId") or "")
    return principal.rsplit(":", 1)[-1] or None


_RESOURCE_TYPES = {
    "userName": "AWS::IAM::User",
    "newUserName": "AWS::IAM::User",
    "roleName": "AWS::IAM::Role",
    "roleArn": "AWS::IAM::Role",
    "groupName": "AWS::IAM::Group",
    "policyArn": "AWS::IAM::Policy",
    "accessKeyId": "AWS::IAM::AccessKey",
    "arn": "AWS::IAM::Resource",
    "bucketName": "AWS::S3::Bucket",
    "instanceId": "AWS::EC2::Instance",
    "groupId": "AWS::EC2::SecurityGroup",
    "volumeId": "AWS::EC2::Volume",
    "snapshotId": "AWS::EC2::Snapshot",
    "imageId": "AWS::EC2::Ami",
    "networkInterfaceId": "AWS::EC2::NetworkInterface",
    "subnetId": "AWS::EC2::Subnet",
    "vpcId": "AWS::EC2::VPC",
    "functionName": "AWS::Lambda::Function",
    "dBInstanceIdentifier": "AWS::RDS::DBInstance",
    "dBClusterIdentifier": "AWS::RDS::DBCluster",
    "dBSnapshotIdentifier": "AWS::RDS::DBSnapshot",
    "keyId": "AWS::KMS::Key",
    "secretId": "AWS::SecretsManager::Secret",
    "topicArn": "AWS::SNS::Topic",
    "queueUrl": "AWS::SQS::Queue",
    "trailARN": "AWS::CloudTrail::Trail",
    "instanceProfileName": "AWS::IAM::InstanceProfile",
    "detectorId": "AWS::GuardDuty::Detector",
    "clusterName": "AWS::EKS::Cluster",
}


def _resources(record: Record) -> list[tuple[str, str]]:
    found: dict[str, str] = {}

    def walk(value: object) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in _RESOURCE_TYPES and isinstance(inner, str):
                    found.setdefault(inner, _RESOURCE_TYPES[key])
                else:
                    walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    for part in ("requestParameters", "responseElements"):
        walk(record.get(part))
    for one in record.get("resources") or []:
        found.setdefault(str(one.get("ARN", "")), str(one.get("type", "")))
    return [(kind, name) for name, kind in found.items()]


def _matches(record: Record, attribute: Mapping[str, str]) -> bool:
    key, wanted = attribute.get("AttributeKey"), attribute.get("AttributeValue", "")
    shown = _summary(record)
    if key == "ResourceName":
        return wanted in {one["ResourceName"] for one in shown["Resources"]}
    if key == "ResourceType":
        return wanted in {one["ResourceType"] for one in shown["Resources"]}
    names = {"EventId", "EventName", "ReadOnly", "Username", "EventSource", "AccessKeyId"}
    if key not in names:
        raise ApiError("InvalidLookupAttributesException", f"{key!r} is not a lookup attribute.")
    return bool(shown[str(key)] == wanted)


def stamp(moment: datetime) -> str:
    """A time as CloudTrail writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _when(record: Record) -> datetime:
    return datetime.fromisoformat(str(record["eventTime"]).replace("Z", "+00:00"))


def aware(moment: object) -> datetime | None:
    """A time of a request's, in UTC where it names no zone; None for what is no time."""
    if not isinstance(moment, datetime):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def is_read_only(operation: str) -> bool:
    """Whether CloudTrail calls the operation read-only (AssumeRole is, as there)."""
    return operation.startswith(_READ)


def event_region(call: Call) -> str:
    """Where the event is recorded: a global service's in us-east-1."""
    return GLOBAL_REGION if call.service in GLOBAL_SERVICES else call.region


def without_secrets(value: Any) -> Any:
    """Parameters as CloudTrail shows them: in lower camel case, without secrets and bodies."""
    if isinstance(value, dict):
        written = {
            # A bucket's policy keeps its own words.
            _lower(str(key)): inner if key == "bucketPolicy" else without_secrets(inner)
            for key, inner in value.items()
        }
        return {key: inner for key, inner in written.items() if key not in _SECRET}
    if isinstance(value, (list, tuple)):
        return [without_secrets(inner) for inner in value]
    if isinstance(value, datetime):
        return stamp(value if value.tzinfo else value.replace(tzinfo=UTC))
    return value if isinstance(value, (str, int, float, bool)) or value is None else None


def _lower(name: str) -> str:
    return {"Bucket": "bucketName", "MFADevices": "mfaDevices"}.get(
        name, name[:1].lower() + name[1:]
    )


_IDENTITY_TYPES = {"role": "AssumedRole", "federated": "FederatedUser", "root": "Root"}


def identity_of(caller: Caller) -> dict[str, Any]:
    """`userIdentity` of a caller."""
    if caller.kind == "anonymous":
        return {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}
    kind = _IDENTITY_TYPES.get(caller.kind, "IAMUser")
    found: dict[str, Any] = {
        "type": kind,
        "principalId": caller.user_id,
        "arn": caller.arn,
        "accountId": caller.account,
        "accessKeyId": caller.access_key_id,
    }
    if caller.user_name:
        found["userName"] = caller.user_name
    session = caller.session
    if session is None:
        return found
    found["sessionContext"] = {
        "attributes": {
            "creationDate": stamp(session.issued),
            "mfaAuthenticated": "true" if session.mfa else "false",
        }
    }
    delivered = (session.delivered or {}).get("ec2:RoleDelivery")
    if delivered:
        found["sessionContext"]["ec2RoleDelivery"] = delivered
    if session.kind != "session_token":
        found["sessionContext"]["sessionIssuer"] = {
            "type": "Role" if session.kind == "role" else "IAMUser",
            "principalId": session.owner_id,
            "arn": session.owner_arn,
            "accountId": session.account,
            "userName": session.owner_name,
        }
    return found
