"""Whose credentials a finding is about, from what GuardDuty calls user type, name and key.

`userName` is the *role's* name for an assumed role, `Root` for root, `ANONYMOUS_PRINCIPAL` for
nobody. Only what is surely an IAM user ends up as one: to treat a role as a user of the same name
would shut out the wrong person.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_AccessKeyDetails.html
"""

from __future__ import annotations

from typing import Any

from firedoor.findings.model import Principal
from firedoor.findings.naming import named
from firedoor.findings.text import Doubts, text

_TYPES: dict[str, Principal] = {
    "iamuser": "iam_user",
    "assumedrole": "role",
    "role": "role",
    "federateduser": "federated_user",
    "root": "root",
    "awsservice": "aws_service",
    "awsaccount": "account",
}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
_PREFIXES: dict[str, Principal] = {"AIDA": "iam_user", "AROA": "role"}


def principal(
    doubts: Doubts, account: str, user_type: Any, name: Any, key: Any, principal_id: Any
) -> dict[str, Any]:
    """The fields of `Resource` that tell whose credentials these are; {} when nothing was said."""
    if not any((user_type, name, key, principal_id)):
        return {}
    kind = _kind(doubts, account, user_type, name, key, principal_id)
    fields: dict[str, Any] = {"principal": kind, "principal_id": text(principal_id, 200)}
    if kind in ("iam_user", "role", "federated_user", "root", "unknown"):
        fields["access_key_id"] = named(doubts, "access_key_id", key)
    if kind == "iam_user":
        fields["user"] = named(doubts, "user", name)
    elif kind == "role":
        fields["role"] = named(doubts, "role", name)
    if kind in ("role", "federated_user") and isinstance(principal_id, str):
        session = principal_id.partition(":")[2]
        fields["session"] = doubts.of_kind("name", session, "the session name")
    return {key: value for key, value in fields.items() if value is not None}


def _kind(
    doubts: Doubts, account: str, user_type: Any, name: Any, key: Any, principal_id: Any
) -> Principal:
    said = text(user_type, 40) or ""
    known = _TYPES.get(said.replace("_", "").lower())
    by_id = _PREFIXES.get(principal_id[:4]) if isinstance(principal_id, str) else None
    if name == "ANONYMOUS_PRINCIPAL":
        return "anonymous"
    if known == "root" or (principal_id and principal_id == account):
        return "root"
    if known and by_id and known != by_id and "role" in (known, by_id):
        doubts.add(f"the user type is {said!r}, but {text(principal_id, 60)!r} is the id of a role")
        return "role" if by_id == "role" else "unknown"
    if known or by_id:
        return known or by_id or "unknown"
    if said:
        doubts.add(f"the user type {said!r} is not known here")
        return "unknown"
    # Older findings in Security Hub name no type. Long-term keys belong to users, or to root.
    if isinstance(key, str) and key.startswith("AKIA") and name and str(name).lower() != "root":
        return "iam_user"
    return "root" if str(name).lower() == "root" else "unknown"
