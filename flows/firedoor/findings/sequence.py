"""Attack sequences and custom detection rules: several actors and resources in one finding.

Users, roles and keys are those of the finding's own account; others are named in the doubts. They
carry no `*Details` block; everything is in `service.detection.sequence`.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Sequence.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from firedoor.findings.model import Kind, Resource
from firedoor.findings.naming import KINDS, LISTS, several
from firedoor.findings.principal import principal
from firedoor.findings.text import Doubts, at, distinct, fits, items, mapping, text

_LISTS: Mapping[str, tuple[str, ...]] = {
    "S3_BUCKET": ("buckets",),
    "EC2_INSTANCE": ("instances",),
    "EC2_NETWORK_INTERFACE": ("network_interfaces",),
    "EC2_IMAGE": ("images",),
    "EC2_SNAPSHOT": ("snapshots",),
    "EC2_VOLUME": ("volumes",),
    "EKS_CLUSTER": ("clusters", "eks_clusters"),
    "ECS_CLUSTER": ("clusters", "ecs_clusters"),
    "ECS_TASK": ("tasks",),
    "LAMBDA_FUNCTION": ("functions",),
    "RDS_DB_INSTANCE": ("databases",),
    "RDS_DB_CLUSTER": ("database_clusters",),
    "KMS_KEY": ("kms_keys",),
    "BEDROCK_CUSTOM_MODEL": ("models",),
    "BEDROCK_IMPORTED_MODEL": ("models",),
    "BEDROCK_PROVISIONED_MODEL": ("models",),
    "BEDROCK_CUSTOM_MODEL_DEPLOYMENT": ("models",),
    "BEDROCK_INFERENCE_PROFILE": ("models",),
    "BEDROCK_APPLICATION_INFERENCE_PROFILE": ("models",),
}
"""Type of a sequence's resource → the fields of `Resource` that it is named in. Functions,
databases and keys of KMS are not among GuardDuty's types today, and read when they come to be."""

_ARNS: tuple[tuple[str, str], ...] = (
    (r"ec2:[^:]*:[^:]*:snapshot/", "snapshots"),
    (r"ec2:[^:]*:[^:]*:image/", "images"),
    (r"ec2:[^:]*:[^:]*:volume/", "volumes"),
    (r"rds:[^:]*:[^:]*:db:", "databases"),
    (r"rds:[^:]*:[^:]*:cluster:", "database_clusters"),
    (r"lambda:[^:]*:[^:]*:function:", "functions"),
    (r"kms:[^:]*:[^:]*:key/", "kms_keys"),
    (r"rds:[^:]*:[^:]*:snapshot:", "db_snapshot"),
    (r"rds:[^:]*:[^:]*:cluster-snapshot:", "db_cluster_snapshot"),
    (r"rolesanywhere:[^:]*:[^:]*:trust-anchor/", "trust_anchor"),
    (r"ses:[^:]*:[^:]*:identity/", "identity"),
    (r"cloudtrail:[^:]*:[^:]*:trail/", "trail"),
    (r"guardduty:[^:]*:[^:]*:detector/", "detector"),
)
"""How an ARN goes on after its partition → the field, for resources whose type is not in `_LISTS`:
those of custom detection rules."""


def sequence(chain: Any, kind: Kind, said_type: str, account: str, doubts: Doubts) -> Resource:
    """All that a sequence names, as lists; the single user or role also by itself."""
    people = [_actor(each, account, doubts) for each in items(chain, "actors")]
    things = [each for each in items(chain, "resources") if isinstance(each, dict)]
    # A bucket or function of the same name in the finding's account would be the wrong one.
    own = [each for each in things if _is_own(each, account)]
    for each in things:
        if each not in own:
            name = text(at(each, "uid") or at(each, "name"), 80)
            doubts.add(f"{name!r} belongs to the account {at(each, 'accountId')}; it is left out")
    people += [_key(each, account, doubts) for each in own if _type(each) == "ACCESS_KEY"]
    users = distinct(each.get("user") for each in people)
    roles = distinct(each.get("role") for each in people)
    keys = distinct(each.get("access_key_id") for each in people)
    kinds = {each["principal"] for each in people if each.get("principal")}
    alone = len(kinds) == 1 and len(users) + len(roles) <= 1
    listed = _listed(own, doubts)
    by_arn = _by_arn(own, doubts)
    for field, names in by_arn.items():
        if field in listed:
            listed[field] = distinct((*listed[field], *names))
    if not said_type.startswith("AttackSequence:"):
        listed |= _alone(listed) | {
            field: names[0]
            for field, names in by_arn.items()
            if field not in LISTS and len(names) == 1
        }
    return Resource(
        kind=kind if kind != "other" else "attack_sequence",
        principal=next(iter(kinds)) if len(kinds) == 1 else "unknown" if kinds else None,
        user=users[0] if alone and users else None,
        role=roles[0] if alone and roles else None,
        access_key_id=keys[0] if alone and len(keys) == 1 else None,
        issuer=_single(doubts, "issuer", _issuers(chain)),
        users=users,
        roles=roles,
        access_key_ids=keys,
        user_keys=distinct(_user_key(each) for each in people),
        lone_keys=_lone_keys(people),
        root="root" in kinds,
        objects=_objects(own),
        namespace=_single(doubts, "namespace", _of_workloads(own, "namespace")),
        workload=_single(doubts, "workload", (at(each, "name") for each in _workloads(own))),
        container_image=_single(doubts, "container_image", _images(own)),
        accounts=_accounts(chain, things, account, doubts),
        **listed,
    )


def _listed(things: list[Any], doubts: Doubts) -> dict[str, Any]:
    """Field → names of the resources whose type belongs to it."""
    found: dict[str, tuple[str, ...]] = {}
    for wanted, fields in _LISTS.items():
        of_type = [each for each in things if _type(each) == wanted]
        for field in fields:
            # Some have the ARN as `uid`, some as `name`; whichever is of the kind.
            names = several(doubts, LISTS[field], (_name(each, field) for each in of_type))
            found[field] = distinct((*found.get(field, ()), *names))
    interfaces = [
        uid
        for each in things
        for uid in items(each, "data", "ec2Instance", "ec2NetworkInterfaceUids")
    ]
    cards = several(doubts, "network_interface", interfaces)
    found["network_interfaces"] = distinct((*found["network_interfaces"], *cards))
    return found


def _by_arn(things: list[Any], doubts: Doubts) -> dict[str, tuple[str, ...]]:
    """Names by what their ARNs say, of resources whose type says nothing."""
    found: dict[str, tuple[str, ...]] = {}
    arns = [
        arn
        for each in things
        if _type(each) not in _LISTS
        for arn in (at(each, "uid"), at(each, "name"))
        if isinstance(arn, str) and arn.startswith("arn:")
    ]
    for pattern, field in _ARNS:
        fitting = (arn for arn in arns if re.match(r"arn:aws[a-z-]*:" + pattern, arn))
        found[field] = several(doubts, LISTS.get(field, field), fitting)
    return found


def _alone(listed: dict[str, Any]) -> dict[str, str]:
    """A single thing in its own field too: a custom detection rule is about one."""
    fields = ((several_, LISTS[several_]) for several_ in listed if several_ in LISTS)
    return {one: listed[many][0] for many, one in fields if len(listed[many]) == 1}


def _name(thing: Any, field: str) -> Any:
    """The resource's ARN or id, or its name where those are something else, such as a task's."""
    said = [at(thing, "uid"), at(thing, "name")]
    kind = KINDS[LISTS[field]]
    for each in said:
        if isinstance(each, str) and (each.startswith("arn:") or fits(kind, each)):
            return each
    return at(thing, "name") or at(thing, "uid")


def _user_key(who: dict[str, Any]) -> str | None:
    key = who.get("access_key_id")
    is_users = who.get("principal") == "iam_user" and isinstance(key, str)
    return key if is_users and key and key.startswith("AKIA") else None


def _lone_keys(people: list[dict[str, Any]]) -> tuple[str, ...]:
    """Long-term keys of which nothing in the sequence says whose they are; root's are root's."""
    owned = {each["access_key_id"] for each in people if _owner(each) and "access_key_id" in each}
    named = distinct(each.get("access_key_id") for each in people)
    return tuple(key for key in named if key.startswith("AKIA") and key not in owned)


def _owner(who: dict[str, Any]) -> bool:
    return bool(who.get("user")) or who.get("principal") == "root"


def _issuers(chain: Any) -> list[Any]:
    # It may be a name only.
    said = [at(each, "session", "issuer") for each in items(chain, "actors")]
    return [each for each in said if isinstance(each, str) and each.startswith("arn:")]


def _objects(things: list[Any]) -> tuple[str, ...]:
    keys = (at(each, "data", "s3Object", "key") for each in things if _type(each) == "S3_OBJECT")
    return distinct(text(each, 1024) for each in keys)


def _workloads(things: list[Any]) -> list[Any]:
    return [each for each in things if _type(each) == "KUBERNETES_WORKLOAD"]


def _of_workloads(things: list[Any], field: str) -> list[Any]:
    return [at(each, "data", "kubernetesWorkload", field) for each in _workloads(things)]


def _images(things: list[Any]) -> list[Any]:
    return [at(each, "data", "container", "image") for each in things if _type(each) == "CONTAINER"]


def _single(doubts: Doubts, field: str, values: Iterable[Any]) -> str | None:
    """The one name that there is; None for none or several."""
    found = several(doubts, field, values)
    return found[0] if len(found) == 1 else None


def _is_own(thing: Any, account: str) -> bool:
    home = at(thing, "accountId")
    return not (account and isinstance(home, str) and home != account and fits("account_id", home))


def _actor(actor: Any, account: str, doubts: Doubts) -> dict[str, Any]:
    user = mapping(actor, "user")
    home = at(user, "account", "uid") or account
    if isinstance(home, str) and home != account and fits("account_id", home):
        # A user or role of the same name in the finding's account would be the wrong one.
        name = text(at(user, "name"), 60) or "without a name"
        doubts.add(f"the actor {name!r} belongs to the account {home}; it is left out")
        return {"principal": "account"}
    return principal(
        doubts,
        account,
        at(user, "type"),
        at(user, "name"),
        at(user, "credentialUid"),
        at(user, "uid"),
    )


def _key(resource: Any, account: str, doubts: Doubts) -> dict[str, Any]:
    key = mapping(resource, "data", "accessKey")
    return principal(
        doubts,
        account,
        at(key, "userType"),
        at(key, "userName"),
        at(resource, "name") or at(resource, "uid"),
        at(key, "principalId"),
    )


def _type(resource: Any) -> str:
    return text(at(resource, "resourceType"), 60) or ""


def _accounts(chain: Any, things: list[Any], account: str, doubts: Doubts) -> tuple[str, ...]:
    """Other accounts than the finding's own that actors or resources belong to."""
    named = [at(each, "user", "account", "uid") for each in items(chain, "actors")]
    named += [at(each, "accountId") for each in things]
    valid = distinct(doubts.of_kind("account_id", each, "an account") for each in named)
    return tuple(each for each in valid if each != account)
