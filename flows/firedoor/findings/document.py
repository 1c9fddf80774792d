"""Reads bytes or text as JSON: one document, or one per line. Whatever comes, no traceback.

What cannot be read raises NotAFinding with the reason and, where there is one, the position.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from firedoor.errors import NotAFinding
from firedoor.kinds import time_text

MAX_BYTES = 4 * 1024 * 1024
"""No finding is as large: EventBridge sends 256 KiB, GuardDuty's API 1 MiB at most."""

MAX_DEPTH = 100
_DEEP = f"nested deeper than {MAX_DEPTH} levels: no finding is"
_BINARY = {
    b"\x1f\x8b": "gzip; unpack it first: gunzip -c FILE | firedoor route -",
    b"PK": "a zip archive; unpack it first",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
}


def documents(source: bytes | str) -> list[Any]:
    """The JSON values in a file: one, or those of JSON lines."""
    if isinstance(source, bytes | bytearray | memoryview):
        source = bytes(source)
        _check_size(len(source))
        text = _decode(source)
    else:
        _check_size(len(source))
        text = source.removeprefix("\ufeff")
    if not text.strip():
        raise NotAFinding("it is empty")
    return [plain(value) for value in _values(text)]


def plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON has it: lone surrogates replaced, times as text, at most 100 levels."""
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
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return time_text(value) if value.tzinfo else value.isoformat() + "Z"
    return str(value)


_SURROGATE = re.compile("[\ud800-\udfff]")


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise NotAFinding(f"larger than {MAX_BYTES // 1024 // 1024} MiB: no finding is")


def _decode(content: bytes) -> str:
    for magic, what in _BINARY.items():
        if content.startswith(magic):
            raise NotAFinding(f"it is {what}")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        # What Windows PowerShell writes with `>`.
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        if content.count(0):
            raise NotAFinding("it is binary, not JSON") from None
        message = f"it is not UTF-8 text: byte {error.start} is 0x{content[error.start]:02x}"
        raise NotAFinding(message) from None


def _values(text: str) -> list[Any]:
    try:
        return [_load(text)]
    except json.JSONDecodeError as error:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) < 2 or not _is_json(lines[0][1]):
            raise _not_json(text, error.msg, error.lineno, error.colno) from None
    values = []
    for number, line in lines:
        try:
            values.append(_load(line))
        except json.JSONDecodeError as error:
            raise _not_json(line, error.msg, number, error.colno) from None
    return values


def _is_json(line: str) -> bool:
    try:
        _load(line)
    except json.JSONDecodeError:
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


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _not_json(text: str, said: str, line: int, column: int) -> NotAFinding:
    head = text.lstrip()[:1]
    hint = ""
    if head == "<":
        hint = " (it looks like HTML or XML)"
    elif head not in ("{", "[", '"', ""):
        hint = " (a finding begins with '{' or '[')"
    return NotAFinding(f"it is not JSON: {said.lower()}{hint}", where=f"line {line}:{column}")
