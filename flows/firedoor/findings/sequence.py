"""Attack sequences and custom detection rules: several actors and resources in one finding.

Users, roles and keys are those of the finding's own account; others are named in the doubts. They
carry no `*Details` block; everything is in `service.detection.sequence`.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Sequence.html
"""

from __future__ import annotations

from typing import Any

from firedoor.findings.model import Resource
from firedoor.findings.principal import principal
from firedoor.findings.text import Doubts, at, distinct, fits, items, mapping, text


def sequence(chain: Any, kind: str, account: str, doubts: Doubts) -> Resource:
    """All that a sequence names, as lists; the single user or role also by itself."""
    people = [_actor(each, account, doubts) for each in items(chain, "actors")]
    things = [each for each in items(chain, "resources") if isinstance(each, dict)]
    people += [_key(each, account, doubts) for each in things if _type(each) == "ACCESS_KEY"]
    users = distinct(each.get("user") for each in people)
    roles = distinct(each.get("role") for each in people)
    keys = distinct(each.get("access_key_id") for each in people)
    kinds = {each["principal"] for each in people if each.get("principal")}
    alone = len(kinds) == 1 and len(users) + len(roles) <= 1
    return Resource(
        kind=kind if kind != "other" else "attack_sequence",
        principal=next(iter(kinds)) if len(kinds) == 1 else "unknown" if kinds else None,
        user=users[0] if alone and users else None,
        role=roles[0] if alone and roles else None,
        access_key_id=keys[0] if alone and len(keys) == 1 else None,
        users=users,
        roles=roles,
        access_key_ids=keys,
        buckets=_names(things, "S3_BUCKET", "bucket_name", doubts),
        instances=_names(things, "EC2_INSTANCE", "instance", doubts),
        clusters=distinct(
            (
                *_names(things, "EKS_CLUSTER", "name", doubts),
                *_names(things, "ECS_CLUSTER", "name", doubts),
            )
        ),
        accounts=_accounts(chain, things, account, doubts),
    )


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


def _names(things: list[Any], wanted: str, kind: str, doubts: Doubts) -> tuple[str, ...]:
    """Names of resources of one type: the last part of an ARN, or the name itself."""
    found = []
    for each in things:
        if _type(each) != wanted:
            continue
        name = at(each, "name") or at(each, "uid")
        if isinstance(name, str) and name.startswith("arn:"):
            name = name.rpartition(":")[2].rpartition("/")[2]
        found.append(doubts.of_kind(kind, name, f"the name of a {wanted}"))
    return distinct(found)


def _accounts(chain: Any, things: list[Any], account: str, doubts: Doubts) -> tuple[str, ...]:
    """Other accounts than the finding's own that actors or resources belong to."""
    named = [at(each, "user", "account", "uid") for each in items(chain, "actors")]
    named += [at(each, "accountId") for each in things]
    valid = distinct(doubts.of_kind("account_id", each, "an account") for each in named)
    return tuple(each for each in valid if each != account)
