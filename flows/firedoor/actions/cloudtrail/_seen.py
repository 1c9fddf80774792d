"""What CloudTrail showed of somebody, as the journal and the report tell it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firedoor.actions.cloudtrail._events import Event, Identity, oldest_first, succeeded

AT_MOST = 200
"""How many events are told; all of them are in the evidence."""

_NOTABLE = """
    CreateUser UpdateUser CreateRole CreateAccessKey UpdateAccessKey CreateLoginProfile
    UpdateLoginProfile ChangePassword AddUserToGroup CreateServiceSpecificCredential
    UpdateServiceSpecificCredential ResetServiceSpecificCredential UploadSSHPublicKey
    UpdateSSHPublicKey UploadSigningCertificate UpdateSigningCertificate EnableMFADevice
    DeactivateMFADevice CreateVirtualMFADevice AttachUserPolicy AttachRolePolicy AttachGroupPolicy
    PutUserPolicy PutRolePolicy PutGroupPolicy CreatePolicyVersion SetDefaultPolicyVersion
    UpdateAssumeRolePolicy DeleteUser DeleteRole DeleteUserPolicy DetachUserPolicy DeleteRolePolicy
    DetachRolePolicy DeleteRolePermissionsBoundary DeleteUserPermissionsBoundary CreateSAMLProvider
    UpdateSAMLProvider CreateOpenIDConnectProvider CreateTrustAnchor CreateProfile
    CreateAccountAssignment PutInlinePolicyToPermissionSet GetFederationToken GetSessionToken
    AssumeRole ConsoleLogin SwitchRole GetSigninToken RunInstances RequestSpotFleet CreateFleet
    CreateLaunchTemplate ModifyInstanceAttribute CreateFunction20150331
    UpdateFunctionCode20150331v2 UpdateFunctionConfiguration20150331v2 AddPermission20150331v2
    CreateFunctionUrlConfig RegisterTaskDefinition RunTask CreateService CreateNotebookInstance
    CreateProject CreateJob SendCommand StartSession SendSSHPublicKey SendSerialConsoleSSHPublicKey
    PutRule PutTargets CreateSchedule CreateStateMachine ModifySnapshotAttribute
    ModifyImageAttribute ModifyDBSnapshotAttribute ModifyDBClusterSnapshotAttribute
    PutBucketPolicy PutBucketAcl PutBucketReplication PutResourcePolicy PutKeyPolicy CreateGrant
    CreateResourceShare StopLogging DeleteTrail UpdateTrail PutEventSelectors DeleteDetector
    UpdateDetector CreateFilter CreateIPSet DeleteFlowLogs StopConfigurationRecorder
    DeleteConfigurationRecorder DisableSecurityHub DeleteModelInvocationLoggingConfiguration
    PutLifecycleConfiguration PutBucketLifecycle LeaveOrganization DetachPolicy ScheduleKeyDeletion
    DisableKey GetSecretValue
"""
NOTABLE = frozenset(_NOTABLE.split())
"""Calls that persist, widen, share, hide or destroy: what a responder reads first."""

_NAMED = (
    *("userName", "roleName", "roleArn", "groupName", "policyArn", "bucketName", "instanceId"),
    *("functionName", "keyId", "secretId", "snapshotId", "imageId", "detectorId", "name"),
)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One event. `error` is "" for a call that was carried out; `resource` "" when none is named.

    `key` is the id of the access key that signed it; `when` is UTC, to the second.
    """

    when: str
    source: str
    event: str
    error: str
    identity: str
    ip: str
    agent: str
    region: str
    key: str
    resource: str


def tell(events: Sequence[Event]) -> tuple[tuple[Seen, ...], int]:
    """Of events that are newest first at most 200, oldest first; and how many were left out.

    Notable ones are kept before others, and later ones before earlier ones.
    """
    ranked = sorted(range(len(events)), key=lambda place: not notable(events[place]))
    kept = [events[place] for place in sorted(ranked[:AT_MOST])]
    return tuple(_seen(event) for event in oldest_first(kept)), len(events) - len(kept)


def notable(event: Event) -> bool:
    """Whether a responder should read it first."""
    return event.get("eventName") in NOTABLE


def resource_of(event: Event) -> str:
    """What a call names first: a user, a role, a bucket; "" when it names nothing."""
    asked = event.get("requestParameters") or {}
    return next((str(asked[name]) for name in _NAMED if asked.get(name)), "")[:200]


def _seen(event: Event) -> Seen:
    who = Identity.of(event)
    error = "" if succeeded(event) else str(event.get("errorCode") or "Failure")
    return Seen(
        when=_text(event, "eventTime"),
        source=_text(event, "eventSource"),
        event=_text(event, "eventName"),
        error=error,
        identity=who.arn or who.user or who.role or who.kind,
        ip=_text(event, "sourceIPAddress"),
        agent=_text(event, "userAgent"),
        region=_text(event, "awsRegion"),
        key=who.key,
        resource=resource_of(event),
    )


def _text(event: Event, name: str) -> str:
    return str(event.get(name) or "")[:200]
