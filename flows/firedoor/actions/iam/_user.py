"""What several actions on an IAM user share: names of its parts, its inline policies, our guard."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from firedoor.actions.contract import Aws, Case, Check, State
from firedoor.errors import AwsError, NotFound, Refused

GONE = frozenset({"NoSuchEntity", "NoSuchEntityException"})
"""How IAM says that a user, a role or a part of one does not exist (any more)."""
DELETED = (
    "the user has been deleted: its keys and the sessions minted from them are dead with it, but "
    "sessions of roles that it assumed are not"
)


class UserState(State, frozen=True, kw_only=True):
    """The parts of a user; `gone`: there is no such user (any more)."""

    gone: bool = False


def part(case: Case, user: str, kind: str, name: str = "") -> str:
    """The stable name of a part of a user: `arn:…:user/ci-deployer#access-key/AKIA…`.

    A user's path is left out: names are unique in an account whatever the path, and no listing of
    a user's parts tells it, so that each step would have to ask for it once more.
    """
    arn = f"arn:{case.partition}:iam::{case.account}:user/{user}"
    return f"{arn}#{kind}/{name}" if name else f"{arn}#{kind}"


def user_of(resource: str) -> str:
    """The user that a part's name begins with."""
    return resource.split("#", 1)[0].rsplit("/", 1)[-1]


def name_of(resource: str) -> str:
    """What stands behind the kind in a part's name: a key id, a policy name or ARN."""
    return resource.split("#", 1)[1].partition("/")[2]


def refuse_own(aws: Aws, user: str) -> None:
    """Refused when the user is the one who is acting: it would lock the responder out.

    Said while observing, so that a plan says it already. A session of GetFederationToken is known
    by its own name only, not by the user's who minted it; one with another name is not noticed.
    """
    kind, _, name = aws.principal.rpartition(":")[2].partition("/")
    if kind in ("user", "federated-user") and name.rsplit("/", 1)[-1].lower() == user.lower():
        raise Refused(
            f"{user!r} is the user that firedoor acts as: shutting it out would end the response. "
            "Use other credentials for this",
            rule="own principal",
            instead="Use other credentials for this",
        )


def listed(
    aws: Aws,
    operation: str,
    key: str,
    id_name: str,
    *,
    case: Case,
    user: str,
    kind: str,
    **filters: str,
) -> dict[str, str]:
    """The status of each credential of one kind, by the name of its part."""
    return {
        part(case, user, kind, each[id_name]): str(each["Status"])
        for each in aws.pages("iam", operation, key, UserName=user, **filters)
    }


def set_status(aws: Aws, operation: str, *, user: str, status: object, **named: str) -> None:
    """Make one credential active or inactive.

    One that is gone cannot be used any more, so making it inactive is done; NotFound when it should
    be made active again.
    """
    try:
        aws.call("iam", operation, UserName=user, Status=status, **named)
    except AwsError as error:
        if error.code not in GONE:
            raise
        if status != "Inactive":
            raise NotFound(
                f"{', '.join(named.values())} of {user!r} has been deleted since: it cannot be "
                "made active again; give the user a new one"
            ) from None


def gone_check(user: str, what: str) -> Check:
    """What verify says of a user who is not there any more."""
    return Check(what=f"{user} {what}", holds=True, seen=DELETED)


def document(found: Any) -> dict[str, Any]:
    """A policy document as a plain dict, however it was written down."""
    parsed = json.loads(found) if isinstance(found, str) else found
    plain: dict[str, Any] = json.loads(json.dumps(parsed))
    return plain


def policy_words(operation: str, named: Mapping[str, Any]) -> list[str]:
    """A call of IAM's in the AWS CLI's words: `PolicyName` is `--policy-name` there."""
    words = ["iam", operation.replace("_", "-")]
    for name, value in named.items():
        dashed = "".join(f"-{each.lower()}" if each.isupper() else each for each in name)
        words += [f"-{dashed}", str(value)]
    return words


def characters(policy: Mapping[str, Any]) -> int:
    """How many characters of the inline budget a policy takes: IAM does not count white space.

    White space inside texts is counted here, so the figure is never too small by it.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    return len(json.dumps(policy, separators=(",", ":"), ensure_ascii=False))


def inline_policies(aws: Aws, user: str) -> dict[str, dict[str, Any]]:
    """The user's inline policies by name. One request each: at most 2,048 characters of them.

    One that is deleted between the listing and its reading is left out.
    """
    names: Iterable[str] = aws.pages("iam", "list_user_policies", "PolicyNames", UserName=user)
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        try:
            answer = aws.call("iam", "get_user_policy", UserName=user, PolicyName=name)
        except AwsError as error:
            if error.code not in GONE:
                raise
            continue
        found[name] = document(answer["PolicyDocument"])
    return found


def login_profile(aws: Aws, user: str) -> dict[str, Any] | None:
    """The console password's record (never the password); None when there is none.

    IAM answers the same for a user without a password and for a user who does not exist.
    """
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


def exists(aws: Aws, user: str) -> bool:
    """Whether there is such a user."""
    try:
        aws.call("iam", "get_user", UserName=user)
    except AwsError as error:
        if error.code in GONE:
            return False
        raise
    return True
