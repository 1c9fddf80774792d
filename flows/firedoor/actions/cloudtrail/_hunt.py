"""What somebody left behind, read from the calls of his that were carried out.

Credentials, users, roles and rights that outlive the way he came in. What he took away again
himself is left out; what others removed since is not known here, and containing it does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from firedoor.actions.cloudtrail._events import Event, Identity, minted, oldest_first, when
from firedoor.actions.cloudtrail._left import (
    Assumed,
    ChangedRole,
    Created,
    Left,
    MadeCredential,
    MadeDevice,
    MadeKey,
    MadePassword,
    Widened,
)
from firedoor.actions.cloudtrail._sets import SETS
from firedoor.kinds import KINDS, convert, mask_key_id, time_text


def left_behind(events: Iterable[Event], *, user: str, account: str) -> Left:
    """Read the events of `user` (successful ones, newest first) for what persists."""
    ordered = oldest_first(events)
    users = _created_users(ordered)
    made = {_name(event) for event in ordered if event.get("eventName") == "CreateUser"}
    own = {name.lower() for name in _names_of({user, *made}, ordered)}
    others = [event for event in ordered if _other(event, own)]
    roles, foreign = _roles(ordered, account)
    return Left(
        created_users=list(users.values()),
        made_keys=_made_keys(others),
        made_passwords=_made_passwords(others),
        made_credentials=_made_credentials(others),
        made_devices=_made_devices(ordered),
        own_keys=_made_keys([event for event in ordered if _name(event).lower() == user.lower()]),
        assumed_roles=roles,
        changed_roles=(changed := _changed_roles(ordered)),
        widened=(widened := _widened(ordered)),
        # What hangs on a user that he made goes with that user.
        changed=[each for each in _first_of_each(widened, changed) if each.holder not in users],
        unknown=foreign,
    )


def handed_out(events: Iterable[Event]) -> list[str]:
    """The ids of all keys that calls handed out: sessions, and long-term keys of anybody."""
    found = (minted(event) or _made_key_id(event) for event in events)
    return list(dict.fromkeys(key for key in found if fits("access_key_id", key)))


def fits(kind: str, value: str) -> bool:
    """Whether a text is of a kind: an event may hold anything."""
    try:
        convert(KINDS[kind].name, value)
    except ValueError:
        return False
    return True


def _asked(event: Event) -> Mapping[str, Any]:
    found = event.get("requestParameters")
    return found if isinstance(found, Mapping) else {}


def _answer(event: Event, part: str) -> Mapping[str, Any]:
    found = (event.get("responseElements") or {}).get(part)
    return found if isinstance(found, Mapping) else {}


def _name(event: Event) -> str:
    return str(_asked(event).get("userName") or "")


def _time(event: Event) -> str:
    return time_text(when(event))


def _made_key_id(event: Event) -> str:
    if event.get("eventName") != "CreateAccessKey":
        return ""
    return str(_answer(event, "accessKey").get("accessKeyId") or "")


def _created_users(ordered: Sequence[Event]) -> dict[str, Created]:
    made: dict[str, Created] = {}
    for event in ordered:
        name = _name(event)
        if event.get("eventName") == "CreateUser" and fits("iam_user_name", name):
            made[name] = Created(name=name, when=_time(event), by=Identity.of(event).key)
        elif event.get("eventName") == "UpdateUser" and name in made:
            new = _new_name(event)
            if new:
                made[new] = msgspec.structs.replace(made.pop(name), name=new)
        elif event.get("eventName") == "DeleteUser":
            made.pop(name, None)
    return made


def _new_name(event: Event) -> str:
    new = str(_asked(event).get("newUserName") or "")
    return new if fits("iam_user_name", new) else ""


def _names_of(users: set[str], ordered: Sequence[Event]) -> set[str]:
    """All names that he gave himself and his users: UpdateUser renames one."""
    names = set(users)
    for event in (*ordered, *reversed(ordered)):
        if event.get("eventName") == "UpdateUser" and (new := _new_name(event)):
            pair = {_name(event), new}
            names |= pair if pair & names else set()
    return names


def _other(event: Event, own: set[str]) -> bool:
    """Whether a call names a user who is neither himself nor one of his."""
    name = _name(event)
    return fits("iam_user_name", name) and name.lower() not in own


def _made_keys(others: Sequence[Event]) -> list[MadeKey]:
    made: dict[str, MadeKey] = {}
    for event in others:
        asked, key = _asked(event), _made_key_id(event)
        how = "created"
        if event.get("eventName") == "UpdateAccessKey" and asked.get("status") == "Active":
            key, how = str(asked.get("accessKeyId") or ""), "made active"
        if event.get("eventName") == "DeleteAccessKey":
            made.pop(str(asked.get("accessKeyId")), None)
        elif fits("access_key_id", key):
            made[key] = MadeKey(user=_name(event), access_key_id=key, when=_time(event), how=how)
    return list(made.values())


def _made_passwords(others: Sequence[Event]) -> list[MadePassword]:
    words = {"CreateLoginProfile": "created", "UpdateLoginProfile": "changed"}
    made: dict[str, MadePassword] = {}
    for event in others:
        name, how = _name(event), words.get(str(event.get("eventName")))
        if event.get("eventName") == "DeleteLoginProfile":
            made.pop(name, None)
        elif how:
            made[name] = MadePassword(user=name, when=_time(event), how=how)
    return list(made.values())


def _made_devices(ordered: Sequence[Event]) -> list[MadeDevice]:
    made: dict[str, MadeDevice] = {}
    for event in ordered:
        name, serial = _name(event), str(_asked(event).get("serialNumber") or "")
        if event.get("eventName") in ("DeactivateMFADevice", "DeleteVirtualMFADevice"):
            made.pop(serial, None)
        elif event.get("eventName") == "EnableMFADevice" and fits("iam_user_name", name):
            how = "MFA device registered"
            made[serial] = MadeDevice(user=name, serial=serial, when=_time(event), how=how)
    return list(made.values())


_CREDENTIALS: Mapping[str, tuple[str, str, str]] = {
    "UploadSSHPublicKey": ("sSHPublicKey", "sSHPublicKeyId", "SSH key uploaded"),
    "UploadSigningCertificate": ("certificate", "certificateId", "certificate uploaded"),
    "CreateServiceSpecificCredential": (
        "serviceSpecificCredential",
        "serviceSpecificCredentialId",
        "service-specific credential created",
    ),
    "ResetServiceSpecificCredential": (
        "serviceSpecificCredential",
        "serviceSpecificCredentialId",
        "service-specific credential reset",
    ),
    "UpdateSSHPublicKey": ("", "sSHPublicKeyId", "SSH key made active"),
    "UpdateSigningCertificate": ("", "certificateId", "certificate made active"),
    "UpdateServiceSpecificCredential": (
        "",
        "serviceSpecificCredentialId",
        "service-specific credential made active",
    ),
}
"""Event → (part of the answer, or "" for the request; the id's name there; how)."""


def _made_credentials(others: Sequence[Event]) -> list[MadeCredential]:
    made: dict[str, MadeCredential] = {}
    for event in others:
        part, id_name, how = _CREDENTIALS.get(str(event.get("eventName")), ("", "", ""))
        if not how or (not part and _asked(event).get("status") != "Active"):
            continue
        inside = _answer(event, part) if part else _asked(event)
        # AWS writes these names with different capitals in different years.
        names = {key.lower(): value for key, value in inside.items()}
        number = str(names.get(id_name.lower()) or "")
        if number:
            made[number] = MadeCredential(
                user=_name(event), credential_id=number, when=_time(event), how=how
            )
    return list(made.values())


def _roles(ordered: Sequence[Event], account: str) -> tuple[list[Assumed], list[str]]:
    held: dict[str, Assumed] = {}
    foreign: list[str] = []
    for event in ordered:
        arn = _assumed_arn(event)
        name = arn.rsplit("/", 1)[-1]
        if not arn:
            continue
        if f":{account}:" not in arn:
            foreign.append(f"it assumed {arn} in another account: contain it there")
        elif fits("iam_role_name", name):
            before = held.get(name)
            key = minted(event)
            held[name] = Assumed(
                name=name,
                arn=arn,
                when=before.when if before else _time(event),
                last=_time(event),
                sessions=(*(before.sessions if before else ()), *((key,) if key else ())),
            )
    return list(held.values()), foreign


def _assumed_arn(event: Event) -> str:
    if event.get("eventName") == "AssumeRole":
        return str(_asked(event).get("roleArn") or "")
    if event.get("eventName") == "SwitchRole":
        # The console's own: its identity is the role's, and it names no parameters.
        issuer = ((event.get("userIdentity") or {}).get("sessionContext") or {}).get(
            "sessionIssuer"
        ) or {}
        arn = str(issuer.get("arn") or (event.get("userIdentity") or {}).get("arn") or "")
        return _role_arn(arn)
    return ""


def _role_arn(arn: str) -> str:
    """`arn:…:sts::1:assumed-role/name/session` as the role's ARN; without its path."""
    if ":assumed-role/" not in arn:
        return arn if ":role/" in arn else ""
    head, _, tail = arn.partition(":assumed-role/")
    return f"{head.replace(':sts:', ':iam:')}:role/{tail.split('/', 1)[0]}"


def _changed_roles(ordered: Sequence[Event]) -> list[ChangedRole]:
    words = {"CreateRole": "created", "UpdateAssumeRolePolicy": "trust policy changed"}
    found: dict[tuple[str, str], ChangedRole] = {}
    for event in ordered:
        name, how = str(_asked(event).get("roleName") or ""), words.get(str(event["eventName"]))
        if event["eventName"] == "DeleteRole":
            found = {key: each for key, each in found.items() if key[0] != name}
        elif how and fits("iam_role_name", name):
            found[name, how] = ChangedRole(name=name, when=_time(event), how=how)
    return list(found.values())


_WIDEN: Mapping[str, tuple[str, str, str]] = {
    "AttachUserPolicy": ("policyArn", "userName", ""),
    "AttachRolePolicy": ("policyArn", "roleName", ""),
    "AttachGroupPolicy": ("policyArn", "groupName", ""),
    "DetachUserPolicy": ("policyArn", "userName", ""),
    "DetachRolePolicy": ("policyArn", "roleName", ""),
    "DetachGroupPolicy": ("policyArn", "groupName", ""),
    "PutUserPolicy": ("policyName", "userName", ""),
    "PutRolePolicy": ("policyName", "roleName", ""),
    "PutGroupPolicy": ("policyName", "groupName", ""),
    "DeleteUserPolicy": ("policyName", "userName", ""),
    "DeleteRolePolicy": ("policyName", "roleName", ""),
    "DeleteGroupPolicy": ("policyName", "groupName", ""),
    "AddUserToGroup": ("userName", "groupName", ""),
    "RemoveUserFromGroup": ("userName", "groupName", ""),
    "CreatePolicyVersion": ("", "policyArn", "a new version"),
    "SetDefaultPolicyVersion": ("versionId", "policyArn", ""),
    "DeleteUserPermissionsBoundary": ("", "userName", "no boundary"),
    "DeleteRolePermissionsBoundary": ("", "roleName", "no boundary"),
    "PutUserPermissionsBoundary": ("permissionsBoundary", "userName", ""),
    "PutRolePermissionsBoundary": ("permissionsBoundary", "roleName", ""),
    "CreateSAMLProvider": ("", "name", "SAML provider"),
    "UpdateSAMLProvider": ("", "sAMLProviderArn", "SAML provider"),
    "CreateOpenIDConnectProvider": ("", "url", "OIDC provider"),
    "CreateTrustAnchor": ("", "name", "Roles Anywhere trust anchor"),
}
"""Event → (what was given, by the parameter's name; to whom; what, where no parameter says it)."""


def _widened(ordered: Sequence[Event]) -> list[Widened]:
    found = []
    for event in ordered:
        names = _WIDEN.get(str(event.get("eventName")))
        if names:
            given, to, words = names
            policy, holder = str(_asked(event).get(given) or ""), str(_asked(event).get(to) or "")
            found.append(
                Widened(
                    what=f"{policy or words or '?'} → {holder or '?'}"[:300],
                    when=_time(event),
                    how=str(event["eventName"]),
                    holder=holder,
                    policy=policy,
                )
            )
    return found


def _first_of_each(widened: Sequence[Widened], roles: Sequence[ChangedRole]) -> list[Widened]:
    """What he changed, each thing once, as his first call on it found it: see restore_policy."""
    found: dict[tuple[str, ...], Widened] = {}
    for each in widened:
        policy = "" if "Version" in each.how or "Boundary" in each.how else each.policy
        found.setdefault((_THING.get(each.how, each.how), each.holder, policy), each)
    for role in roles:
        if role.how != "created":
            how, words = "UpdateAssumeRolePolicy", f"trust policy → {role.name}"
            found["trust", role.name] = Widened(
                what=words, when=role.when, how=how, holder=role.name
            )
    return [each for each in found.values() if each.how in SETS and not _ours(each)]


def _ours(each: Widened) -> bool:
    """Whether it is firedoor's: what he took off again is put on again by its own step."""
    return each.policy.startswith("firedoor-") or each.policy.endswith(":policy/AWSDenyAll")


_THING = {name: each.kind for name, each in SETS.items()}


def sessions_of_others(left: Left, events: Iterable[Event]) -> list[str]:
    """What a key that he made for somebody else has minted: making the key inactive leaves it."""
    keys = {made.access_key_id: made.user for made in left.made_keys}
    told = []
    for event in events:
        who = Identity.of(event)
        if who.key in keys and minted(event) and event.get("eventName") != "AssumeRole":
            told.append(
                f"a session ({mask_key_id(minted(event))}) was minted with the key that he made "
                f"for {keys[who.key]!r}: it outlives the key up to 36 h unless that user is denied"
            )
    return told
