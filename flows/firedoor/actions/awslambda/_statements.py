"""Statements of a function's resource policy: whom they let in, and how they are written again.

Lambda has no call that puts a whole policy. A statement is added with AddPermission, which knows
one principal, one action and a few conditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Statement = Mapping[str, Any]
_CONDITIONS = {
    ("arnlike", "aws:sourcearn"): "SourceArn",
    ("stringequals", "aws:sourceaccount"): "SourceAccount",
    ("stringequals", "lambda:eventsourcetoken"): "EventSourceToken",
    ("stringequals", "aws:principalorgid"): "PrincipalOrgID",
    ("stringequals", "lambda:functionurlauthtype"): "FunctionUrlAuthType",
}
"""The conditions that AddPermission writes, and the parameter of each."""
_NARROWING = frozenset(
    {"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourcevpc", "aws:sourcevpce"}
    | {"aws:principalorgid", "aws:principalaccount", "aws:principalarn", "aws:principalorgpaths"}
    | {"lambda:eventsourcetoken", "aws:userid", "aws:sourceip"}
)


def principals(statement: Statement) -> list[str]:
    """Whom a statement is about: account ids, ARNs, services, `*`."""
    said = statement.get("Principal")
    if isinstance(said, Mapping):
        listed = [one for each in said.values() for one in _several(each)]
    else:
        listed = _several(said)
    return [str(one) for one in listed]


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def _keys(statement: Statement) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for operator, tests in (statement.get("Condition") or {}).items():
        for key, value in tests.items():
            found[(str(operator).lower(), str(key).lower())] = value
    return found


def is_public(statement: Statement) -> bool:
    """Whether a statement lets in everybody: any principal, and no condition on whose it is."""
    if statement.get("Effect") != "Allow" or "*" not in principals(statement):
        return False
    return not any(key in _NARROWING for _, key in _keys(statement))


def is_foreign(statement: Statement, account: str) -> bool:
    """Whether it lets in somebody of another account, or everybody."""
    if statement.get("Effect") != "Allow":
        return False
    return is_public(statement) or any(
        account not in name
        for name in principals(statement)
        if name != "*" and not name.endswith(".amazonaws.com")
    )


def added_by(statement: Statement) -> dict[str, str] | None:
    """AddPermission's parameters that write this statement; None when it cannot."""
    who, what = principals(statement), statement.get("Action")
    known = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
    if statement.get("Effect") != "Allow" or len(who) != 1 or not set(statement) <= known:
        return None
    if not isinstance(what, str) or not statement.get("Sid"):
        return None
    written = {"StatementId": str(statement["Sid"]), "Action": what, "Principal": who[0]}
    for key, value in _keys(statement).items():
        name = _CONDITIONS.get(key)
        if name is None or not isinstance(value, str):
            return None
        written[name] = value
    return written
