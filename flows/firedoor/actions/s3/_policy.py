"""Bucket policies, statement by statement: who is let in, what is public, and merging.

A policy is replaced as a whole by S3, so every change reads it, changes one statement and writes it
back: what others put there stays. Between the two somebody else may write; verify() would say so.
Public is what S3 itself calls so. https://docs.aws.amazon.com/AmazonS3/latest/userguide/
access-control-block-public-access.html#access-control-block-public-access-policy-status
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Any

Document = dict[str, Any]
Statement = dict[str, Any]

VERSION = "2012-10-17"
FIXED = frozenset(
    {
        *("aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner"),
        *("aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceip"),
        *("aws:vpcsourceip", "aws:userid", "aws:principalorgid", "aws:principalorgpaths"),
        *("aws:principalaccount", "aws:principalarn"),
        *("s3:dataaccesspointarn", "s3:dataaccesspointaccount"),
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
)
"""Condition keys that keep a statement for everybody from being public, if their value is fixed."""
LIMITS = ("stringequals", "stringlike", "arnequals", "arnlike", "ipaddress")
"""Operators that demand a value; negated ones, and those with IfExists, let the rest through."""
WIDEST = {4: 8, 6: 32}
"""The widest network of addresses that S3 takes for fixed, by version of the protocol."""
LEADING = {"aws:principalaccount", "aws:sourceaccount", "aws:principalarn", "aws:sourcearn"}
"""Condition keys whose values name accounts."""
_ACCOUNT = re.compile(r"(?:^|:)(\d{12})(?::|$)")


def statements(document: Mapping[str, Any]) -> list[Statement]:
    """The statements of a policy, also where there is one without a list around it."""
    found = document.get("Statement") or []
    return (
        [found] if isinstance(found, dict) else [each for each in found if isinstance(each, dict)]
    )


def listed(value: Any) -> list[Any]:
    """What a policy may write alone or as a list, as a list."""
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def is_public(statement: Mapping[str, Any]) -> bool:
    """Whether a statement lets everybody in."""
    if statement.get("Effect") != "Allow":
        return False
    everybody = "NotPrincipal" in statement or "*" in _names(statement)
    return everybody and not _limited(statement)


def outsiders(statement: Mapping[str, Any], account: str) -> set[str]:
    """The other accounts that a statement lets in, by principal or by condition."""
    if statement.get("Effect") != "Allow":
        return set()
    found = {_account(str(name)) for name in _names(statement)}
    for operator, keys in _conditions(statement):
        if operator.rpartition(":")[2].startswith(LIMITS):
            for key, values in keys.items():
                if key.lower() in LEADING:
                    found |= {_account(str(each)) for each in listed(values)}
    return found - {"", account}


def without(statement: Statement, *, public: bool, accounts: Sequence[str]) -> Statement | None:
    """A statement without everybody (`public`) and these accounts; None when nobody is left.

    Named principals of others stay. A statement that lets an account in by its condition goes as a
    whole when that is all it lets in.
    """
    if statement.get("Effect") != "Allow":
        return statement
    lets_all_in = is_public(statement)
    if lets_all_in and not public:
        return statement
    names = _names(statement)
    unwanted = {name for name in names if _account(str(name)) in accounts}
    if lets_all_in:
        if "NotPrincipal" in statement:
            return None
        unwanted.add("*")
    elif "*" in names:
        let_in = outsiders(statement, "")
        return None if let_in and let_in <= set(accounts) else statement
    if not unwanted:
        return statement
    return _with_principals(statement, unwanted)


def _with_principals(statement: Statement, unwanted: set[str]) -> Statement | None:
    principal = statement.get("Principal")
    if not isinstance(principal, dict):
        return None
    kept: dict[str, Any] = {}
    for kind, names in principal.items():
        left = [name for name in listed(names) if kind != "AWS" or name not in unwanted]
        if left:
            kept[kind] = left if isinstance(names, list) else left[0]
    return {**statement, "Principal": kept} if kept else None


def _names(statement: Mapping[str, Any]) -> list[Any]:
    principal = statement.get("Principal")
    if isinstance(principal, Mapping):
        return listed(principal.get("AWS"))
    return ["*"] if principal == "*" else []


def _account(name: str) -> str:
    found = _ACCOUNT.search(name)
    return found[1] if found else ""


def _limited(statement: Mapping[str, Any]) -> bool:
    """Whether a condition demands a fixed value of something that outsiders cannot choose."""
    return any(
        key.lower() in FIXED and listed(values) and all(map(_is_fixed, listed(values)))
        for operator, keys in _conditions(statement)
        if operator.rpartition(":")[2] in LIMITS and not operator.startswith("forallvalues:")
        for key, values in keys.items()
    )


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    found = statement.get("Condition")
    for operator, keys in found.items() if isinstance(found, dict) else ():
        if isinstance(keys, dict):
            yield str(operator).lower(), keys


def _is_fixed(value: Any) -> bool:
    text = str(value)
    if re.fullmatch(r"[0-9a-fA-F:.]+/[0-9]+", text):
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            return False
        return network.prefixlen >= WIDEST[network.version]
    if not set(text) & set("*?$"):
        return True
    # An ARN may leave open what stands behind its account.
    account = text.split(":", 5)[4:5] if text.startswith("arn:") else []
    return bool(account) and account[0].isdigit() and "$" not in text


def name_of(statement: Mapping[str, Any]) -> str:
    """What tells a statement from others: its Sid, for people, and a digest of all of it."""
    text = json.dumps(statement, sort_keys=True, separators=(",", ":"))
    sid = re.sub(r"[^A-Za-z0-9]", "", str(statement.get("Sid") or ""))[:40] or "unnamed"
    return f"{sid}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def alone(document: Mapping[str, Any], statement: Statement) -> Document:
    """A policy of one statement, with the head of the policy that it stands in."""
    head = {key: value for key, value in document.items() if key != "Statement"}
    return {"Version": VERSION, **head, "Statement": [statement]}


def merged(document: Mapping[str, Any] | None, wanted: Mapping[str, Any], at: int) -> Document:
    """A policy with the one statement of `wanted` in it, as number `at` when there are so many."""
    (statement,) = statements(wanted)
    if not document:
        return {**wanted, "Statement": [statement]}
    kept = [each for each in statements(document) if name_of(each) != name_of(statement)]
    kept.insert(min(at, len(kept)), statement)
    return {**document, "Statement": kept}


def taken_out(document: Mapping[str, Any], name: str) -> Document | None:
    """A policy without the statement of that name; None when nothing is left."""
    kept = [each for each in statements(document) if name_of(each) != name]
    return {**document, "Statement": kept} if kept else None
