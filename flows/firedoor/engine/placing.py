"""Which incident a finding belongs to: that of its last message, or one about the same thing.

AWS sends a finding again as it goes on (every 15 minutes to 6 hours), from the member's and from
the administrator's account, and an intruder makes many findings. Each is one finding by its id, and
what is about the same principal, key, session, instance or bucket within a time is one incident.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from firedoor.chain import Entry
from firedoor.engine.desk import Office
from firedoor.finding import Finding
from firedoor.findings.subjects import own_subject, subjects_of
from firedoor.kinds import parse_duration
from firedoor.register import Register
from firedoor.response_plan import ResponsePlan
from firedoor.summary import summarize

ENDED = ("closed", "merged", "undone")
"""Incidents that take nothing new."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The incident that a finding belongs to, why, and whether it is a message about one of its own
    findings (`again`)."""

    incident: str
    why: str
    again: bool = False


def place(office: Office, finding: Finding, plan: ResponsePlan, now: datetime) -> Place | None:
    """The open incident of a finding; None: it is the first of its kind."""
    register = Register(office.journal.store)
    own = own_subject(finding)
    for known in register.find([own]) if own else ():
        if _takes(office, known.incident):
            return Place(incident=known.incident, why="another message about it", again=True)
    words = subjects_of(finding)
    since = now - parse_duration(plan.correlate.within)
    found = register.find(words, since=since) if words else []
    # The plainest reason first: the user rather than his key.
    for known in sorted(found, key=lambda each: list(words).index(each.subject)):
        if _takes(office, known.incident):
            why = f"it is about {words[known.subject]}, as {known.incident} is"
            return Place(incident=known.incident, why=why)
    return None


def registered(office: Office, incident: str, finding: Finding, now: datetime) -> None:
    """The incident is about what this finding names, from now on."""
    own = own_subject(finding)
    subjects = [*([own] if own else []), *subjects_of(finding)]
    Register(office.journal.store).note(incident, subjects, now)


def _takes(office: Office, incident: str) -> bool:
    entries: list[Entry] = office.journal.remembered(incident)
    return bool(entries) and summarize(entries).status not in ENDED
