"""Who made the calls that tampered with something: IAM users and roles to go after, and others.

firedoor's own principal and AWS's services are left out; root and principals of other accounts are
told in words, since no runbook step can be given their names.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from firedoor.actions import contract
from firedoor.actions.cloudtrail._events import ROOT, Event, Identity
from firedoor.actions.cloudtrail._hunt import fits
from firedoor.kinds import AccessKeyId, IamRoleName, IamUserName


class ByUser(contract.Output, frozen=True, kw_only=True):
    """An IAM user who did it; `access_key_id`: his long-term key, when one was used."""

    name: IamUserName
    access_key_id: AccessKeyId | None = None


class ByRole(contract.Output, frozen=True, kw_only=True):
    """A role of which a session did it, the session's key and name."""

    name: IamRoleName
    access_key_id: AccessKeyId | None = None
    session: str = ""


class Actors(msgspec.Struct, frozen=True, kw_only=True):
    """Users and roles, once each, and in `others` everybody else, in words."""

    users: tuple[ByUser, ...] = ()
    roles: tuple[ByRole, ...] = ()
    others: tuple[str, ...] = ()


def actors(events: Iterable[Event], *, own: str, account: str) -> Actors:
    """Who made these events; `own` is the ARN that firedoor acts as."""
    users: dict[str, ByUser] = {}
    roles: dict[str, ByRole] = {}
    others: dict[str, None] = {}
    for event in events:
        who = Identity.of(event)
        identity = event.get("userIdentity") or {}
        if by_service(event) or _same(who.arn, own):
            continue
        home = str(identity.get("accountId") or account)
        if home != account:
            others[f"somebody of account {home} did {event.get('eventName')}"] = None
        elif who.role and fits("iam_role_name", who.role):
            session = who.arn.rsplit("/", 1)[-1] if who.arn else ""
            key = who.key if fits("access_key_id", who.key) else None
            roles.setdefault(who.role, ByRole(name=who.role, access_key_id=key, session=session))
        elif who.user and who.user != ROOT and fits("iam_user_name", who.user):
            long = (
                who.key if who.key.startswith("AKIA") and fits("access_key_id", who.key) else None
            )
            known = users.get(who.user)
            if known is None or known.access_key_id is None:
                users[who.user] = ByUser(name=who.user, access_key_id=long)
        else:
            name = "root" if who.kind == "Root" else who.kind or "somebody unknown"
            others[f"{name} did {event.get('eventName')}: see the playbook for whose it is"] = None
    return Actors(users=tuple(users.values()), roles=tuple(roles.values()), others=tuple(others))


def by_service(event: Event) -> bool:
    """Whether an AWS service made the call, on its own or for somebody."""
    identity = event.get("userIdentity") or {}
    return identity.get("type") == "AWSService" or bool(identity.get("invokedBy"))


def _same(arn: str, own: str) -> bool:
    """Whether this is the principal that firedoor acts as, in whichever session."""
    return bool(arn) and (arn == own or _role(arn) == _role(own) != "")


def _role(arn: str) -> str:
    return arn.split("/")[1] if ":assumed-role/" in arn else ""
