"""`/firedoor …`: what people do from Slack without a terminal. Who may, stands in the plan."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from firedoor.approval import asked_of
from firedoor.engine.casework import ROLES, Why, assign, close, rate, roles_of
from firedoor.errors import BadInput, NotFound, Refused
from firedoor.finding import LABELS
from firedoor.freezing import freeze, frozen
from firedoor.outbox import Outbox
from firedoor.service.post import Post
from firedoor.slack import wording
from firedoor.slack.answering import Answers, Plan, person_of
from firedoor.summary import summarize

HELP = """*/firedoor* …
• `status [INCIDENT]` how it stands, what waits
• `approve APPROVAL [REASON]`, `deny APPROVAL REASON`
• `severity [INCIDENT] low|medium|high|critical [REASON]`
• `role [INCIDENT] commander|deputy|scribe|liaison [@SOMEBODY]`
• `note [INCIDENT] TEXT`, `update [INCIDENT] CONDITIONS; ACTIONS; NEEDS`
• `freeze [REASON]` stops all automatic change
• `close [INCIDENT] [resolved|false_positive|exercise|accepted] REASON`
In an incident's channel it is the one that is meant."""

HOWS = ("resolved", "false_positive", "exercise", "accepted")
_INCIDENT = re.compile(r"(?:INC|DRILL|EX)-\d{4}-\d{4,}")
_SOMEBODY = re.compile(r"<@([UW][A-Z0-9]{6,20})(?:\|[^>]*)?>")
LISTED = 20


class Commands:
    """Runs the words after `/firedoor`; what it returns is safe mrkdwn for one person."""

    def __init__(self, post: Post, outbox: Outbox, answers: Answers, plan: Plan) -> None:
        self._post = post
        self._outbox = outbox
        self._answers = answers
        self._plan = plan
        self._known: dict[str, Callable[[list[str], str, str], str]] = {
            "status": self._status,
            "approve": self._approve,
            "deny": self._deny,
            "severity": self._severity,
            "role": self._role,
            "note": self._note,
            "update": self._update,
            "freeze": self._freeze,
            "close": self._close,
        }

    def run(self, text: str, user: str, channel: str) -> str:
        """Run a command; a FiredoorError says why not. Only people of the plan are answered."""
        words = _words(text)
        if not words or words[0] == "help":
            return HELP
        command = self._known.get(words[0].lower())
        if command is None:
            raise BadInput(f"no command {words[0]!r}; `/firedoor help` lists them")
        person_of(self._plan(), user)
        return command(words[1:], user, channel)

    def _status(self, words: list[str], user: str, channel: str) -> str:
        room = self._outbox.room_of(channel)
        if not words and room is None:
            return self._all()
        incident, _ = self._incident(words, channel)
        entries = self._post.known(incident)
        found, now = summarize(entries), datetime.now(UTC)
        lines = [
            f"*{wording.said(incident, 60)}*: {wording.said(found.status.replace('_', ' '), 60)}, "
            f"{wording.said(found.severity or 'not rated', 20)}. {wording.said(found.title, 200)}"
        ]
        for asked in [each for each in asked_of(entries, now) if each.open][:LISTED]:
            question = wording.said(asked.entry.data["question"], 300)
            lines.append(f"? {wording.name(asked.id, 60)} {question}")
        lines += [f"not known: {wording.said(note, 200)}" for note in found.unknown[:5]]
        lines += [
            f"{role}: {wording.said(who, 80)}" for role, who in sorted(roles_of(entries).items())
        ]
        return "\n".join(lines)

    def _all(self) -> str:
        state = frozen(self._post.home)
        lines = [f"*Frozen* {wording.said(state, 200)}"] if state else []
        for incident in reversed(self._post.incidents()):
            found = summarize(self._post.known(incident))
            if found.status in ("closed", "merged"):
                continue
            status = wording.said(found.status.replace("_", " "), 40)
            waits = f", {len(found.waiting)} waiting" if found.waiting else ""
            lines.append(f"• {wording.said(incident, 60)}: {status}{waits}")
            if len(lines) >= LISTED:
                lines.append("and older ones: `firedoor incidents` lists all")
                break
        return "\n".join(lines) or "Nothing is open."

    def _approve(self, words: list[str], user: str, channel: str) -> str:
        id_, reason = _approval(words)
        return wording.said(self._answers.by_id(id_, user, yes=True, reason=reason))

    def _deny(self, words: list[str], user: str, channel: str) -> str:
        id_, reason = _approval(words)
        if not reason:
            raise BadInput("say why: `/firedoor deny APPROVAL REASON`; everybody reads it")
        return wording.said(self._answers.by_id(id_, user, yes=False, reason=reason))

    def _severity(self, words: list[str], user: str, channel: str) -> str:
        incident, left = self._incident(words, channel)
        if not left or left[0] not in LABELS:
            raise BadInput(f"say one of {', '.join(LABELS)}")
        office = self._post.office()
        before = rate(office, incident, left[0], " ".join(left[1:]), **_mine(user))
        return wording.said(f"{incident} is {left[0]} now; it was {before or 'not set'}.")

    def _role(self, words: list[str], user: str, channel: str) -> str:
        incident, left = self._incident(words, channel)
        if not left or left[0] not in ROLES:
            raise BadInput(f"say one of {', '.join(ROLES)}")
        somebody = _SOMEBODY.fullmatch(left[1]) if len(left) > 1 else None
        if len(left) > 1 and somebody is None:
            raise BadInput("name somebody with @, or nobody to take the role yourself")
        whom = f"slack:{somebody[1] if somebody else user}"
        assign(self._post.office(), incident, left[0], whom, **_mine(user))
        return wording.said(f"{whom} is {left[0]} of {incident} now.")

    def _note(self, words: list[str], user: str, channel: str) -> str:
        incident, left = self._incident(words, channel)
        return self._write_note(incident, " ".join(left), user)

    def _update(self, words: list[str], user: str, channel: str) -> str:
        incident, left = self._incident(words, channel)
        parts = [part.strip() for part in " ".join(left).split(";")]
        if len(parts) != 3 or not all(parts):
            raise BadInput("`/firedoor update CONDITIONS; ACTIONS; NEEDS`: three parts")
        told = " ".join(
            f"{name}: {part}."
            for name, part in zip(("Conditions", "Actions", "Needs"), parts, strict=True)
        )
        return self._write_note(incident, told, user)

    def _write_note(self, incident: str, text: str, user: str) -> str:
        if not text.strip():
            raise BadInput("a note needs a text")
        data = {"section": "timeline", "text": text.strip(), "author": f"slack:{user}"}
        journal = self._post.office().journal
        entry = journal.append(incident, "note.added", data, **_mine(user))
        return f"Noted as #{entry.seq}."

    def _freeze(self, words: list[str], user: str, channel: str) -> str:
        now = datetime.now(UTC)
        state = freeze(self._post.home, by=f"slack:{user}", at=now, reason=" ".join(words))
        return f"Frozen {wording.said(state, 300)}. `firedoor thaw` at a terminal ends it."

    def _close(self, words: list[str], user: str, channel: str) -> str:
        incident, left = self._incident(words, channel)
        how = left[0] if left and left[0] in HOWS else "resolved"
        reason = " ".join(left[1:] if left and left[0] in HOWS else left)
        if not reason:
            raise BadInput("say why it is over: `/firedoor close [INCIDENT] REASON`")
        office = self._post.office()
        problems = office.journal.verify(incident)
        if not problems.holds:
            raise Refused(f"not closed: its journal does not hold: {problems.problems[0]}")
        close(office, incident, cast(Why, how), reason, anyway=False, **_mine(user))
        return wording.said(f"{incident} is closed ({how.replace('_', ' ')}).")

    def _incident(self, words: Sequence[str], channel: str) -> tuple[str, list[str]]:
        """The incident that is named, or whose channel it is; and the words after it."""
        if words and _INCIDENT.fullmatch(words[0]):
            self._post.known(words[0])
            return words[0], list(words[1:])
        room = self._outbox.room_of(channel)
        if room is None:
            raise NotFound("this is no incident's channel: name the incident, INC-…")
        return room.incident, list(words)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text[:4000])
    except ValueError:
        return text[:4000].split()


def _approval(words: Sequence[str]) -> tuple[str, str]:
    if not words:
        raise BadInput("name the approval: `/firedoor status` lists what waits")
    return words[0], " ".join(words[1:])


def _mine(user: str) -> dict[str, Any]:
    return {"by": f"slack:{user}", "at": datetime.now(UTC)}
