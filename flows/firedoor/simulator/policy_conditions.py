"""The condition block of an IAM policy statement: does it hold for a request's context?

All operators must hold (AND), all keys under one operator too (AND), one of a key's values is
enough (OR; for a negated operator: none of them). Source: IAM User Guide, "Condition operators",
"Multiple context keys or values", "Single-valued vs. multivalued context keys".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from firedoor.simulator.policy_patterns import Folded, arn_glob, glob, plain, resolved

Pieces = list[tuple[str, bool]]
Compare = Callable[[Pieces, str], bool]


class UnknownOperator(ValueError):
    """A condition operator that IAM does not have."""


def holds(block: Mapping[str, Any], context: Folded, *, variables: bool) -> bool:
    """Whether a condition block holds; UnknownOperator when it cannot be read."""
    return all(
        _key_holds(operator, key, values, context, variables)
        for operator, keys in block.items()
        for key, values in keys.items()
    )


def listed(value: Any) -> list[Any]:
    """A value that policies may write alone or in a list, as a list."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _key_holds(operator: str, key: str, values: Any, context: Folded, variables: bool) -> bool:
    quantifier, name, if_exists = _parsed(operator)
    given = context.key(key)
    absent = given is None or given == []
    wanted = [_text(value) for value in listed(values)]
    if name == "null":
        return any(absent == (value.lower() == "true") for value in wanted)
    negated, compare = _operator(name, operator)
    if absent:
        return _without_key(quantifier, negated, if_exists)
    patterns = [
        pieces
        for value in wanted
        if (pieces := resolved(value, context, variables=variables)) is not None
    ]

    def one_holds(value: str) -> bool:
        return any(compare(pattern, value) for pattern in patterns) != negated

    present = [_text(value) for value in listed(given)]
    if quantifier == "forallvalues":
        return all(one_holds(value) for value in present)
    if quantifier == "foranyvalue":
        return any(one_holds(value) for value in present)
    return (all if negated else any)(one_holds(value) for value in present)


def _parsed(operator: str) -> tuple[str, str, bool]:
    """`ForAllValues:StringLikeIfExists` as ("forallvalues", "stringlike", True)."""
    head, colon, tail = operator.lower().partition(":")
    quantifier, name = (head, tail) if colon else ("", head)
    if quantifier not in ("", "forallvalues", "foranyvalue"):
        raise UnknownOperator(operator)
    return quantifier, name.removesuffix("ifexists"), name.endswith("ifexists")


def _without_key(quantifier: str, negated: bool, if_exists: bool) -> bool:
    """What a condition says of a request that does not carry its key."""
    if if_exists or quantifier == "forallvalues":
        return True
    return negated and quantifier != "foranyvalue"


def _operator(name: str, written: str) -> tuple[bool, Compare]:
    try:
        return _OPERATORS[name]
    except KeyError:
        raise UnknownOperator(written) from None


def _text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _equals(pattern: Pieces, value: str) -> bool:
    return plain(pattern) == value


def _equals_any_case(pattern: Pieces, value: str) -> bool:
    return plain(pattern).casefold() == value.casefold()


def _boolean(pattern: Pieces, value: str) -> bool:
    return plain(pattern).lower() == value.lower()


def _binary(pattern: Pieces, value: str) -> bool:
    try:
        return base64.b64decode(plain(pattern), validate=True) == base64.b64decode(
            value, validate=True
        )
    except (binascii.Error, ValueError):
        return False


def _in_network(pattern: Pieces, value: str) -> bool:
    try:
        network = ipaddress.ip_network(plain(pattern), strict=False)
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    return address.version == network.version and address in network


def _number(text: str) -> float:
    number = float(text)
    if number != number:
        raise ValueError(f"{text!r} is not a number")
    return number


def _moment(text: str) -> float:
    """A date, a time in ISO 8601 or seconds since 1970, as seconds since 1970."""
    try:
        return _number(text)
    except ValueError:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _measured(read: Callable[[str], float], order: Callable[[float, float], bool]) -> Compare:
    """A comparison of amounts; what cannot be read as one compares as false."""

    def compare(pattern: Pieces, value: str) -> bool:
        try:
            return order(read(value), read(plain(pattern)))
        except (ValueError, OverflowError):
            return False

    return compare


_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "equals": lambda value, limit: value == limit,
    "lessthan": lambda value, limit: value < limit,
    "lessthanequals": lambda value, limit: value <= limit,
    "greaterthan": lambda value, limit: value > limit,
    "greaterthanequals": lambda value, limit: value >= limit,
}
_OPERATORS: Mapping[str, tuple[bool, Compare]] = {
    "stringequals": (False, _equals),
    "stringnotequals": (True, _equals),
    "stringequalsignorecase": (False, _equals_any_case),
    "stringnotequalsignorecase": (True, _equals_any_case),
    "stringlike": (False, glob),
    "stringnotlike": (True, glob),
    "bool": (False, _boolean),
    "binaryequals": (False, _binary),
    "ipaddress": (False, _in_network),
    "notipaddress": (True, _in_network),
    "arnequals": (False, arn_glob),
    "arnlike": (False, arn_glob),
    "arnnotequals": (True, arn_glob),
    "arnnotlike": (True, arn_glob),
    **{f"numeric{name}": (False, _measured(_number, order)) for name, order in _ORDERS.items()},
    "numericnotequals": (True, _measured(_number, _ORDERS["equals"])),
    **{f"date{name}": (False, _measured(_moment, order)) for name, order in _ORDERS.items()},
    "datenotequals": (True, _measured(_moment, _ORDERS["equals"])),
}
