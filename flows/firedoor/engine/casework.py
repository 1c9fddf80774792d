"""What people decide of an incident itself: who does what in it, how bad it is, whether it is over,
which findings belong to it. Nothing of this touches AWS."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from firedoor.chain import Entry
from firedoor.engine.desk import Office
from firedoor.engine.lease import working
from firedoor.errors import BadInput, NotFound, Refused
from firedoor.finding import LABELS
from firedoor.findings.model import Finding
from firedoor.findings.subjects import own_subject, subjects_of
from firedoor.kinds import mask_key_id
from firedoor.register import Register
from firedoor.summary import findings_of, summarize

ROLES = ("commander", "deputy", "scribe", "liaison")
Why = Literal["resolved", "false_positive", "exercise", "accepted"]


def assign(office: Office, incident: str, role: str, person: str, *, by: str, at: datetime) -> None:
    """Somebody has a role in the incident from now on; `person` "" takes it away."""
    if role not in ROLES:
        raise BadInput(f"no role {role!r}; there are {', '.join(ROLES)}")
    _open(office, incident)
    data = {"role": role, "to": person}
    office.journal.append(incident, "role.assigned", data, by=by, at=at)


def roles_of(entries: Sequence[Entry]) -> dict[str, str]:
    """Who has which role now."""
    found: dict[str, str] = {}
    for entry in entries:
        if entry.kind == "role.assigned":
            found[entry.data["role"]] = entry.data["to"]
    return {role: person for role, person in found.items() if person}


def rate(office: Office, incident: str, label: str, why: str, *, by: str, at: datetime) -> str:
    """Set the severity; what it was before."""
    if label not in LABELS:
        raise BadInput(f"no severity {label!r}; there are {', '.join(LABELS)}")
    before = summarize(_open(office, incident)).severity
    data = {"from": before, "to": label, "why": why}
    office.journal.append(incident, "severity.changed", data, by=by, at=at)
    return before


def close(
    office: Office, incident: str, how: Why, reason: str, *, anyway: bool, by: str, at: datetime
) -> None:
    """Close an incident. Refused while something waits or is not proven to be contained, unless
    `anyway`."""
    entries = _open(office, incident)
    with working(office.journal, incident, by=by):
        found = summarize(entries)
        open_ = [each["id"] for each in found.waiting]
        if open_ and not anyway:
            raise Refused(
                f"{incident} is not closed: {', '.join(open_)} waits for an answer; answer it first"
                " (`firedoor deny …`), or close it --anyway"
            )
        if found.status in ("not_contained", "failed", "running") and not anyway:
            raise Refused(
                f"{incident} is not closed: it is {found.status.replace('_', ' ')}. "
                f"`firedoor resume {incident}` goes on; or close it --anyway"
            )
        data = {"from": found.status, "to": "closed", "how": how, "reason": reason}
        office.journal.append(incident, "status.changed", data, by=by, at=at)


def split(
    office: Office, incident: str, ids: Sequence[str], reason: str, *, by: str, at: datetime
) -> str:
    """Give findings (ids, or beginnings of them) an incident of their own; its id."""
    entries = _open(office, incident)
    with working(office.journal, incident, by=by):
        known = findings_of(entries)
        chosen = {key: known[key] for key in (_one(known, each) for each in ids)}
        if len(chosen) == len(known):
            raise Refused(f"{incident} would be left without a finding: there is nothing to split")
        first = next(iter(chosen.values())).data["finding"]
        opened = entries[0].data
        new = office.journal.open_incident(
            "INC" if incident.startswith("INC-") else incident.split("-", 1)[0],
            at=at,
            by=by,
            title=first.get("title") or first.get("type") or incident,
            severity=first.get("severity_label") or opened.get("severity", ""),
            world=opened.get("world", "aws"),
            target=opened.get("target", {}),
            policy=opened.get("policy", {}),
            status="open",
            split_from=incident,
        )
        _move(office, incident, new, chosen, reason, by=by, at=at)
    return new


def merge(office: Office, incident: str, into: str, reason: str, *, by: str, at: datetime) -> None:
    """Let an incident's findings belong to another one, and end it. Its runs and journal stay."""
    if incident == into:
        raise BadInput("an incident cannot be merged into itself")
    entries, other = _open(office, incident), _open(office, into)
    targets = [(each[0].data.get("target") or {}).get("account") for each in (entries, other)]
    if targets[0] != targets[1]:
        raise Refused(f"{incident} is in account {targets[0]}, {into} in {targets[1]}")
    first, second = sorted((incident, into))
    with working(office.journal, first, by=by), working(office.journal, second, by=by):
        found = summarize(entries)
        if found.waiting:
            raise Refused(f"{found.waiting[0]['id']} waits for an answer; answer it first")
        _move(office, incident, into, findings_of(entries), reason, by=by, at=at)
        data = {"from": found.status, "to": "merged", "into": into, "reason": reason}
        office.journal.append(incident, "status.changed", data, by=by, at=at)
        severity = summarize(other).severity
        if found.severity in LABELS and LABELS.index(found.severity) > (
            LABELS.index(severity) if severity in LABELS else -1
        ):
            told = {"from": severity, "to": found.severity, "why": f"{incident} was merged into it"}
            office.journal.append(into, "severity.changed", told, by=by, at=at)


def _move(
    office: Office,
    incident: str,
    to: str,
    chosen: dict[str, Entry],
    reason: str,
    *,
    by: str,
    at: datetime,
) -> None:
    register = Register(office.journal.store)
    for key, entry in chosen.items():
        told = {"finding": key, "to": to, "reason": reason}
        data = {**entry.data, "joined": f"moved from {incident}: {reason}", "again": False}
        office.journal.append(to, "finding.received", data, by=entry.by, at=at)
        office.journal.append(incident, "finding.moved", told, by=by, at=at)
        finding = _finding(entry)
        subjects = [own_subject(finding), *subjects_of(finding)]
        register.note(to, [each for each in subjects if each], at)
    left = findings_of(office.journal.entries(incident))
    stays = {
        each
        for entry in left.values()
        for each in (own_subject(_finding(entry)), *subjects_of(_finding(entry)))
    }
    register.forget(incident, [each for each in register.of(incident) if each not in stays])


def _finding(entry: Entry) -> Finding:
    return msgspec.convert({**entry.data["finding"], "raw": None}, Finding)


def _one(known: dict[str, Entry], said: str) -> str:
    found = [key for key in known if key == said or key.split(" ", 1)[1].startswith(said)]
    if len(found) != 1:
        what = "no finding" if not found else "more than one finding"
        ids = ", ".join(key.split(" ", 1)[1] for key in known)
        raise NotFound(mask_key_id(f"{what} {said!r} in it; it has {ids or 'none'}"))
    return found[0]


def _open(office: Office, incident: str) -> list[Entry]:
    entries: list[Any] = office.journal.entries(incident)
    status = summarize(entries).status
    if status in ("closed", "merged"):
        raise Refused(f"{incident} is {status}")
    return entries
