"""Reads bytes or text as JSON: one document, or one per line. Whatever comes, no traceback.

What cannot be read raises NotAFinding with the reason and, where there is one, the position.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from math import isfinite
from typing import Any

from firedoor.errors import NotAFinding
from firedoor.kinds import time_text

MAX_BYTES = 4 * 1024 * 1024
"""No finding is as large: EventBridge sends 256 KiB, GuardDuty's API 1 MiB at most."""

MAX_ENTRIES = 10_000
"""In all lists and lines together: as many as the largest batch that SQS hands to Lambda."""

TOO_MANY = f"it has more than {MAX_ENTRIES} entries: send it in parts"

MAX_DEPTH = 100
_DEEP = f"nested deeper than {MAX_DEPTH} levels: no finding is"
_BINARY = {
    b"\x1f\x8b": "gzip; unpack it first: gunzip -c FILE | firedoor route -",
    b"PK": "a zip archive; unpack it first",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
}


def documents(source: bytes | bytearray | memoryview | str) -> list[tuple[str, Any]]:
    """The JSON values in a file with their place: one (""), or those of JSON lines ("line 3")."""
    if not isinstance(source, str):
        source = bytes(source)
        _check_size(len(source))
        text = _decode(source)
    else:
        _check_size(len(source))
        text = source.removeprefix("\ufeff")
    if not text.strip():
        raise NotAFinding("it is empty")
    return [(place, _plain_at(place, value)) for place, value in _values(text)]


def plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON has it: at most 100 levels, no lone surrogates; times, infinite numbers and
    numbers of thousands of digits as text."""
    if depth > MAX_DEPTH:
        raise NotAFinding(_DEEP)
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {
            _SURROGATE.sub("\ufffd", str(key)): plain(item, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, float) and not isfinite(value):
        # 1e999 is JSON, but what Python reads from it cannot be written as JSON again.
        return str(value)
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return f"a number of {value.bit_length()} bits"
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return time_text(value) if value.tzinfo else value.isoformat() + "Z"
    return str(value)


def _plain_at(place: str, value: Any) -> Any:
    try:
        return plain(value)
    except NotAFinding as error:
        raise NotAFinding(error.message, where=place or None) from None


_SURROGATE = re.compile("[\ud800-\udfff]")
# Python refuses to write longer whole numbers as decimal text.
_MAX_BITS = 10_000


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise NotAFinding(f"larger than {MAX_BYTES // 1024 // 1024} MiB: no finding is")


def _decode(content: bytes) -> str:
    for magic, what in _BINARY.items():
        if content.startswith(magic):
            raise NotAFinding(f"it is {what}")
    # UTF-16 is what Windows PowerShell writes with `>`.
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        if content.count(0):
            raise NotAFinding("it is binary, not JSON") from None
        message = f"it is not UTF-8 text: byte {error.start} is 0x{content[error.start]:02x}"
        raise NotAFinding(message) from None


def _values(text: str) -> list[tuple[str, Any]]:
    try:
        return [("", _load(text))]
    except json.JSONDecodeError as error:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) < 2 or not _is_json(lines[0][1]):
            raise _not_json(text, error.msg, error.lineno, error.colno) from None
    if len(lines) > MAX_ENTRIES:
        raise NotAFinding(TOO_MANY) from None
    values = []
    for number, line in lines:
        try:
            values.append((f"line {number}", _load(line)))
        except json.JSONDecodeError as error:
            raise _not_json(line, error.msg, number, error.colno) from None
    return values


def _is_json(line: str) -> bool:
    try:
        _load(line)
    except (json.JSONDecodeError, NotAFinding):
        return False
    return True


def _load(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise NotAFinding(_DEEP) from None
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        # A number of thousands of digits, or NaN.
        raise NotAFinding(f"it is not JSON: {error}"[:200]) from None


_OURS = re.compile(r"(\s*(#.*)?\n|---\s*\n)*\s*(runbook|playbook|scenario)\s*:")


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _not_json(text: str, said: str, line: int, column: int) -> NotAFinding:
    head = text.lstrip()[:1]
    hint = ""
    if _OURS.match(text):
        hint = " (it looks like a runbook, playbook or scenario in YAML)"
    elif head == "<":
        hint = " (it looks like HTML or XML)"
    elif head not in ("{", "[", '"', ""):
        hint = " (a finding begins with '{' or '[')"
    return NotAFinding(f"it is not JSON: {said.lower()}{hint}", where=f"line {line}:{column}")
