"""What several actions on an IAM role share: whose it is, and that it is not our own."""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws
from firedoor.actions.iam._user import GONE
from firedoor.errors import AwsError, Refused

NOT_OURS = ("/aws-service-role/", "/aws-reserved/")
"""Paths of roles that AWS keeps for itself. Names prove nothing: anybody may call a role so."""
ROLE = "arn:{partition}:iam::{account}:role/{role}"


def role(aws: Aws, name: str) -> dict[str, Any] | None:
    """What GetRole says; None when there is no such role (any more)."""
    try:
        found: dict[str, Any] = aws.call("iam", "get_role", RoleName=name)["Role"]
    except AwsError as error:
        if error.code not in GONE:
            raise
        return None
    return found


def refuse_reserved(name: str, arn: str) -> None:
    """Refused for a role that belongs to AWS: IAM does not let anybody edit it."""
    path = "/" + arn.partition(":role/")[2]
    if path.startswith(NOT_OURS):
        raise Refused(
            f"{name!r} belongs to AWS ({arn}): IAM cannot edit it. For Identity Center, remove the "
            "person's assignment and end the session there",
            rule="AWS's own role",
            instead="For Identity Center, remove the person's assignment and end the session there",
        )


def refuse_own_role(aws: Aws, name: str) -> None:
    """Refused when the role is the one that firedoor acts as."""
    kind, _, own = aws.principal.rpartition(":")[2].partition("/")
    if kind == "assumed-role" and own.split("/", 1)[0].lower() == name.lower():
        raise Refused(
            f"{name!r} is the role that firedoor acts as: it would cut itself off. Use other "
            "credentials for this",
            rule="own principal",
            instead="Use other credentials for this",
        )


def role_of(resource: str) -> str:
    """The role that a part's name begins with."""
    return resource.split("#", 1)[0].rsplit("/", 1)[-1]
