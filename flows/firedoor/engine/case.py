"""Opens the right home, AWS and desk for an incident, and refuses to mix worlds.

Drills and exercises have homes of their own below the home, so that nothing of theirs can be taken
for an incident, and the world of an incident stands in its first entry: a later command that finds
itself speaking to another account or endpoint is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from firedoor import settings
from firedoor.actions.contract import Aws
from firedoor.approval import People
from firedoor.chain import Entry
from firedoor.engine.desk import Desk, Office, open_desk
from firedoor.engine.reach import doing_of, reach
from firedoor.engine.recorder import Listener
from firedoor.errors import Refused

HOMES = {"DRILL": "drills", "EX": "exercises"}


def home_of(incident: str) -> Path:
    """The home that an incident of this prefix lives in."""
    inside = HOMES.get(incident.split("-", 1)[0])
    return settings.home() / inside if inside else settings.home()


def office_of(incident: str, *, break_glass: bool = False) -> Office:
    """The office that holds an incident; in break-glass also when its store cannot be written."""
    return Office.open(home_of(incident), break_glass=break_glass)


def connect_for(
    entries: Sequence[Entry], *, account: str | None = None, region: str | None = None
) -> tuple[Aws, Mapping[str, str]]:
    """AWS as the incident's first entry names it; Refused when that is not what is reached now."""
    from firedoor.aws import connect  # lazy: botocore

    target: dict[str, Any] = entries[0].data.get("target", {})
    if target.get("world") == "simulated":
        raise Refused(
            f"{entries[0].data['id']} was played in simulated AWS, which ended with it; "
            "there is nothing to act on. `firedoor drill … --undo` undoes inside the drill"
        )
    where = region or target.get("region")
    aws = connect(region=where)
    # The endpoint first: not even the question who one is goes to the wrong place.
    _refuse_other(entries[0], "endpoint", target.get("endpoint") or "", aws.endpoint)
    wanted = account or target.get("account") or ""
    if wanted != aws.account and target.get("chain"):
        incident = entries[0].data["id"]
        aws = reach(wanted, where, incident=incident, doing=doing_of(entries), base=aws)
    _refuse_other(entries[0], "account", wanted, aws.account)
    now: Mapping[str, str] = aws.target
    for part in ("account", "world"):
        _refuse_other(entries[0], part, target.get(part) or "", now.get(part) or "")
    return aws, now


def _refuse_other(opened: Entry, part: str, there: str, here: str) -> None:
    if there != here:
        raise Refused(
            f"{opened.data['id']} is in {part} {there or 'AWS itself'!r}, and this shell reaches "
            f"{here or 'AWS itself'!r}; set the environment it was opened in"
        )


def desk_of(
    incident: str,
    *,
    people: People | None = None,
    listeners: Sequence[Listener] = (),
    break_glass: bool = False,
) -> Desk:
    """The desk of an incident that exists."""
    office = office_of(incident, break_glass=break_glass)
    aws, target = connect_for(office.known(incident))
    return open_desk(office, aws, target, incident=incident, people=people, listeners=listeners)
