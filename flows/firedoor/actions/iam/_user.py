"""What several actions on an IAM user share: names of its parts, its inline policies, our guard."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from firedoor.actions.contract import Aws, Case
from firedoor.errors import AwsError, Refused

GONE = frozenset({"NoSuchEntity", "NoSuchEntityException"})


def part(case: Case, user: str, kind: str, name: str = "") -> str:
    """The stable name of a part of a user: `arn:…:user/ci-deployer#access-key/AKIA…`."""
    arn = f"arn:{case.partition}:iam::{case.account}:user/{user}"
    return f"{arn}#{kind}/{name}" if name else f"{arn}#{kind}"


def user_of(resource: str) -> str:
    """The user that a part's name begins with."""
    return resource.split("#", 1)[0].rsplit("/", 1)[-1]


def name_of(resource: str) -> str:
    """What stands behind the kind in a part's name: a key id, a policy name or ARN."""
    return resource.split("#", 1)[1].partition("/")[2]


def refuse_own(aws: Aws, user: str) -> None:
    """Refused when the user is the one who is acting: it would lock the responder out."""
    kind, _, name = aws.principal.rpartition(":")[2].partition("/")
    if kind in ("user", "federated-user") and name.rsplit("/", 1)[-1] == user:
        raise Refused(
            f"{user!r} is the user that firedoor acts as: shutting it out would end the response. "
            "Use other credentials for this"
        )


def document(found: Any) -> dict[str, Any]:
    """A policy document as a plain dict, however it was written down."""
    parsed = json.loads(found) if isinstance(found, str) else found
    plain: dict[str, Any] = json.loads(json.dumps(parsed))
    return plain


def characters(policy: Mapping[str, Any]) -> int:
    """How many characters of the inline budget a policy takes: IAM does not count white space.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    return len(json.dumps(policy, separators=(",", ":"), ensure_ascii=False))


def inline_policies(aws: Aws, user: str) -> dict[str, dict[str, Any]]:
    """The user's inline policies by name. One request each: at most 2,048 characters of them."""
    return {
        name: document(
            aws.call("iam", "get_user_policy", UserName=user, PolicyName=name)["PolicyDocument"]
        )
        for name in aws.pages("iam", "list_user_policies", "PolicyNames", UserName=user)
    }


def login_profile(aws: Aws, user: str) -> dict[str, Any] | None:
    """The console password's record (never the password); None when there is none."""
    try:
        found = aws.call("iam", "get_login_profile", UserName=user)["LoginProfile"]
    except AwsError as error:
        if error.code in GONE:
            return None
        raise
    return {
        "created": found["CreateDate"].isoformat(),
        "reset_required": bool(found.get("PasswordResetRequired")),
    }
