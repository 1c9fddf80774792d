"""Which moment the picture marks, and how it is told to who cannot see it."""

from __future__ import annotations

from firedoor.report.model import Report
from firedoor.report.moments import moment, offset
from firedoor.report.picture import Moment, picture
from firedoor.report.text import plural


def drawing(report: Report) -> str:
    """The report's timeline as SVG."""
    return picture(report.timeline, marked(report), _about(report))


def marked(report: Report) -> Moment | None:
    """When containment was proven; else the last containing change; None when there was none.

    Of a proof that later facts overrule, the last change is marked: it is what remains.
    """
    known = {time.id: time for time in report.times}
    proven = known["to_contain"]
    if proven.seconds is not None:
        return Moment(proven.seconds, "Contained", proven=True)
    last, first = moment(known["last_change"].at), known["first_change"]
    if last is None or not first.at:
        return None
    start = moment(known["detected"].at) or moment(report.head.opened)
    return (
        Moment((last - start).total_seconds(), "Last change, not proven", False) if start else None
    )


def _about(report: Report) -> str:
    intruder = report.intruder
    told = f"{plural(len(report.timeline), 'row')} of events. {intruder.progress} "
    at = marked(report)
    if at and at.proven:
        told += f"Containment was proven {offset(at.seconds)} from the detection. "
    elif at:
        told += f"The last containing change came {offset(at.seconds)}; it is not proven. "
    return told + "The table below says the same in words."
