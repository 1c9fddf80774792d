"""A call or sign-in that an EventBridge rule picked out of CloudTrail, as a finding.

The type is made here: `CloudTrail:kms/ScheduleKeyDeletion`, `CloudTrail:signin/ConsoleLogin`: the
service as in IAM's actions, and the event's name. What such a rule picks is an alert because
somebody made the rule; calls that only read are none. CloudTrail rates nothing: calls that destroy
or blind count as high, others as medium, unless a playbook says otherwise.

`user`, `role` and the like are the caller's. Names of things come from the call's parameters and
answer. An event in a file, without its EventBridge envelope, is a record and no finding.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from firedoor.errors import NotAFinding
from firedoor.findings.model import Actor, Finding, Kind, Occurred, Resource, label_of
from firedoor.findings.naming import named, several
from firedoor.findings.principal import principal
from firedoor.findings.text import Doubts, at, fits, items, mapping, moment, text, truth

# They cannot be taken back, or nobody sees what comes after them.
_GRAVE = frozenset(
    {
        *("ScheduleKeyDeletion", "DisableKey", "DeleteImportedKeyMaterial", "DeleteCustomKeyStore"),
        *("StopLogging", "DeleteTrail", "DeleteEventDataStore", "StopEventDataStoreIngestion"),
        *("DeleteDetector", "DeletePublishingDestination", "StopMonitoringMembers"),
        *("DisassociateFromAdministratorAccount", "DisassociateFromMasterAccount"),
        *("DisassociateMembers", "DeleteMembers", "DisableOrganizationAdminAccount"),
        *("LeaveOrganization", "RemoveAccountFromOrganization", "CloseAccount"),
        *("DeleteFlowLogs", "StopConfigurationRecorder", "DeleteConfigurationRecorder"),
        *("DisableSecurityHub", "DeleteRecoveryPoint", "DeleteBackupVault"),
        *("DeleteAnalyzer", "DeleteAccountPublicAccessBlock"),
    }
)

# Parameter → field. Where a parameter's meaning depends on the service, `_BY_SERVICE` says it.
_PARAMETERS: Mapping[str, str] = {
    "keyId": "kms_key",
    "trailName": "trail",
    "detectorId": "detector",
    "bucketName": "bucket",
    "instanceId": "instance",
    "snapshotId": "snapshot",
    "imageId": "image",
    "volumeId": "volume",
    "functionName": "function",
    "clusterName": "cluster",
    "dBInstanceIdentifier": "database",
    "dBClusterIdentifier": "database_cluster",
    "dBSnapshotIdentifier": "db_snapshot",
    "dBClusterSnapshotIdentifier": "db_cluster_snapshot",
    "trustAnchorId": "trust_anchor",
    "identity": "identity",
    "emailIdentity": "identity",
    "modelId": "model",
    "recoveryPointArn": "recovery_point",
}
_BY_SERVICE: Mapping[str, Mapping[str, str]] = {
    "cloudtrail": {"name": "trail"},
    "eks": {"name": "cluster"},
    "ecs": {"cluster": "cluster", "task": "task"},
}
# Service → what a call to it is about.
_KINDS: Mapping[str, Kind] = {
    "kms": "kms_key",
    "cloudtrail": "trail",
    "guardduty": "detector",
    "s3": "bucket",
    "lambda": "function",
    "eks": "eks_cluster",
    "ecs": "ecs_cluster",
    "rds": "database",
    "rolesanywhere": "trust_anchor",
    "ses": "identity",
    "bedrock": "model",
    "iam": "access_key",
    "sts": "access_key",
    "signin": "access_key",
    "organizations": "account",
}
# A field that says more closely what the call is about than its service does.
_CLOSER: Mapping[str, Kind] = {
    "snapshot": "snapshot",
    "image": "image",
    "instance": "instance",
    "db_snapshot": "db_snapshot",
    "db_cluster_snapshot": "db_cluster_snapshot",
    "recovery_point": "recovery_point",
}


def finding(document: Any, envelope: Mapping[str, Any]) -> Finding:
    """The finding in one event's detail; NotAFinding when it is a call that only reads."""
    doubts = Doubts()
    service = (text(at(document, "eventSource"), 80) or "").partition(".")[0]
    name = text(at(document, "eventName"), 120) or ""
    if not re.fullmatch(r"[a-z0-9-]{2,60}", service) or not re.fullmatch(r"[\w.-]{2,120}", name):
        raise NotAFinding("it is a CloudTrail event that names no call")
    if truth(at(document, "readOnly")) and service != "signin":
        raise NotAFinding(
            f"it is a CloudTrail event ({service}:{name}) that only reads, no finding"
        )
    identity = mapping(document, "userIdentity")
    account = _account(document, envelope, identity, doubts)
    severity = 8.0 if name in _GRAVE else 5.0
    call = f"{service}:{name}"
    who = text(at(identity, "arn") or at(identity, "type") or at(identity, "invokedBy"), 200)
    return Finding(
        id=text(at(document, "eventID") or at(envelope, "id"), 200) or "",
        type=f"CloudTrail:{service}/{name}",
        source="cloudtrail",
        account=account,
        region=named(doubts, "region", at(document, "awsRegion") or at(envelope, "region")) or "",
        severity=severity,
        severity_label=label_of(severity),
        title=f"{call} was called",
        description=f"{who or 'Somebody'} called {call}.",
        resource=_resource(document, service, account, identity, doubts),
        actor=Actor(
            # An AWS service's name stands here for calls that it makes for somebody.
            ip=address if fits("ip", address := str(at(document, "sourceIPAddress"))) else None,
            caller=text(at(identity, "type"), 40),
            apis=(call,),
            error=text(at(document, "errorCode"), 80),
        ),
        occurred=Occurred(
            first=moment(at(document, "eventTime")), last=moment(at(document, "eventTime"))
        ),
        updated=moment(at(document, "eventTime")),
        doubts=doubts.all(),
        raw=document,
    )


def _account(
    document: Any, envelope: Mapping[str, Any], identity: Mapping[str, Any], doubts: Doubts
) -> str:
    """Where it happened: the recipient of the event, not the caller's home."""
    for said in (
        at(document, "recipientAccountId"),
        envelope.get("account"),
        identity.get("accountId"),
    ):
        found = named(doubts, "account", said)
        if found:
            return found
    doubts.add("it names no valid account")
    return ""


def _resource(
    document: Any, service: str, account: str, identity: Mapping[str, Any], doubts: Doubts
) -> Resource:
    fields = _things(document, service, doubts)
    closer = next((kind for field, kind in _CLOSER.items() if fields.get(field)), None)
    return Resource(
        kind=closer or _KINDS.get(service, "other"),
        **fields,
        **_caller(identity, account, doubts),
    )


def _things(document: Any, service: str, doubts: Doubts) -> dict[str, Any]:
    asked = mapping(document, "requestParameters")
    parameters = {**_PARAMETERS, **_BY_SERVICE.get(service, {})}
    found: dict[str, Any] = {}
    for parameter, field in parameters.items():
        value = at(asked, parameter)
        # An alias can be pointed elsewhere, and a name that is no text names nothing.
        if not isinstance(value, str) or "alias/" in value or value == "":
            continue
        found[field] = found.get(field) or named(doubts, field, value)
    answered = mapping(document, "responseElements")
    if service == "kms" and not found.get("kms_key"):
        found["kms_key"] = named(doubts, "kms_key", at(answered, "keyId"))
    listed = [each for key in ("instancesSet", "instances") for each in items(asked, key, "items")]
    machines = several(doubts, "instance", (at(each, "instanceId") for each in listed))
    if len(machines) == 1:
        found["instance"] = machines[0]
    elif machines:
        found["instances"] = machines
    return {field: value for field, value in found.items() if value}


def _caller(identity: Mapping[str, Any], account: str, doubts: Doubts) -> dict[str, Any]:
    """Whose credentials made the call; of another account, only that."""
    session = mapping(identity, "sessionContext")
    home = at(identity, "accountId")
    if isinstance(home, str) and fits("account_id", home) and account and home != account:
        # A user or role of the same name in this account would be the wrong one.
        doubts.add(f"the caller belongs to the account {home}; its name is left out")
        return {"principal": "account", "accounts": (home,)}
    issuer = mapping(session, "sessionIssuer")
    is_role = at(identity, "type") == "AssumedRole"
    name = at(issuer, "userName") if is_role else at(identity, "userName")
    who = principal(
        doubts,
        account,
        at(identity, "type"),
        name,
        at(identity, "accessKeyId"),
        at(identity, "principalId"),
    )
    arn = named(doubts, "issuer", at(issuer, "arn"))
    source = text(at(session, "sourceIdentity"), 64)
    more = {"issuer": arn, "source_identity": source}
    return who | {field: value for field, value in more.items() if value}
