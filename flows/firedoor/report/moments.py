"""Moments and lengths of time as the report writes them."""

from __future__ import annotations

from datetime import datetime

from firedoor.kinds import parse_time, time_text


def moment(text: object) -> datetime | None:
    """A time of the journal; None when it is none (others' fields carry others' formats)."""
    if not isinstance(text, str) or not text:
        return None
    try:
        return parse_time(text)
    except ValueError:
        return None


def utc(text: str) -> str:
    """`2026-03-01 04:05:06`, as the pages show it; text that is no time stays as it is."""
    found = moment(text)
    return time_text(found)[:19].replace("T", " ") if found else text


def length(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 12 s`, `2 h 05 min`, `3 d 4 h`; the sign is left out."""
    seconds = abs(seconds)
    if seconds < 0.05:
        return "0 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s".replace(" 00 s", "")
    minutes = round(seconds / 60)
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min".replace(" 00 min", "")
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24} h".replace(" 0 h", "")


def relative(at: datetime, start: datetime) -> str:
    """`+3 min 12 s` after the start, `−2 h` before it."""
    return offset((at - start).total_seconds())


def offset(seconds: float) -> str:
    """Seconds as counted from a start: `+3 min 12 s`, `−2 h`, `±0 s`."""
    told = length(seconds)
    if told == "0 s":
        return "±0 s"
    return f"{'+' if seconds > 0 else '−'}{told}"
