"""Follow an IAM user in CloudTrail: what he did, minted, assumed and created.

Looks up the user by name and follows every session id that was minted, three hands on at most, in
every enabled Region and in us-east-1, where IAM's and STS's global events lie. Only calls that
succeeded created something; what was deleted again is left out. It reads management events alone:
what was read from or written to objects is not in the event history, and events take up to 15
minutes to appear; both are said as unknown.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from firedoor.actions import contract
from firedoor.actions.cloudtrail._events import (
    DELIVERY,
    GLOBAL_REGION,
    Event,
    Found,
    Identity,
    find,
    minted,
    succeeded,
    sweep,
    unique,
)
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.kinds import (
    KINDS,
    AccessKeyId,
    Duration,
    IamRoleName,
    IamUserName,
    convert,
    parse_duration,
)

PERMISSIONS = (
    Permission("cloudtrail:LookupEvents"),
    Permission("ec2:DescribeRegions", why="which Regions to look in"),
)
EXAMPLE = {"user": "ci-deployer", "lookback": "48h"}
PAGES = 10
"""Pages of 50 events that are read for one name in one Region."""
HANDS = 3
"""How often a session minted by a session is followed."""
MAX_SESSIONS = 40

_NOTABLE = """
    CreateUser CreateRole CreateAccessKey UpdateAccessKey CreateLoginProfile UpdateLoginProfile
    ChangePassword AddUserToGroup CreateServiceSpecificCredential UploadSSHPublicKey
    UploadSigningCertificate EnableMFADevice DeactivateMFADevice CreateVirtualMFADevice
    AttachUserPolicy AttachRolePolicy AttachGroupPolicy PutUserPolicy PutRolePolicy
    PutGroupPolicy CreatePolicyVersion SetDefaultPolicyVersion UpdateAssumeRolePolicy
    DeleteUserPolicy DeleteRolePermissionsBoundary DeleteUserPermissionsBoundary
    CreateSAMLProvider UpdateSAMLProvider CreateOpenIDConnectProvider CreateTrustAnchor
    CreateAccountAssignment GetFederationToken GetSessionToken AssumeRole ConsoleLogin
    SwitchRole GetSigninToken RunInstances RequestSpotFleet CreateFleet ModifyInstanceAttribute
    CreateFunction20150331 UpdateFunctionCode20150331v2 UpdateFunctionConfiguration20150331v2
    AddPermission20150331v2 CreateFunctionUrlConfig RegisterTaskDefinition RunTask CreateService
    CreateProject CreateJob SendCommand StartSession SendSSHPublicKey PutRule PutTargets
    CreateSchedule CreateStateMachine ModifySnapshotAttribute ModifyImageAttribute
    ModifyDBSnapshotAttribute PutBucketPolicy PutBucketAcl PutBucketReplication
    PutResourcePolicy PutKeyPolicy CreateGrant CreateResourceShare StopLogging DeleteTrail
    UpdateTrail PutEventSelectors DeleteDetector UpdateDetector CreateFilter CreateIPSet
    DeleteFlowLogs StopConfigurationRecorder DisableSecurityHub PutLifecycleConfiguration
    PutBucketLifecycle LeaveOrganization DetachPolicy ScheduleKeyDeletion DisableKey
    GetSecretValue
"""
NOTABLE = frozenset(_NOTABLE.split())
"""Calls that persist, widen, share, hide or destroy: what a responder reads first."""


class Input(Given, frozen=True, kw_only=True):
    """The user, and how far back to follow him."""

    user: IamUserName
    lookback: Duration = "48h"


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """A user that he made and that was not deleted since; `by` is the key that made it."""

    name: IamUserName
    when: str
    by: str


class Assumed(msgspec.Struct, frozen=True, kw_only=True):
    """A role of this account that he holds sessions of."""

    name: IamRoleName
    arn: str
    when: str
    sessions: tuple[str, ...]


class Output(contract.Output, frozen=True, kw_only=True):
    """What was found. `key_ids`: every key, long-term or temporary, that acted for him."""

    events: int
    denied: int
    created_users: list[Created]
    assumed_roles: list[Assumed]
    key_ids: list[AccessKeyId]
    notable: list[str]
    addresses: list[str]
    regions: list[str]
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Everything of his within `lookback`."""
    since = case.now - parse_duration(given.lookback)
    listed = aws.regions()
    regions = list(dict.fromkeys([*listed, GLOBAL_REGION]))
    found = sweep(regions, lambda region: _look(aws, region, "Username", given.user, since))
    mine = [event for event in found.events if _is(event, given.user)]
    unknown = list(found.unknown)
    followed: set[str] = set()
    sessions = _sessions(mine)
    for _ in range(HANDS):
        fresh = [key for key in sessions if key not in followed]
        if not fresh:
            break
        if len(followed) + len(fresh) > MAX_SESSIONS:
            unknown.append(f"{len(fresh)} more sessions were minted than are followed")
            fresh = fresh[: MAX_SESSIONS - len(followed)]
        followed.update(fresh)
        pairs = [f"{region} {key}" for key in fresh for region in regions]
        more = sweep(pairs, lambda pair: _look_pair(aws, pair, since))
        unknown.extend(more.unknown)
        mine = unique([*mine, *more.events])
        sessions = _sessions(mine)
    return _told(mine, aws, given, regions, since, unknown)


def _told(
    mine: list[Event],
    aws: Aws,
    given: Input,
    regions: list[str],
    since: datetime,
    unknown: list[str],
) -> Output:
    done = [event for event in mine if succeeded(event)]
    roles, foreign = _roles(done, aws.account)
    unknown.extend(foreign)
    unknown.append(DELIVERY)
    return Output(
        events=len(mine),
        denied=len(mine) - len(done),
        created_users=_created(done),
        assumed_roles=roles,
        key_ids=_keys(mine),
        notable=[_line(event) for event in reversed(done) if event.get("eventName") in NOTABLE],
        addresses=sorted({str(event.get("sourceIPAddress")) for event in mine} - {"None"}),
        regions=regions,
        keep=(
            Artefact(
                name=f"cloudtrail-{given.user}",
                content={"since": since.isoformat(), "regions": regions, "events": mine},
                about=f"CloudTrail: what {given.user} and his sessions did",
            ),
        ),
        unknown=tuple(dict.fromkeys(unknown)),
    )


def _look(aws: Aws, region: str, attribute: str, value: str, since: datetime) -> Found:
    return find(aws, region, attribute, value, since=since, until=None, pages=PAGES)


def _look_pair(aws: Aws, pair: str, since: datetime) -> Found:
    region, key = pair.split(" ", 1)
    return _look(aws, region, "AccessKeyId", key, since)


def _is(event: Event, user: str) -> bool:
    """Of the IAM user, not of a role session that happens to be named like him."""
    who = Identity.of(event)
    return who.user == user or (who.kind == "FederatedUser" and who.user in ("", user))


def _sessions(events: Iterable[Event]) -> list[str]:
    return list(dict.fromkeys(key for event in events if (key := minted(event))))


def _created(done: list[Event]) -> list[Created]:
    made: dict[str, Created] = {}
    for event in reversed(done):
        asked = event.get("requestParameters") or {}
        name = str(asked.get("userName") or "")
        if event.get("eventName") == "CreateUser" and _fits("iam_user_name", name):
            made[name] = Created(
                name=name, when=str(event.get("eventTime")), by=Identity.of(event).key
            )
        elif event.get("eventName") == "DeleteUser":
            made.pop(name, None)
    return list(made.values())


def _roles(done: list[Event], account: str) -> tuple[list[Assumed], list[str]]:
    held: dict[str, dict[str, Any]] = {}
    foreign: list[str] = []
    for event in reversed(done):
        if event.get("eventName") != "AssumeRole":
            continue
        arn = str((event.get("requestParameters") or {}).get("roleArn") or "")
        name = arn.rsplit("/", 1)[-1]
        if f":{account}:" not in arn:
            foreign.append(f"it assumed {arn} in another account: contain it there")
        elif not _fits("iam_role_name", name) or "/aws-service-role/" in arn:
            continue
        else:
            kept = held.setdefault(name, {"arn": arn, "when": event.get("eventTime"), "keys": []})
            kept["keys"].append(minted(event))
    roles = [
        Assumed(
            name=name,
            arn=kept["arn"],
            when=str(kept["when"]),
            sessions=tuple(key for key in kept["keys"] if key),
        )
        for name, kept in held.items()
    ]
    return roles, foreign


def _keys(events: list[Event]) -> list[str]:
    used = [Identity.of(event).key for event in events] + _sessions(events)
    return [key for key in dict.fromkeys(used) if _fits("access_key_id", key)]


def _line(event: Event) -> str:
    asked = event.get("requestParameters") or {}
    named = [
        str(asked[key])
        for key in ("userName", "roleName", "roleArn", "bucketName", "policyArn", "groupName")
        if asked.get(key)
    ]
    return " ".join([str(event.get("eventTime")), str(event.get("eventName")), *named])[:200]


def _fits(kind: str, value: str) -> bool:
    try:
        convert(KINDS[kind].name, value)
    except ValueError:
        return False
    return True
