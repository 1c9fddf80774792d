"""What an incident's journal has to say in its channel: entries become letters. Nothing is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from firedoor.approval import asked_of
from firedoor.chain import Entry
from firedoor.kinds import parse_time
from firedoor.outbox import Draft, Room
from firedoor.response_plan import ResponsePlan
from firedoor.saying import short_resource
from firedoor.slack import wording
from firedoor.slack.asking import asking, evidence_before, standing
from firedoor.slack.status import MARKS, WORDS, status_message, topic
from firedoor.summary import summarize

RECENT = timedelta(days=1)
"""An incident that nobody wrote to for longer gets no channel when Slack is switched on."""

INVITED = 100
"""People in one invitation; Slack takes no more."""

OVER = ("closed", "merged")

_FIRST_WORDS = (
    "amber birch cedar copper coral dune ember fern flint frost garnet hazel heron indigo iris "
    "jade larch lilac linen maple marble meadow ochre olive onyx opal pearl pebble quartz reed "
    "russet saffron sage slate"
)
_SECOND_WORDS = (
    "acorn anchor badger beacon bridge brook canyon cliff cloud cove crane creek delta falcon "
    "field finch garden glade grove harbor hill island lake lantern marsh otter path pond ridge "
    "river shore stone tern valley"
)


def channel_name(incident: str, opened: str, number: int) -> str:
    """An innocuous name: the day and two words, which say nothing of what it is about."""
    told = hashlib.sha256(f"{incident} {number}".encode()).digest()
    first, second = _FIRST_WORDS.split(), _SECOND_WORDS.split()
    words = f"{first[told[0] % len(first)]}-{second[told[1] % len(second)]}"
    return f"ir-{opened[:10].replace('-', '')}-{words}"


def worth_a_channel(entries: Sequence[Entry], now: datetime) -> bool:
    """Whether an incident without a channel gets one: not where AWS is simulated, not when it is
    over or nobody has written to it for a day."""
    found = summarize(entries)
    if found.world == "simulated" or found.status in OVER:
        return False
    return parse_time(entries[-1].wall) > now - RECENT


def people_of(plan: ResponsePlan) -> list[str]:
    """The Slack ids of everybody who has a role."""
    found = (person.slack for people in plan.people.values() for person in people)
    return list(dict.fromkeys(str(each) for each in found if each))


def letters_for(
    entries: Sequence[Entry], room: Room | None, plan: ResponsePlan, now: datetime
) -> list[Draft]:
    """What is to be said of all that stands in the journal after `room.read`; `room` None: there is
    no channel yet. The same entries give the same letters."""
    incident = str(entries[0].data["id"])
    read = room.read if room else 0
    number = room.number if room else 1
    stem = incident if number == 1 else f"{incident}/{number}"
    fresh = [entry for entry in entries if entry.seq > read]
    state = status_message(entries, now)
    drafts: list[Draft] = []
    if room is None or read == 0:
        drafts += _opening(entries, stem, number, state, plan)
        # What came before the channel stands in the status message.
        fresh = [entry for entry in fresh if entry.kind == "approval.asked"] or fresh[-1:]
    elif fresh or any(each.expired for each in asked_of(entries, now)):
        edit = {"of": f"{stem}/status", **state}
        drafts.append(Draft(key=f"{stem}/status/now", kind="edit", body=edit, latest=True))
    drafts.append(
        Draft(key=f"{stem}/topic", kind="topic", body={"topic": topic(entries)}, latest=True)
    )
    if room is not None and read:
        drafts += _news(entries, fresh, stem)
    return drafts + _approvals(entries, stem, now, only_open=number > 1)


def closing(incident: str, number: int, seq: int, *, holds: bool, text: str) -> list[Draft]:
    """The last message of a channel, and its archiving when the export verifies."""
    stem = incident if number == 1 else f"{incident}/{number}"
    last = wording.message(wording.flat(text, 300), [wording.section(wording.said(text, 1500))])
    drafts = [Draft(key=f"{stem}/closing/{seq}", kind="post", body=last)]
    if holds:
        drafts.append(Draft(key=f"{stem}/archive/{seq}", kind="archive", body={}))
    return drafts


def next_look(entries: Sequence[Entry], now: datetime) -> datetime | None:
    """When something changes although nobody writes: an approval runs out."""
    moments = [
        parse_time(asked.entry.data["expires"]) for asked in asked_of(entries, now) if asked.open
    ]
    return min(moments, default=None)


def _opening(
    entries: Sequence[Entry], stem: str, number: int, state: dict[str, Any], plan: ResponsePlan
) -> list[Draft]:
    opened = entries[0]
    name = channel_name(str(opened.data["id"]), opened.at, number)
    drafts = [
        Draft(key=f"{stem}/open", kind="open", body={"name": name}),
        Draft(key=f"{stem}/status", kind="post", body=state),
        Draft(key=f"{stem}/pin", kind="pin", body={"of": f"{stem}/status"}),
    ]
    people = people_of(plan)
    for first in range(0, len(people), INVITED):
        drafts.append(
            Draft(
                key=f"{stem}/invite/{first}",
                kind="invite",
                body={"users": people[first : first + INVITED]},
            )
        )
    for title, link in plan.slack.bookmarks.items():
        body = {"title": title, "url": link.replace("{incident}", str(opened.data["id"]))}
        drafts.append(Draft(key=f"{stem}/bookmark/{title}", kind="bookmark", body=body))
    return drafts


def _approvals(
    entries: Sequence[Entry], stem: str, now: datetime, *, only_open: bool
) -> list[Draft]:
    """A message for each approval, and an edit for each way it came to stand since."""
    drafts = []
    for asked in asked_of(entries, now):
        if only_open and not asked.open:
            continue
        evidence = evidence_before(entries, asked.entry.seq)
        last = next((e for e in reversed(entries) if _answers(e, asked.id)), None)
        word = standing(asked)
        body = {"approval": asked.id, "hash": asked.entry.hash, **asking(asked, evidence, last)}
        key = f"{stem}/{asked.id}"
        drafts.append(Draft(key=key, kind="post", body=body))
        if word != "open-0":
            drafts.append(Draft(key=f"{key}/{word}", kind="edit", body={"of": key, **body}))
    return drafts


def _answers(entry: Entry, id_: str) -> bool:
    return entry.kind in ("approval.given", "approval.denied") and entry.data["id"] == id_


def _news(entries: Sequence[Entry], fresh: Sequence[Entry], stem: str) -> list[Draft]:
    """Decisions, phases and failures in the channel; what machines did in the thread."""
    drafts = []
    lines = [line for entry in fresh if (line := _line(entry))]
    if lines:
        text = wording.cut(lines[-1], 300)
        body = {"thread": f"{stem}/status", **wording.message(text, wording.paragraphs(lines))}
        drafts.append(Draft(key=f"{stem}/lines/{fresh[-1].seq}", kind="post", body=body))
    for entry in fresh:
        if told := _headline(entry):
            body = wording.message(wording.cut(told, 300), [wording.section(told)])
            drafts.append(Draft(key=f"{stem}/news/{entry.seq}", kind="post", body=body))
    return drafts


def _headline(entry: Entry) -> str:
    """What everybody in the channel reads; "" for what is detail."""
    data, by = entry.data, wording.said(entry.by, 100)
    if entry.kind == "run.finished" and "." not in (entry.run or data.get("run", "")):
        word = WORDS.get(data["status"], data["status"])
        return f"*{wording.said(data['runbook'], 100)}*: {wording.said(word, 200)}"
    if entry.kind == "proof.taken" and data.get("again") and data["holds"] is False:
        return f"*Does not hold any more*: {wording.name(entry.step or '?')}; somebody opened it"
    if entry.kind == "severity.changed":
        why = wording.said(data.get("why", ""), 300)
        return f"Severity is *{wording.said(data['to'], 20)}* now ({by}{': ' + why if why else ''})"
    if entry.kind == "role.assigned":
        to = wording.said(data["to"], 100) or "nobody"
        return f"{wording.said(data['role'], 40)}: *{to}* ({by})"
    if entry.kind == "finding.received":
        title = wording.said(data["finding"].get("title") or data["finding"].get("type"), 300)
        return f"One more finding: {title}"
    if entry.kind == "status.changed":
        reason = wording.said(data.get("reason", ""), 500)
        return f"The incident is *{wording.said(data['to'], 40)}* ({by}): {reason}"
    if entry.kind == "undo.finished":
        return f"{len(data['undone'])} change(s) undone by {by}, {len(data['left'])} left"
    return ""


def _line(entry: Entry) -> str:
    """One line of the thread; "" for what nobody needs to read."""
    data = entry.data
    step = wording.name(entry.step or "", 80)
    if entry.kind == "run.started":
        return f"▸ {wording.said(data['runbook'], 100)} begins ({wording.said(entry.by, 80)})"
    if entry.kind == "step.receipt":
        what = wording.name(short_resource(str(data["resource"])))
        return f"   changed {what} ({wording.said(data.get('action', ''), 80)})"
    if entry.kind == "step.finished" and data["status"] != "waiting":
        told = f"{MARKS.get(data['status'], '·')} {step} {data['status'].replace('_', ' ')}"
        proof = data.get("proof", "none")
        told += {"holds": ", holds", "broken": ", *DOES NOT HOLD*"}.get(proof, "")
        why = data.get("why")
        return told + (f": {wording.said(why, 300)}" if why and data["status"] != "done" else "")
    if entry.kind == "evidence.kept":
        return f"   kept {wording.name(data['name'], 80)} as {wording.said(data['artefact'], 40)}"
    if entry.kind == "error":
        return f"! {wording.said(data['message'], 400)}"
    if entry.kind == "note.added":
        return f"note by {wording.said(entry.by, 80)}: {wording.said(data['text'], 1500)}"
    if entry.kind in ("guardrail.refused", "guardrail.braked"):
        return f"✗ {step}: {wording.said(data.get('why') or data.get('rule'), 300)}"
    return ""
