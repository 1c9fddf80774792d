"""Watches the journals of a resident and keeps the outbox filled; nothing waits for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from firedoor.chain import Entry, verify_file
from firedoor.errors import FiredoorError, NotFound
from firedoor.outbox import Letter, Outbox, Room
from firedoor.response_plan import ResponsePlan
from firedoor.service.changes import Changes
from firedoor.service.post import BY, Post
from firedoor.slack.telling import OVER, closing, letters_for, next_look, worth_a_channel
from firedoor.summary import summarize

APART = timedelta(seconds=2)
"""Between two looks at one incident: Slack takes 50 edits a minute, of all incidents together."""

AGAIN = timedelta(minutes=1)
"""After a fault it is looked at again."""


class Watcher:
    """Turns what the journals of one home say into letters."""

    def __init__(self, post: Post, outbox: Outbox, plan: Callable[[], ResponsePlan]) -> None:
        self._post = post
        self._outbox = outbox
        self._plan = plan
        self._changes = Changes(post)
        self._wake: dict[str, datetime] = {}
        self._looked: dict[str, datetime] = {}

    def once(self, now: datetime) -> None:
        """Look at every incident that was written to, or whose time has come."""
        for incident in self._changes.look():
            self._wake[incident] = self._looked.get(incident, now - APART) + APART
        for incident in [each for each, at in self._wake.items() if at <= now]:
            del self._wake[incident]
            self._looked[incident] = now
            try:
                again = self.tell(incident, now)
            except NotFound:
                # Its first anchor stands, and its first entry is being written.
                again = now + APART
            except Exception as error:  # noqa: BLE001 (one incident must not silence the others)
                self._post.log(f"Slack: {incident}: {type(error).__name__}: {error}")
                again = now + AGAIN
            if again is not None:
                self._wake[incident] = again

    def tell(self, incident: str, now: datetime) -> datetime | None:
        """Write the letters of one incident; when to look again."""
        entries = self._post.known(incident)
        room = self._outbox.room(incident)
        over = summarize(entries).status in OVER
        if room is None and not worth_a_channel(entries, now):
            return None
        if room is not None and self._is_archived(room):
            if over:
                return None
            # Somebody works it again: what is archived cannot be written to by an app.
            room = Room(incident=incident, number=room.number + 1, read=0)
        drafts = letters_for(entries, room, self._plan(), now)
        number, read = (room.number, room.read) if room else (1, 0)
        if over and any(e.kind == "status.changed" and e.seq > read for e in entries):
            holds, text = self._exported(incident, entries)
            drafts += closing(incident, number, entries[-1].seq, holds=holds, text=text)
        known = room or Room(incident=incident)
        self._outbox.put(msgspec.structs.replace(known, read=entries[-1].seq), drafts)
        return next_look(entries, now)

    def heard(self, letter: Letter, why: str) -> None:
        """Journal that an approval was told in the channel, or could not be for a while."""
        if letter.kind != "post" or "approval" not in letter.body:
            return
        data = {"id": letter.body["approval"], "channel": "slack", **({"why": why} if why else {})}
        kind = "alert.failed" if why else "alert.sent"
        journal = self._post.office().journal
        try:
            journal.append(letter.incident, kind, data, by=BY, at=datetime.now(UTC))
        except FiredoorError as error:
            self._post.log(f"Slack: {letter.incident}: {error}")

    def _is_archived(self, room: Room) -> bool:
        stem = room.incident if room.number == 1 else f"{room.incident}/{room.number}"
        letters = self._outbox.letters(room.incident)
        return any(
            each.kind == "archive" and each.key.startswith(f"{stem}/archive/") for each in letters
        )

    def _exported(self, incident: str, entries: Sequence[Entry]) -> tuple[bool, str]:
        """Whether all that was kept verifies, exported journal included; and what to say of it."""
        office = self._post.office()
        path = office.home / "exports" / f"{incident}.jsonl"
        kept = [entry.data for entry in entries if entry.kind == "evidence.kept"]
        try:
            path.parent.mkdir(exist_ok=True, mode=0o700)
            path.write_bytes(office.journal.export(incident))
            path.chmod(0o600)
            exported = verify_file(path)
            journal = office.journal.verify(incident)
            evidence = office.vault.verify(incident, kept)
        except (FiredoorError, OSError) as error:
            return False, f"This channel stays open: the export could not be made ({error})."
        problems = [*exported.problems, *journal.problems, *evidence.problems]
        if problems:
            return False, f"This channel stays open: the export does not verify: {problems[0]}"
        report = summarize(entries).report
        return True, (
            f"The journal ({exported.entries} entries, head {exported.head[:16]}) and "
            f"{evidence.artefacts} pieces of evidence verify. Report: "
            + (report or f"firedoor report {incident}")
            + ". This channel is archived now."
        )
