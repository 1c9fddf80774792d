"""The one door for answers to approvals: whoever answers, by whatever way, is checked here.

Who somebody is comes from the operating system or from AWS, never from what he says of himself. A
role that `playbooks/plan.yaml` gives to nobody can be exercised by whoever may write into the
store; as soon as it names people, only they count, and nobody approves what he asked for himself.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from firedoor.approval import Answer, Asked, asked_of
from firedoor.chain import Entry
from firedoor.engine.recorder import Recorder
from firedoor.errors import NotFound, Refused
from firedoor.kinds import parse_time
from firedoor.response_plan import Person, ResponsePlan


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, by what was proven of him: `os:carol`, an ARN of GetCallerIdentity, `slack:U…`.

    `played`: a script plays him, in a simulated world where roles mean nothing.
    """

    ids: tuple[str, ...]
    played: bool = False

    @property
    def by(self) -> str:
        """How the journal names him."""
        return self.ids[0]


def whoami() -> str:
    """Who is at the terminal: the operating system's user, whatever the environment says."""
    return os_user(os.getuid())


def os_user(number: int) -> str:
    """A user id as the journal names it: `os:carol`, or `os:1234` where nobody has it."""
    try:
        return f"os:{pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"os:{number}"


def answer(
    recorder: Recorder,
    approval: str,
    said: Answer,
    *,
    who: Who,
    plan: ResponsePlan,
    now: datetime,
) -> Entry:
    """Write an answer down. Refused says why it does not count; NotFound when nothing was asked."""
    entries = recorder.entries()
    asked = _open(asked_of(entries, now), approval)
    person = _entitled(asked, who, plan, entries, said.yes)
    return recorder.write(
        "approval.given" if said.yes else "approval.denied",
        {
            "id": approval,
            "steps": asked.entry.data["steps"],
            "reason": said.reason,
            "how": said.how,
            "person": person,
            "waited_seconds": said.waited_seconds
            or round((now - parse_time(asked.entry.at)).total_seconds(), 1),
        },
        run=asked.entry.run,
        by=who.by,
        at=now,
    )


def _open(every: Sequence[Asked], approval: str) -> Asked:
    for asked in every:
        if asked.id != approval:
            continue
        if asked.denied:
            raise Refused(f"{approval} was denied already: {asked.denied}")
        if asked.agreed:
            raise Refused(f"{approval} was approved by {asked.words} already")
        if asked.expired:
            raise Refused(
                f"{approval} expired at {asked.entry.data['expires']}: it is not a yes any more. "
                f"`firedoor resume {approval.rpartition('-A')[0]}` asks anew"
            )
        return asked
    raise NotFound(f"no approval {approval!r}; `firedoor approvals` lists what waits")


def _entitled(
    asked: Asked, who: Who, plan: ResponsePlan, entries: Sequence[Entry], yes: bool
) -> str:
    """The name that his answer counts under; Refused when he may not give it."""
    roles = [str(role) for role in asked.entry.data["by"]]
    holders = [person for role in roles for person in plan.people.get(role, ())]
    if who.played or not holders:
        if yes and who.by in asked.yes:
            raise Refused(_again(asked, who.by))
        return who.by
    person = _holder(holders, who.ids)
    if person is None:
        named = ", ".join(sorted({_name(each) for each in holders}))
        raise Refused(
            f"{asked.id} is for {' or '.join(roles)} to answer ({named}), and you are {who.by}. "
            "playbooks/plan.yaml says who has which role"
        )
    requester = _requester(entries, asked.entry.run or "")
    if yes and requester in (who.ids + _ids(person)) and not _alone(asked, plan, entries):
        raise Refused(
            f"{asked.id} was asked for by {requester}: somebody else has to approve it. "
            "`may_confirm_alone` in playbooks/plan.yaml names steps for which that is not so"
        )
    if yes and _name(person) in asked.yes:
        raise Refused(_again(asked, _name(person)))
    return _name(person)


def _again(asked: Asked, name: str) -> str:
    return f"{name} has approved {asked.id} already; it needs {asked.quorum} different people"


def _holder(holders: Collection[Person], ids: Sequence[str]) -> Person | None:
    return next((person for person in holders if set(_ids(person)) & set(ids)), None)


def _ids(person: Person) -> tuple[str, ...]:
    found = (
        f"os:{person.os_user}" if person.os_user else "",
        str(person.arn or ""),
        f"slack:{person.slack}" if person.slack else "",
    )
    return tuple(each for each in found if each)


def _name(person: Person) -> str:
    return person.name or _ids(person)[0]


def _requester(entries: Sequence[Entry], run: str) -> str:
    top = run.split(".")[0]
    for entry in entries:
        if entry.kind == "run.started" and entry.run == top:
            return entry.by
    return ""


def _alone(asked: Asked, plan: ResponsePlan, entries: Sequence[Entry]) -> bool:
    """Whether all its steps are among those that their requester may confirm himself."""
    runbook = next(
        (
            entry.data["runbook"]
            for entry in entries
            if entry.kind == "run.started" and entry.run == asked.entry.run
        ),
        "",
    )
    return all(f"{runbook}/{step}" in plan.may_confirm_alone for step in asked.entry.data["steps"])
