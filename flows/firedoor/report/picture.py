"""The timeline as a picture: four lanes of inline SVG, coloured by the page's own style sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from firedoor.render import escape_html
from firedoor.report.marks import LEGEND, glyph, mark_of
from firedoor.report.moments import offset
from firedoor.report.said import Lane, Row
from firedoor.report.scale import Scale, scale, ticks
from firedoor.report.text import plural, shortened

WIDTH = 1160
LEFT, RIGHT = 124, 1136
TOP, LANE = 40, 64
BOTTOM = TOP + 4 * LANE
HEIGHT = BOTTOM + 78
LANES: tuple[tuple[Lane, str], ...] = (
    ("attacker", "Attacker"),
    ("detection", "Detection"),
    ("decision", "Decision"),
    ("action", "Action"),
)
CLOSE = 19.0
"""Marks of one kind nearer than this are drawn as one, with their number."""
APART = 88.0
LETTER = 6.3
"""About how wide a letter of a label is."""


@dataclass(frozen=True)
class Moment:
    """A vertical line: the containment, or what came nearest to it."""

    seconds: float
    words: str
    proven: bool


@dataclass
class _Spot:
    x: float
    end: float
    name: str
    tone: str
    line: int
    lane: int
    rows: list[Row] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(row.count for row in self.rows)


def picture(rows: Sequence[Row], moment: Moment | None, about: str) -> str:
    """The picture of these rows as an `<svg>`; `about` is its description for who cannot see it."""
    seconds = [0.0, *(row.seconds for row in rows)]
    seconds += [_until(row) for row in rows]
    seconds += [moment.seconds] if moment else []
    axis = scale(seconds, LEFT + 14, RIGHT - 14)
    spots = _spots(rows, axis, moment)
    parts = [
        f'<svg class="picture" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-labelledby="picture-title picture-desc">',
        '<title id="picture-title">Timeline in four lanes: attacker, detection, decision, action'
        "</title>",
        f'<desc id="picture-desc">{escape_html(about)}</desc>',
        *_lanes(axis, moment),
        *_axis(axis, moment),
        *_lines(axis, moment),
        *(part for spot in spots for part in _bars(spot)),
        *(_spot(spot) for spot in spots),
        *_labels(spots),
        '<g class="legend">',
        *_legend(),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts)


def _until(row: Row) -> float:
    return row.seconds + row.lasts


def _spots(rows: Sequence[Row], axis: Scale, moment: Moment | None) -> list[_Spot]:
    """The marks; close ones of one kind are one, but never across the containment."""
    names = [lane for lane, _ in LANES]
    spots: list[_Spot] = []
    last: dict[tuple[int, str, str, bool], _Spot] = {}
    for row in sorted(rows, key=lambda row: row.seconds):
        name, tone, line = mark_of(row)
        lane = names.index(row.lane)
        x, end = axis.x(row.seconds), axis.x(_until(row))
        after = moment is not None and row.seconds > moment.seconds
        near = last.get((lane, name, tone, after))
        if near is not None and x - near.x < CLOSE:
            near.rows.append(row)
            near.end = max(near.end, end)
            continue
        spot = _Spot(x, end, name, tone, line, lane, [row])
        last[lane, name, tone, after] = spot
        spots.append(spot)
    return spots


def _y(lane: int, line: int) -> float:
    return TOP + lane * LANE + (20 if line == 0 else 45)


def _lanes(axis: Scale, moment: Moment | None) -> Iterator[str]:
    shut = axis.x(moment.seconds) if moment and moment.proven else None
    for number, (lane, words) in enumerate(LANES):
        y = TOP + number * LANE
        yield (
            f'<rect class="lane" x="{LEFT}" y="{y}" width="{RIGHT - LEFT}" height="{LANE - 4}"/>'
        )
        if shut is not None and lane == "attacker":
            yield (
                f'<rect class="shut" x="{shut:.1f}" y="{y}" width="{RIGHT - shut:.1f}" '
                f'height="{LANE - 4}"/>'
            )
        yield f'<text class="lane-name" x="{LEFT - 14}" y="{y + LANE / 2 + 2}">{words}</text>'


def _axis(axis: Scale, moment: Moment | None) -> Iterator[str]:
    first = [0.0, *([moment.seconds] if moment else [])]
    yield f'<line class="axis" x1="{LEFT}" y1="{BOTTOM}" x2="{RIGHT}" y2="{BOTTOM}"/>'
    for second in ticks(axis, first, APART):
        x = axis.x(second)
        words = "detection" if second == 0 else offset(second)
        yield f'<line class="axis" x1="{x:.1f}" y1="{BOTTOM}" x2="{x:.1f}" y2="{BOTTOM + 5}"/>'
        anchor, place = ("end", RIGHT) if x > RIGHT - 40 else ("middle", x)
        yield (
            f'<text class="tick" text-anchor="{anchor}" x="{place:.1f}" y="{BOTTOM + 19}">'
            f"{words}</text>"
        )


def _lines(axis: Scale, moment: Moment | None) -> Iterator[str]:
    start = axis.x(0.0)
    end = axis.x(moment.seconds) if moment else None
    yield from _line(start, "Detected", "detected", "end" if _beside(start, end) else "middle")
    if moment and end is not None:
        side = "start" if _beside(start, end) else "middle"
        if end > RIGHT - 150:
            side = "end" if not _beside(start, end) else side
        kind = "contained" if moment.proven else "believed"
        yield from _line(end, moment.words, kind, side)


def _beside(start: float, end: float | None) -> bool:
    return end is not None and abs(end - start) < 210


def _line(x: float, words: str, kind: str, anchor: str) -> Iterator[str]:
    shift = {"start": -3, "end": 3}.get(anchor, 0)
    yield f'<line class="at {kind}" x1="{x:.1f}" y1="{TOP - 12}" x2="{x:.1f}" y2="{BOTTOM}"/>'
    yield (
        f'<text class="at-name {kind}" text-anchor="{anchor}" x="{x + shift:.1f}" '
        f'y="{TOP - 18}">{escape_html(words)}</text>'
    )


def _bars(spot: _Spot) -> Iterator[str]:
    """A thin bar over the time in which equal events went on."""
    if spot.end - spot.x > 8:
        y = _y(spot.lane, spot.line)
        yield (
            f'<line class="bar m-{spot.tone}" x1="{spot.x:.1f}" y1="{y}" '
            f'x2="{spot.end:.1f}" y2="{y}"/>'
        )


def _spot(spot: _Spot) -> str:
    y = _y(spot.lane, spot.line)
    told = [f"{row.relative}: {_worded(row)}" for row in spot.rows[:6]]
    if len(spot.rows) > 6:
        told.append(f"and {len(spot.rows) - 6} more")
    title = escape_html(shortened(" · ".join(told), 600))
    number = ""
    if spot.count > 1 and spot.name != "minor":
        number = f'<text class="many" x="{spot.x + 8:.1f}" y="{y - 4}">{spot.count}</text>'
    return f"<g><title>{title}</title>{glyph(spot.name, spot.tone, spot.x, y)}{number}</g>"


def _labels(spots: list[_Spot]) -> Iterator[str]:
    """Names beside the marks, where there is room for them before the next mark."""
    rows: dict[tuple[int, int], list[_Spot]] = {}
    for spot in spots:
        rows.setdefault((spot.lane, spot.line), []).append(spot)
    for (lane, line), row in rows.items():
        y = _y(lane, line) + 4
        free, covered = float(LEFT), 0.0
        for index, spot in enumerate(row):
            words = _name(spot, lane)
            wide = len(words) * LETTER
            begin = spot.x + (12 if spot.count == 1 else 12 + 7 * len(str(spot.count)))
            room = row[index + 1].x - 10 if index + 1 < len(row) else RIGHT
            place, anchor = begin, "start"
            if begin + wide > room:
                place, anchor = spot.x - 11, "end"
            crossed = covered > spot.x
            covered = max(covered, spot.end)
            if words and not crossed and (anchor == "start" or spot.x - 11 - wide > free):
                yield (
                    f'<text class="label" text-anchor="{anchor}" x="{place:.1f}" y="{y}">'
                    f"{escape_html(words)}</text>"
                )
                free = begin + wide if anchor == "start" else begin
            else:
                free = begin


def _name(spot: _Spot, lane: int) -> str:
    """What stands beside a mark; "" for what needs no name or has a bar running through it."""
    if (spot.name == "minor" and LANES[lane][0] != "decision") or spot.end - spot.x > 8:
        return ""
    names = list(dict.fromkeys(each.label for each in spot.rows))
    return shortened(names[0], 24) + (f" +{len(names) - 1}" if len(names) > 1 else "")


def _legend() -> Iterator[str]:
    x: float = LEFT
    y = BOTTOM + 50
    for name, tone, words in LEGEND:
        wide = 26 + len(words) * LETTER
        if x + wide > RIGHT:
            x, y = LEFT, y + 20
        yield glyph(name, tone, x + 7, y)
        yield f'<text class="label" x="{x + 18:.1f}" y="{y + 4}">{words}</text>'
        x += wide + 8


def _worded(row: Row) -> str:
    came_to = {"success": "succeeded: ", "denied": "denied: "}.get(row.mark, "")
    times = f" ({plural(row.count, 'time')})" if row.count > 1 else ""
    return f"{came_to}{row.text}{times}"
