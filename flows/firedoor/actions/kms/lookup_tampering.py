"""Find out what was done to a KMS key, by whom, and how it was before.

KMS does not say whether a key was enabled before its deletion was scheduled, and keeps no earlier
policy. CloudTrail's event history does: it has every call that changed the key for 90 days, with
the policy that was put, and calls that used it. What it cannot tell, AWS Config may have recorded.
`was_enabled` and `policy_before` stay open when neither knows: then a person decides. Grants that
AWS's services make for themselves are left out.
Source: https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from firedoor.actions import contract
from firedoor.actions.cloudtrail._actors import ByRole, ByUser, actors, by_service
from firedoor.actions.cloudtrail._events import (
    DELIVERY,
    Event,
    Found,
    find,
    oldest_first,
    succeeded,
    sweep,
    when,
)
from firedoor.actions.cloudtrail._hunt import fits
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.actions.kms._key import KEY, describe, region_of
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import Duration, KmsGrant, KmsKey, Region, parse_duration

PERMISSIONS = (
    Permission("kms:DescribeKey", KEY),
    Permission("cloudtrail:LookupEvents"),
    Permission("config:GetResourceConfigHistory", why="how the key was, where CloudTrail ends"),
)
EXAMPLE = {"key": "1234abcd-12ab-34cd-56ef-1234567890ab", "lookback": "48h"}
HISTORY = timedelta(days=90)
PAGES = 2
CHANGING = (
    *("ScheduleKeyDeletion", "CancelKeyDeletion", "DisableKey", "EnableKey", "PutKeyPolicy"),
    *("CreateGrant", "DeleteImportedKeyMaterial", "UpdatePrimaryRegion", "UpdateAlias"),
)
USING = frozenset(
    {
        *("Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"),
        *("ReEncrypt", "Sign", "Verify", "GenerateMac", "VerifyMac", "GenerateDataKeyPair"),
    }
)
LEAVES = {"EnableKey": True, "DisableKey": False, "CancelKeyDeletion": False}
"""Whether the key is enabled after such a call."""


class Input(Given, frozen=True, kw_only=True):
    """The key, and since when whatever was done to it is the attacker's doing.

    `policy`: the key policy as it should be, where a person knows it better than AWS does.
    """

    key: KmsKey
    policy: str | None = None
    lookback: Duration = "48h"
    region: Region | None = None


class Grant(contract.Output, frozen=True, kw_only=True):
    """A grant that was made within the time, and to whom."""

    id: KmsGrant
    grantee: str = ""


class Output(contract.Output, frozen=True, kw_only=True):
    """What was done within `lookback`, and how the key was before.

    `was_enabled` None: nobody can tell, and `enabled_unknown` is true. `policy_before` is there
    only when the policy was changed, or when it was given. `why`: what tells that it was enabled.
    """

    done: tuple[str, ...] = ()
    was_enabled: bool | None = None
    enabled_unknown: bool = False
    why: str = ""
    policy_changed: bool = False
    policy_before: str | None = None
    policy_unknown: bool = False
    grants: tuple[Grant, ...] = ()
    users: tuple[ByUser, ...] = ()
    roles: tuple[ByRole, ...] = ()
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Every call that changed the key, and, where it takes that, Config and calls that used it."""
    region = region_of(aws, given.key, given.region)
    key = describe(aws, given.key, region)
    since = case.now - parse_duration(given.lookback)
    whole = _changes(aws, region, key, case.now - HISTORY)
    ordered = oldest_first(filter(succeeded, whole.events))
    before = [event for event in ordered if when(event) < since]
    lately = [event for event in ordered if when(event) >= since]
    recorded = _recorded(aws, region, key, when(lately[0]) if lately else since)
    was, why = _was_enabled(aws, region, key, before, lately, since, recorded)
    changed = any(event["eventName"] == "PutKeyPolicy" for event in lately)
    policy = (_policy(before) or recorded.get("policy")) if changed else None
    policy = given.policy or policy
    who = actors(lately, own=aws.principal, account=aws.account)
    unknown = [*whole.unknown, *who.others, DELIVERY]
    if was is None:
        unknown.append(f"whether key {given.key} was enabled before: neither CloudTrail nor Config")
    if changed and policy is None:
        unknown.append(f"the policy of key {given.key} from before: neither CloudTrail nor Config")
    return Output(
        done=tuple(f"{event.get('eventTime')} {event['eventName']}" for event in lately),
        was_enabled=was,
        enabled_unknown=was is None,
        why=why,
        policy_changed=changed,
        policy_before=policy,
        policy_unknown=changed and policy is None,
        grants=_grants(lately),
        users=who.users,
        roles=who.roles,
        keep=(
            Artefact(
                name=f"kms-tampering-{key['KeyId']}",
                content={"since": since.isoformat(), "events": whole.events, "config": recorded},
                about=f"CloudTrail: what was done to KMS key {key['KeyId']}",
            ),
        ),
        unknown=tuple(dict.fromkeys(unknown)),
    )


def _changes(aws: Aws, region: str, key: dict[str, Any], since: datetime) -> Found:
    """The rare calls that change keys, looked for by name: what uses a key would bury them."""
    found = sweep(
        CHANGING,
        lambda name: find(aws, region, "EventName", name, since=since, until=None, pages=PAGES),
        workers=2,
    )
    found.events = [event for event in found.events if _is_about(event, key)]
    return found


def _is_about(event: Event, key: dict[str, Any]) -> bool:
    names = {str(key["Arn"]), str(key["KeyId"])}
    asked = event.get("requestParameters") or {}
    told = event.get("responseElements") or {}
    resources = {str(each.get("ARN")) for each in event.get("resources") or ()}
    said = {str(asked.get("keyId")), str(asked.get("targetKeyId")), str(told.get("keyId"))}
    return bool(names & (said | resources))


def _was_enabled(
    aws: Aws,
    region: str,
    key: dict[str, Any],
    before: Sequence[Event],
    lately: Sequence[Event],
    since: datetime,
    recorded: dict[str, Any],
) -> tuple[bool | None, str]:
    """Whether it was enabled when the time began, and what tells it."""
    for event in lately:
        name = event["eventName"]
        if name in LEAVES:
            # KMS disables only what is enabled, and the other way round.
            return not LEAVES[name], f"{name} at {event.get('eventTime')} changed it"
        if name == "ScheduleKeyDeletion":
            break
    for event in reversed(before):
        if event["eventName"] in LEAVES:
            name = event["eventName"]
            return LEAVES[name], f"{name} at {event.get('eventTime')} was the last before"
    used = _used(aws, region, key, lately, since)
    if used is not None:
        return True, f"{used['eventName']} at {used.get('eventTime')} used it"
    if recorded.get("enabled") is not None:
        return bool(recorded["enabled"]), "AWS Config recorded it"
    return None, ""


def _used(
    aws: Aws, region: str, key: dict[str, Any], lately: Sequence[Event], since: datetime
) -> Event | None:
    """A call that used the key just before it was tampered with: only an enabled key does."""
    until = next(
        (
            when(event)
            for event in lately
            if event["eventName"] in ("DisableKey", "ScheduleKeyDeletion")
        ),
        since,
    )
    found = find(aws, region, "ResourceName", str(key["Arn"]), since=None, until=until, pages=1)
    for event in found.events:
        if event.get("eventName") in USING and succeeded(event) and when(event) < until:
            return event
    return None


def _policy(before: Sequence[Event]) -> str | None:
    """The last policy that was put before the time, as CloudTrail wrote it down."""
    for event in reversed(before):
        if event["eventName"] == "PutKeyPolicy":
            text = (event.get("requestParameters") or {}).get("policy")
            return text if isinstance(text, str) and text else None
    return None


def _recorded(aws: Aws, region: str, key: dict[str, Any], until: datetime) -> dict[str, Any]:
    """What AWS Config recorded last before the time: `enabled` and `policy`, where it says so."""
    try:
        items = aws.call(
            "config",
            "get_resource_config_history",
            region=region,
            resourceType="AWS::KMS::Key",
            resourceId=key["KeyId"],
            laterTime=until,
            limit=1,
        ).get("configurationItems")
    except NoCredentials:
        raise
    except AwsError:
        # Config is not needed where CloudTrail tells; where it does not, `unknown` says both.
        return {}
    if not items:
        return {}
    configuration = _json(items[0].get("configuration")) or {}
    more = items[0].get("supplementaryConfiguration") or {}
    state = configuration.get("keyState")
    policy = more.get("Policy")
    return {
        "enabled": None if state is None else state == "Enabled",
        "policy": policy if isinstance(_json(policy), dict) else None,
    }


def _json(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return None


def _grants(lately: Sequence[Event]) -> tuple[Grant, ...]:
    found: dict[str, Grant] = {}
    for event in lately:
        number = str((event.get("responseElements") or {}).get("grantId") or "")
        if event["eventName"] == "CreateGrant" and fits("kms_grant", number):
            if by_service(event):
                continue
            grantee = (event.get("requestParameters") or {}).get("granteePrincipal")
            found[number] = Grant(id=number, grantee=str(grantee or ""))
    return tuple(found.values())
