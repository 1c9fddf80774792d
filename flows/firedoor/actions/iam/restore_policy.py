"""Put back what stood in IAM before the attacker changed it: a policy, an attachment, a trust.

For one thing that he changed (see `how`): an inline policy, an attachment, a group's member, the
default version of a managed policy, a permissions boundary, or a role's trust policy. IAM keeps no
history of these. What stood there is read from the newest event of CloudTrail before his own, up to
90 days back; where there is none, what he added is taken away, and anything else is left to people
and said so: nothing is guessed. Where somebody else has set it again since, it is left alone.
Undoing it puts the attacker's version back, but attaches
no policy. A policy that he detached is left to people: firedoor attaches AWSDenyAll alone.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from firedoor.actions.cloudtrail._events import (
    Event,
    Identity,
    find,
    global_region,
    succeeded,
    when,
)
from firedoor.actions.cloudtrail._sets import SETS, UNREADABLE, setting
from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.iam._user import GONE, document, policy_words
from firedoor.errors import AwsError, BadInput, NotFound, Refused
from firedoor.kinds import AccessKeyId, Time, parse_time

IAM = "arn:{partition}:iam::{account}:"
PERMISSIONS = (
    Permission("cloudtrail:LookupEvents", why="what stood there before"),
    Permission("iam:GetUser", IAM + "user/*", "its boundary"),
    Permission("iam:GetRole", IAM + "role/*", "its boundary and trust policy"),
    Permission("iam:GetGroup", IAM + "group/*", "who is in it"),
    Permission("iam:GetPolicy", IAM + "policy/*", "its default version"),
    Permission("iam:ListPolicyVersions", IAM + "policy/*", "which there were before him"),
    Permission("iam:GetUserPolicy", IAM + "user/*"),
    Permission("iam:GetRolePolicy", IAM + "role/*"),
    Permission("iam:GetGroupPolicy", IAM + "group/*"),
    Permission("iam:ListAttachedUserPolicies", IAM + "user/*"),
    Permission("iam:ListAttachedRolePolicies", IAM + "role/*"),
    Permission("iam:ListAttachedGroupPolicies", IAM + "group/*"),
    Permission("iam:PutUserPolicy", IAM + "user/*"),
    Permission("iam:PutRolePolicy", IAM + "role/*"),
    Permission("iam:PutGroupPolicy", IAM + "group/*"),
    Permission("iam:DeleteUserPolicy", IAM + "user/*"),
    Permission("iam:DeleteRolePolicy", IAM + "role/*"),
    Permission("iam:DeleteGroupPolicy", IAM + "group/*"),
    Permission("iam:DetachUserPolicy", IAM + "user/*"),
    Permission("iam:DetachRolePolicy", IAM + "role/*"),
    Permission("iam:DetachGroupPolicy", IAM + "group/*"),
    Permission("iam:AddUserToGroup", IAM + "group/*"),
    Permission("iam:RemoveUserFromGroup", IAM + "group/*"),
    Permission("iam:SetDefaultPolicyVersion", IAM + "policy/*"),
    Permission("iam:UpdateAssumeRolePolicy", IAM + "role/*"),
    Permission("iam:PutUserPermissionsBoundary", IAM + "user/*"),
    Permission("iam:PutRolePermissionsBoundary", IAM + "role/*"),
    Permission("iam:DeleteUserPermissionsBoundary", IAM + "user/*"),
    Permission("iam:DeleteRolePermissionsBoundary", IAM + "role/*"),
)
EXAMPLE = {
    "how": "UpdateAssumeRolePolicy",
    "holder": "data-reader",
    "when": "2026-03-14T08:59:00.000Z",
    "keys": ["AKIAIOSFODNN7EXAMPLE"],
}
REOPENS = Reopens("it is what the attacker had set")
PAGES = 4
NOT_ATTACHED = (
    "firedoor's role may attach AWSDenyAll and nothing else: a policy that it took off stays"
)
ADDS = ("Attach", "Add")
"""Calls before which there was nothing, where CloudTrail does not say otherwise."""


class Input(Given, frozen=True, kw_only=True):
    """What he changed: his first call on it (`how`, `when`), whose it is, and the policy's name.

    `holder`: a user, role or group by name, a managed policy by ARN; `policy`: the inline policy's
    name, the attached policy's ARN, the group's member. `keys`: those that acted for him.
    """

    how: str
    holder: str
    when: Time
    policy: str = ""
    keys: list[AccessKeyId] = msgspec.field(default_factory=list)


class Found(State, frozen=True, kw_only=True):
    """The thing as it is; `before`: as it was; `why` says why it is left to people, if it is."""

    gone: bool = False
    before: Any = None
    why: str = ""


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """As it is, and as it was."""
    kind = _kind(given)
    try:
        now = _NOW[kind.rpartition("-")[2]](aws, kind, given)
    except AwsError as error:
        if error.code not in GONE:
            raise
        return Found(parts={}, gone=True)
    parts = {} if now is None else {_resource(given, case): now}
    found = find(
        aws,
        global_region(aws),
        "ResourceName",
        given.holder,
        since=None,
        until=None,
        pages=PAGES,
    )
    events = [event for event in found.events if succeeded(event) and not _ours(event, aws)]
    since = _since(events, given, kind)
    if since:
        return Found(parts=parts, why=f"somebody else has set it since ({since})")
    before = _before(events, given, kind)
    if before is UNREADABLE and kind == "version":
        before = _sole_version(aws, given)
    if before is UNREADABLE:
        if not given.how.startswith(ADDS):
            return Found(parts=parts, why="CloudTrail does not show what stood there before")
        before = None
    if before == "attached" and now is None:
        return Found(parts=parts, why=f"attach {given.policy} again by hand: {NOT_ATTACHED}")
    return Found(parts=parts, before=before)


def _kind(given: Input) -> str:
    sets = SETS.get(given.how)
    if sets is None:
        raise BadInput(f"{given.how!r} is no call whose effect can be put back; see the docstring")
    return sets.kind


def _his(event: Event, given: Input) -> bool:
    return Identity.of(event).key in given.keys


def _ours(event: Event, aws: Aws) -> bool:
    """Whether firedoor made it itself, in whichever session of its role."""
    return Identity.of(event).arn.split("/")[:2] == aws.principal.split("/")[:2]


def _before(events: list[Event], given: Input, kind: str) -> Any:
    """What the newest call before his set it to; UNREADABLE where none is known."""
    began = parse_time(given.when)
    for event in events:
        if when(event) > began or _his(event, given):
            continue
        value = setting(event, kind, given.holder, given.policy)
        if value is not UNREADABLE:
            return value
        if _made(event, given, kind):
            return None
    return UNREADABLE


def _made(event: Event, given: Input, kind: str) -> bool:
    """Whether an event made the holder: nothing was on it before."""
    whose, _, what = kind.partition("-")
    asked = event.get("requestParameters") or {}
    named = event.get("eventName") == f"Create{whose.capitalize()}"
    same = named and asked.get(f"{whose}Name") == given.holder
    return bool(what) and same and not asked.get("permissionsBoundary")


def _sole_version(aws: Aws, given: Input) -> Any:
    """The only version that was there before him; UNREADABLE where there were several."""
    found = [
        str(each["VersionId"])
        for each in aws.pages("iam", "list_policy_versions", "Versions", PolicyArn=given.holder)
        if each["CreateDate"] < parse_time(given.when)
    ]
    return found[0] if len(found) == 1 else UNREADABLE


def _since(events: list[Event], given: Input, kind: str) -> str:
    """Who set it after him; "" when he was the last."""
    began = parse_time(given.when)
    for event in events:
        if setting(event, kind, given.holder, given.policy) is UNREADABLE:
            continue
        if when(event) <= began or _his(event, given):
            return ""
        who = Identity.of(event)
        return f"{event.get('eventName')} by {who.arn or who.user or who.kind}"
    return ""


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """From what it is to what it was."""
    now = before.parts.get(_resource(given, case))
    if before.gone or before.why or now == before.before:
        return []
    kind = _kind(given)
    lost = NOT_ATTACHED if kind.endswith("-attached") else ""
    what = kind.replace("-", " ")
    return [
        Change(resource=_resource(given, case), what=what, from_=now, to=before.before, lost=lost)
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Set it, or take it away; NotFound when whose it is has gone since.

    Refused where a policy should be attached.
    """
    if change.to == "attached":
        raise Refused(f"{change.resource} cannot be brought back: {NOT_ATTACHED}")
    operation, named = _call(change)
    try:
        aws.call("iam", operation, **named)
    except AwsError as error:
        if error.code not in GONE:
            raise
        if change.to is not None:
            raise NotFound(f"{change.resource} is gone: it cannot be set any more") from None


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is as it was. Open where it is not known what it was."""
    what = f"{_kind(given).replace('-', ' ')} {given.policy or ''} of {given.holder} is as before"
    state = observe(aws, given, case)
    if state.gone:
        return [Check(what=what, holds=True, seen="it is gone, and what was on it too")]
    if state.why:
        return [Check(what=what, holds=None, seen=state.why)]
    now = state.parts.get(_resource(given, case))
    return [
        Check(
            what=what,
            holds=now == state.before,
            seen="as before" if now == state.before else "it is not what it was",
        )
    ]


def _resource(given: Input, case: Case) -> str:
    kind = _kind(given)
    root = f"arn:{case.partition}:iam::{case.account}:"
    if kind == "version":
        return f"{given.holder}#default-version"
    if kind == "trust":
        return f"{root}role/{given.holder}#trust-policy"
    if kind == "member":
        return f"{root}group/{given.holder}#member/{given.policy}"
    whose, _, what = kind.partition("-")
    name = {"inline": "inline-policy", "attached": "attached-policy"}.get(what)
    if name is None:
        return f"{root}{whose}/{given.holder}#permissions-boundary"
    return f"{root}{whose}/{given.holder}#{name}/{given.policy}"


def _call(change: Change) -> tuple[str, dict[str, Any]]:
    """The operation of boto3 that makes a change, and its parameters."""
    holder, _, part = change.resource.partition("#")
    what, _, name = part.partition("/")
    if what == "default-version":
        return "set_default_policy_version", {"PolicyArn": holder, "VersionId": change.to}
    whose, _, path = holder.rpartition(":")[2].partition("/")
    named: dict[str, Any] = {f"{whose.capitalize()}Name": path.rsplit("/", 1)[-1]}
    text = json.dumps(change.to, separators=(",", ":"))
    if what == "trust-policy":
        return "update_assume_role_policy", {**named, "PolicyDocument": text}
    if what == "member":
        verb = "add_user_to_group" if change.to else "remove_user_from_group"
        return verb, {**named, "UserName": name}
    if what == "permissions-boundary":
        if change.to is None:
            return f"delete_{whose}_permissions_boundary", named
        return f"put_{whose}_permissions_boundary", {**named, "PermissionsBoundary": change.to}
    if what == "attached-policy":
        return f"{'attach' if change.to else 'detach'}_{whose}_policy", {**named, "PolicyArn": name}
    if change.to is None:
        return f"delete_{whose}_policy", {**named, "PolicyName": name}
    return f"put_{whose}_policy", {**named, "PolicyName": name, "PolicyDocument": text}


def _inline(aws: Aws, kind: str, given: Input) -> Any:
    whose = kind.partition("-")[0]
    named = {f"{whose.capitalize()}Name": given.holder, "PolicyName": given.policy}
    try:
        answer = aws.call("iam", f"get_{whose}_policy", **named)
    except AwsError as error:
        # The same answer stands for a policy and for a holder that is not there.
        if error.code not in GONE:
            raise
        return None
    return document(answer["PolicyDocument"])


def _attached(aws: Aws, kind: str, given: Input) -> Any:
    whose = kind.partition("-")[0]
    named = {f"{whose.capitalize()}Name": given.holder}
    listing = aws.pages("iam", f"list_attached_{whose}_policies", "AttachedPolicies", **named)
    return "attached" if any(each["PolicyArn"] == given.policy for each in listing) else None


def _boundary(aws: Aws, kind: str, given: Input) -> Any:
    whose = kind.partition("-")[0].capitalize()
    found = aws.call("iam", f"get_{whose.lower()}", **{f"{whose}Name": given.holder})[whose]
    return (found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")


def _member(aws: Aws, _: str, given: Input) -> Any:
    users = aws.pages("iam", "get_group", "Users", GroupName=given.holder)
    return "member" if any(each["UserName"] == given.policy for each in users) else None


def _version(aws: Aws, _: str, given: Input) -> Any:
    return aws.call("iam", "get_policy", PolicyArn=given.holder)["Policy"]["DefaultVersionId"]


def _trust(aws: Aws, _: str, given: Input) -> Any:
    found = aws.call("iam", "get_role", RoleName=given.holder)["Role"]
    return document(found["AssumeRolePolicyDocument"])


_NOW = {
    "inline": _inline,
    "attached": _attached,
    "boundary": _boundary,
    "member": _member,
    "version": _version,
    "trust": _trust,
}
"""How each kind of thing is read."""


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    operation, named = _call(change)
    return [policy_words(operation, named)]
