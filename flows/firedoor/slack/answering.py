"""Answers that come from Slack: who clicked goes through the same door as anybody else.

Slack says who somebody is (a signed request, or our own socket); what he may do stands in
`playbooks/plan.yaml`. A role that the plan gives to nobody is nobody's here: a channel is not a
terminal with a store behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from firedoor.approval import Answer, Asked, asked_of
from firedoor.engine.door import Who, answer
from firedoor.engine.people import Somebody, holders, recognised
from firedoor.engine.recorder import Recorder
from firedoor.errors import FiredoorError, NotFound, Refused
from firedoor.outbox import Letter, Outbox
from firedoor.response_plan import ResponsePlan
from firedoor.service.post import Post

Plan = Callable[[], ResponsePlan]


def who_is(user: str) -> Who:
    """A Slack user as the door knows him."""
    return Who(ids=(f"slack:{user}",))


def person_of(plan: ResponsePlan, user: str) -> Somebody:
    """Who of the plan's people this Slack user is; Refused when he is none of them."""
    found = recognised(plan, who_is(user).ids)
    if found is None:
        raise Refused(
            f"you are slack:{user}, and playbooks/plan.yaml names nobody with that id under "
            "`people:`"
        )
    return found


class Answers:
    """Takes answers to approvals in, by token or by id."""

    def __init__(self, post: Post, outbox: Outbox, plan: Plan) -> None:
        self._post = post
        self._outbox = outbox
        self._plan = plan

    def asked_by(self, token: str, channel: str = "", ts: str = "") -> Letter:
        """The message whose button was pressed; NotFound when it is none of ours, Refused when it
        stands elsewhere than where we put it."""
        letter = self._outbox.letter(token=token) if token else None
        if letter is None or "approval" not in letter.body:
            raise NotFound("this button is none that firedoor knows; `/firedoor status` says more")
        room = self._outbox.room(letter.incident)
        if channel and (room is None or room.channel != channel):
            raise Refused("this message is not in its incident's channel")
        if ts and letter.ts and letter.ts != ts:
            raise Refused("this message is not the one that firedoor posted; look for the latest")
        return letter

    def by_token(self, letter: Letter, user: str, *, yes: bool, reason: str = "") -> str:
        """Answer what a message asked; what came of it. Refused says why it does not count."""
        return self.by_id(
            str(letter.body["approval"]),
            user,
            yes=yes,
            reason=reason,
            shown=str(letter.body.get("hash") or ""),
        )

    def by_id(self, id_: str, user: str, *, yes: bool, reason: str = "", shown: str = "") -> str:
        """Answer an approval. `shown`: the hash of the journal's question that he was shown."""
        incident = id_.rpartition("-A")[0]
        if not incident:
            raise NotFound(f"no approval {id_!r}; `/firedoor status` lists what waits")
        entries = self._post.known(incident)
        now = datetime.now(UTC)
        asked = next((each for each in asked_of(entries, now) if each.id == id_), None)
        if asked is None:
            raise NotFound(f"no approval {id_!r}; `/firedoor status` lists what waits")
        who = who_is(user)
        office = self._post.office()
        recorder = Recorder(
            office.journal, office.vault, incident, now=lambda: datetime.now(UTC), by=who.by
        )
        plan = self._plan()
        try:
            if shown and asked.entry.hash != shown:
                raise Refused(f"{id_} is about something else than what this message shows")
            _somebody_has(asked, plan)
            said = Answer(yes=yes, by=who.by, how="slack", reason=reason)
            answer(recorder, id_, said, who=who, plan=plan, now=now)
        except Refused as error:
            self._note(recorder, asked, who.by, error)
            raise
        still = next(each for each in asked_of(recorder.entries(), now) if each.id == id_)
        if still.open:
            return (
                f"Recorded. {still.quorum - len(still.yes)} more of {still.quorum} have to agree."
            )
        return f"Recorded: {id_} is {'approved' if yes else 'denied'}."

    def _note(self, recorder: Recorder, asked: Asked, by: str, error: FiredoorError) -> None:
        """Journal a click that does not count, once for each person and question."""
        data: dict[str, Any] = {"id": asked.id, "why": str(error)}
        for entry in recorder.entries():
            if entry.kind == "approval.refused" and (entry.data["id"], entry.by) == (asked.id, by):
                return
        recorder.write("approval.refused", data, run=asked.entry.run, by=by)


def _somebody_has(asked: Asked, plan: ResponsePlan) -> None:
    roles = [str(role) for role in asked.entry.data["by"]]
    if not holders(plan, roles):
        raise Refused(
            f"{asked.id} is for {' or '.join(roles)}, and playbooks/plan.yaml names nobody for it: "
            "answer it at the terminal, or name people there"
        )
